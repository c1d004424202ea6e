"""SQL of the outbox of mails."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct
from sqlalchemy import Column, Integer, String, Table, Text, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from meetinghouse.db.ids import new_id
from meetinghouse.db.schema import metadata
from meetinghouse.db.types import UtcTime
from meetinghouse.mail.message import Mail

mails = Table(
    "mails",
    metadata,
    Column("id", String(64), primary_key=True),
    # Said once: the same key again is left out.
    Column("key", Text, nullable=False, unique=True),
    Column("recipient", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("next_at", UtcTime),
    Column("sent_at", UtcTime),
    Column("error", Text),
    # Whose brand it is sent under, found when it is sent: a tenant may have moved meanwhile.
    Column("sent_for", String(64)),
    Column("language", Text),
)


class Waiting(Struct, frozen=True):
    """A mail that is due."""

    id: str
    mail: Mail
    tries: int


async def put(connection: AsyncConnection, key: str, mail: Mail, now: datetime) -> None:
    """Have a mail sent, once for each key."""
    known = await connection.execute(select(mails.c.id).where(mails.c.key == key))
    if known.first() is not None:
        return
    await connection.execute(
        insert(mails).values(
            id=new_id(),
            key=key,
            recipient=mail.to,
            subject=mail.subject,
            body=mail.body,
            created_at=now,
            tries=0,
            next_at=now,
            sent_for=mail.sent_for,
            language=mail.language,
        )
    )


async def due(connection: AsyncConnection, now: datetime, limit: int) -> list[Waiting]:
    """What is to be sent now, the oldest first."""
    query = select(mails).where(mails.c.next_at <= now).order_by(mails.c.next_at, mails.c.id).limit(limit)
    rows = await connection.execute(query)
    return [
        Waiting(row.id, Mail(row.recipient, row.subject, row.body, row.sent_for, row.language), row.tries)
        for row in rows
    ]


async def note_sent(connection: AsyncConnection, mail_id: str, now: datetime) -> None:
    """The mail server took it; what it said is kept no longer than that."""
    done = update(mails).where(mails.c.id == mail_id)
    await connection.execute(done.values(sent_at=now, next_at=None, tries=mails.c.tries + 1, error=None, body=""))


async def note_failed(connection: AsyncConnection, mail_id: str, error: str, next_at: datetime | None) -> None:
    """It was not taken, and is tried again or (`None`) given up."""
    failed = update(mails).where(mails.c.id == mail_id)
    await connection.execute(failed.values(next_at=next_at, tries=mails.c.tries + 1, error=error))


async def forget(connection: AsyncConnection, recipient: str) -> None:
    """Remove all mails to an address, sent or not."""
    await connection.execute(delete(mails).where(mails.c.recipient == recipient))

"""SQL of the outbox and of where webhooks go."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct
from sqlalchemy import (
    Column,
    ForeignKey,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from meetinghouse.db.ids import new_id
from meetinghouse.db.schema import metadata
from meetinghouse.db.types import UtcTime

_ID = String(64)

webhooks = Table(
    "webhooks",
    metadata,
    Column("id", _ID, primary_key=True),
    # An organisation, and what its receiver is for.
    Column("owner_id", _ID, nullable=False),
    Column("purpose", String(32), nullable=False),
    Column("url", Text, nullable=False),
    Column("secret", LargeBinary, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    UniqueConstraint("owner_id", "purpose"),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("webhook_id", _ID, ForeignKey("webhooks.id", ondelete="CASCADE"), nullable=False),
    # Told once: the same key again is left out.
    Column("key", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("next_at", UtcTime),
    Column("delivered_at", UtcTime),
    Column("error", Text),
    UniqueConstraint("webhook_id", "key"),
)


class Webhook(Struct, frozen=True, kw_only=True):
    """Where something is told; the secret is sealed."""

    id: str
    owner_id: str
    purpose: str
    url: str
    secret: bytes
    created_at: datetime


class Notice(Struct, frozen=True, kw_only=True):
    """Something to deliver, and where."""

    id: str
    body: str
    tries: int
    url: str
    secret: bytes


class Standing(Struct, frozen=True, kw_only=True):
    """How a receiver does: what waits, what was given up, and what it said last."""

    waiting: int
    given_up: int
    last_error: str | None


async def set_webhook(connection: AsyncConnection, new: Webhook) -> None:
    """Where an owner wants to be told from now on; what waits for the old receiver is dropped."""
    await remove_webhook(connection, new.owner_id, new.purpose)
    await connection.execute(
        insert(webhooks).values(**{name: getattr(new, name) for name in Webhook.__struct_fields__})
    )


async def remove_webhook(connection: AsyncConnection, owner_id: str, purpose: str) -> bool:
    """Tell an owner nothing more; whether there was something."""
    known = await webhook_of(connection, owner_id, purpose)
    if known is None:
        return False
    await connection.execute(delete(outbox).where(outbox.c.webhook_id == known.id))
    await connection.execute(delete(webhooks).where(webhooks.c.id == known.id))
    return True


async def webhook_of(connection: AsyncConnection, owner_id: str, purpose: str) -> Webhook | None:
    """Where an owner wants to be told."""
    query = select(webhooks).where(webhooks.c.owner_id == owner_id, webhooks.c.purpose == purpose)
    row = (await connection.execute(query)).mappings().one_or_none()
    return None if row is None else Webhook(**{name: row[name] for name in Webhook.__struct_fields__})


async def webhooks_for(connection: AsyncConnection, purpose: str) -> list[Webhook]:
    """All receivers for a purpose."""
    rows = (await connection.execute(select(webhooks).where(webhooks.c.purpose == purpose))).mappings()
    return [Webhook(**{name: row[name] for name in Webhook.__struct_fields__}) for row in rows]


async def standing_of(connection: AsyncConnection, webhook_id: str) -> Standing:
    """How a receiver does."""
    counts = select(func.count(outbox.c.next_at), func.count()).where(
        outbox.c.webhook_id == webhook_id, outbox.c.delivered_at.is_(None)
    )
    waiting, undelivered = (await connection.execute(counts)).one()
    latest = (
        select(outbox.c.error)
        .where(outbox.c.webhook_id == webhook_id, outbox.c.error.is_not(None), outbox.c.delivered_at.is_(None))
        .order_by(outbox.c.id.desc())
        .limit(1)
    )
    error = (await connection.execute(latest)).scalar()
    return Standing(waiting=waiting, given_up=undelivered - waiting, last_error=error)


async def put(connection: AsyncConnection, webhook_id: str, bodies: Sequence[tuple[str, str]], now: datetime) -> int:
    """Have bodies delivered, each with its key; what has a key that was there already is left out."""
    query = select(outbox.c.key).where(outbox.c.webhook_id == webhook_id, outbox.c.key.in_([key for key, _ in bodies]))
    known = set((await connection.execute(query)).scalars())
    rows = [
        {
            "id": new_id(),
            "webhook_id": webhook_id,
            "key": key,
            "body": body,
            "created_at": now,
            "tries": 0,
            "next_at": now,
        }
        for key, body in bodies
        if key not in known
    ]
    if rows:
        await connection.execute(insert(outbox), rows)
    return len(rows)


async def due(connection: AsyncConnection, now: datetime, limit: int) -> list[Notice]:
    """What is to be delivered now, the oldest first."""
    query = (
        select(outbox.c.id, outbox.c.body, outbox.c.tries, webhooks.c.url, webhooks.c.secret)
        .join(webhooks, webhooks.c.id == outbox.c.webhook_id)
        .where(outbox.c.next_at <= now)
        .order_by(outbox.c.next_at, outbox.c.id)
        .limit(limit)
    )
    rows = (await connection.execute(query)).mappings()
    return [Notice(**row) for row in rows]


async def note_delivered(connection: AsyncConnection, notice_id: str, now: datetime) -> None:
    """It was taken."""
    done = update(outbox).where(outbox.c.id == notice_id)
    await connection.execute(done.values(delivered_at=now, next_at=None, tries=outbox.c.tries + 1, error=None))


async def note_failed(connection: AsyncConnection, notice_id: str, error: str, next_at: datetime | None) -> None:
    """It was not taken, and is tried again or (`None`) given up."""
    failed = update(outbox).where(outbox.c.id == notice_id)
    await connection.execute(failed.values(next_at=next_at, tries=outbox.c.tries + 1, error=error))

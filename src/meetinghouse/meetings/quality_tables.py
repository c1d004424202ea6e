"""SQL of what was measured of sessions: a row a session and minute, so that a long meeting is some hundred rows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import msgspec
from msgspec import Struct
from sqlalchemy import Column, ForeignKey, Index, String, Table, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from meetinghouse.db.ids import new_id
from meetinghouse.db.schema import metadata
from meetinghouse.db.types import Json, UtcTime
from meetinghouse.meetings import live_tables
from meetinghouse.meetings.live_tables import sessions
from meetinghouse.meetings.model import Session
from meetinghouse.meetings.quality import Sample

_ID = String(64)

quality = Table(
    "quality",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("tenant_id", _ID, ForeignKey("tenants.id"), nullable=False),
    Column("session_id", _ID, ForeignKey("sessions.id", ondelete="CASCADE"), nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("record", Json, nullable=False),
    Index("ix_quality_session_id", "session_id"),
    Index("ix_quality_at", "at"),
)


class Happening(Struct, frozen=True, array_like=True):
    """Something that the trace shows. `at` is Unix milliseconds.

    `kind` is `speakers` (`names` are who speaks), `connected`, `failed` (`detail` is why), or `layer`: `peer` gets the layer
    `detail` of `source` of `about`, for `reason`.
    """

    at: int
    kind: str
    peer: str = ""
    about: str = ""
    source: str = ""
    detail: str = ""
    reason: str = ""
    names: tuple[str, ...] = ()


class Record(Struct, frozen=True, kw_only=True):
    """What one row holds: samples by participant, and what happened."""

    samples: dict[str, list[Sample]] = {}
    happenings: list[Happening] = []


async def add(connection: AsyncConnection, records: Mapping[str, Record], now: datetime) -> None:
    """Store records by session. Those of sessions that are gone meanwhile are nobody's."""
    found = await connection.execute(select(sessions.c.id, sessions.c.tenant_id).where(sessions.c.id.in_(records)))
    rows = [
        {"id": new_id(), "tenant_id": row.tenant_id, "session_id": row.id, "at": now, "record": records[row.id]}
        for row in found
    ]
    if rows:
        await connection.execute(insert(quality), rows)


async def of_session(connection: AsyncConnection, session_id: str) -> list[Record]:
    """A session's records, oldest first."""
    rows = await connection.execute(
        select(quality.c.record).where(quality.c.session_id == session_id).order_by(quality.c.at, quality.c.id)
    )
    return [msgspec.convert(row.record, Record) for row in rows]


async def sessions_of(
    connection: AsyncConnection, meeting_id: str, before_id: str | None, limit: int
) -> list[tuple[Session, datetime | None]]:
    """A meeting's sessions and when they ended, the last first; those older than the session `before_id`."""
    statement = select(sessions).where(sessions.c.meeting_id == meeting_id)
    if before_id is not None:
        statement = statement.where(sessions.c.id < before_id)
    rows = await connection.execute(statement.order_by(sessions.c.id.desc()).limit(limit))
    return [(live_tables.session_of(row), row.ended_at) for row in rows]


async def session_of(
    connection: AsyncConnection, meeting_id: str, session_id: str
) -> tuple[Session, datetime | None] | None:
    """One session of a meeting and when it ended."""
    statement = select(sessions).where(sessions.c.id == session_id, sessions.c.meeting_id == meeting_id)
    row = (await connection.execute(statement)).first()
    return None if row is None else (live_tables.session_of(row), row.ended_at)

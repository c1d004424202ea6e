"""SQL of meetings as they are planned: one function a query, rows in and model values out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, cast

import msgspec
from sqlalchemy import (
    Column,
    ForeignKey,
    Integer,
    String,
    Table,
    Text,
    bindparam,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from meetinghouse.db.schema import metadata
from meetinghouse.db.types import Json, UtcTime
from meetinghouse.meetings.model import Kind, Meeting, Schedule, Settings
from meetinghouse.people.tables import members

_ID = String(64)

meetings = Table(
    "meetings",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("tenant_id", _ID, ForeignKey("tenants.id"), nullable=False),
    Column("host_id", _ID, ForeignKey("members.id", ondelete="CASCADE"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("number", String(11), nullable=False, unique=True),
    Column("link_id", String(64), nullable=False, unique=True),
    Column("settings", Json, nullable=False),
    Column("starts_at", UtcTime),
    Column("duration_minutes", Integer),
    Column("recurrence", Text),
    Column("time_zone", Text),
    Column("revision", Integer, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("until_at", UtcTime),
    Column("ended_at", UtcTime),
)

_SELECT = select(meetings, members.c.name.label("host_name")).join(members, members.c.id == meetings.c.host_id)
# Built once: a statement object that is made anew for each join costs more than running it.
_BY_NUMBER = _SELECT.where(meetings.c.number == bindparam("value"))
_BY_LINK = _SELECT.where(meetings.c.link_id == bindparam("value"))
_BY_ID = _SELECT.where(meetings.c.id == bindparam("value"))
INSERT_MEETING = insert(meetings)
UPDATE_MEETING = update(meetings).where(meetings.c.id == bindparam("row_id"))


async def by_number(connection: AsyncConnection, number: str) -> Meeting | None:
    """The meeting that is asked for by its spoken number."""
    return await _one(connection, _BY_NUMBER, number)


async def by_link(connection: AsyncConnection, link_id: str) -> Meeting | None:
    """The meeting of a link."""
    return await _one(connection, _BY_LINK, link_id)


async def by_id(connection: AsyncConnection, meeting_id: str) -> Meeting | None:
    """The meeting."""
    return await _one(connection, _BY_ID, meeting_id)


async def personal_of(connection: AsyncConnection, member_id: str) -> Meeting | None:
    """A member's own room."""
    statement = _SELECT.where(meetings.c.host_id == member_id, meetings.c.kind == Kind.PERSONAL.value)
    row = (await connection.execute(statement)).first()
    return None if row is None else _meeting(row)


async def upcoming_of(connection: AsyncConnection, member_id: str, now: datetime, limit: int) -> list[Meeting]:
    """What a member hosts that is not over; the caller orders it by the next time it is held."""
    statement = (
        _SELECT.where(meetings.c.host_id == member_id, meetings.c.kind != Kind.PERSONAL.value)
        .where(or_(meetings.c.until_at.is_(None), meetings.c.until_at > now))
        .order_by(meetings.c.id.desc())
        .limit(limit)
    )
    return [_meeting(row) for row in await connection.execute(statement)]


async def previous_of(
    connection: AsyncConnection, member_id: str, now: datetime, before: tuple[datetime, str] | None, limit: int
) -> list[Meeting]:
    """What a member hosted, the latest first, after the cursor `before`."""
    statement = _SELECT.where(meetings.c.host_id == member_id, meetings.c.until_at <= now)
    if before is not None:
        at, identity = before
        statement = statement.where(
            or_(meetings.c.until_at < at, (meetings.c.until_at == at) & (meetings.c.id < identity))
        )
    statement = statement.order_by(meetings.c.until_at.desc(), meetings.c.id.desc()).limit(limit)
    return [_meeting(row) for row in await connection.execute(statement)]


async def all_of(connection: AsyncConnection, member_id: str, before_id: str | None, limit: int) -> list[Meeting]:
    """Everything a member hosts, the newest first; ids sort by when they were made."""
    statement = _SELECT.where(meetings.c.host_id == member_id)
    if before_id is not None:
        statement = statement.where(meetings.c.id < before_id)
    return [_meeting(row) for row in await connection.execute(statement.order_by(meetings.c.id.desc()).limit(limit))]


async def count_of(connection: AsyncConnection, member_id: str) -> int:
    """How many meetings a member has."""
    statement = select(func.count()).select_from(meetings).where(meetings.c.host_id == member_id)
    return int((await connection.execute(statement)).scalar_one())


async def number_is_taken(connection: AsyncConnection, number: str) -> bool:
    """Whether some meeting has this number."""
    statement = select(meetings.c.id).where(meetings.c.number == number)
    return (await connection.execute(statement)).first() is not None


async def add(connection: AsyncConnection, meeting: Meeting) -> None:
    """A new row."""
    await connection.execute(INSERT_MEETING, row_of(meeting))


async def change(connection: AsyncConnection, meeting: Meeting) -> None:
    """Store the whole row anew."""
    await connection.execute(UPDATE_MEETING, {"row_id": meeting.id, **row_of(meeting)})


async def remove(connection: AsyncConnection, meeting_id: str) -> None:
    """Delete the meeting with its sessions, participants and chat."""
    await connection.execute(delete(meetings).where(meetings.c.id == meeting_id))


async def on_calendar(connection: AsyncConnection, member_id: str, since: datetime, limit: int) -> Sequence[Meeting]:
    """The scheduled meetings of a member's calendar that were not over at `since`."""
    statement = (
        _SELECT.where(meetings.c.host_id == member_id, meetings.c.kind == Kind.SCHEDULED.value)
        .where(or_(meetings.c.until_at.is_(None), meetings.c.until_at > since))
        .order_by(meetings.c.starts_at.desc())
        .limit(limit)
    )
    return [_meeting(row) for row in await connection.execute(statement)]


def row_of(meeting: Meeting) -> dict[str, Any]:
    """The columns of a meeting."""
    return {
        "id": meeting.id,
        "tenant_id": meeting.tenant_id,
        "host_id": meeting.host_id,
        "kind": meeting.kind.value,
        "title": meeting.title,
        "number": meeting.number,
        "link_id": meeting.link_id,
        "settings": meeting.settings,
        "starts_at": meeting.schedule.starts_at,
        "duration_minutes": meeting.schedule.duration_minutes,
        "recurrence": meeting.schedule.recurrence,
        "time_zone": meeting.schedule.time_zone,
        "revision": meeting.revision,
        "created_at": meeting.created_at,
        "until_at": meeting.until_at,
        "ended_at": meeting.ended_at,
    }


def decoy() -> Meeting:
    """A meeting that does not exist, read with the work that a real row takes, so that its absence is not answered faster."""
    return _meeting(cast("Row[Any]", _Decoy(settings=msgspec.json.decode(_DECOY_SETTINGS))))


class _Decoy(msgspec.Struct):
    """The columns of a row that is not there. Its passcode has a shape that nobody can enter."""

    settings: dict[str, Any]
    id: str = ""
    tenant_id: str = ""
    host_id: str = ""
    host_name: str = ""
    kind: str = Kind.INSTANT.value
    title: str = ""
    number: str = ""
    link_id: str = ""
    starts_at: datetime | None = None
    duration_minutes: int | None = None
    recurrence: str | None = None
    time_zone: str | None = None
    revision: int = 0
    created_at: datetime = datetime(2026, 1, 1, tzinfo=UTC)
    until_at: datetime | None = None
    ended_at: datetime | None = None


_DECOY_SETTINGS = msgspec.json.encode(Settings(passcode="none at all"))


async def _one(connection: AsyncConnection, statement: Any, value: str) -> Meeting | None:  # noqa: ANN401 (a select)
    row = (await connection.execute(statement, {"value": value})).first()
    return None if row is None else _meeting(row)


def _meeting(row: Row[Any]) -> Meeting:
    return Meeting(
        id=row.id,
        tenant_id=row.tenant_id,
        host_id=row.host_id,
        host_name=row.host_name,
        kind=Kind(row.kind),
        title=row.title,
        number=row.number,
        link_id=row.link_id,
        settings=msgspec.convert(row.settings, Settings),
        schedule=Schedule(
            starts_at=row.starts_at,
            duration_minutes=row.duration_minutes,
            recurrence=row.recurrence,
            time_zone=row.time_zone,
        ),
        revision=row.revision,
        created_at=row.created_at,
        until_at=row.until_at,
        ended_at=row.ended_at,
    )

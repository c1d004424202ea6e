"""SQL of meetings as they are held: sessions, participants and chat.

Changes of a running session are values (`Write`), not calls: the journal carries many of them out in one transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    LargeBinary,
    String,
    Table,
    Text,
    bindparam,
    insert,
    select,
    update,
)
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.dml import UpdateBase

from meetinghouse.db.schema import metadata
from meetinghouse.db.types import Json, UtcTime
from meetinghouse.meetings.messages import ChatMessage, Reason, Role, Source
from meetinghouse.meetings.model import Attendance, Meeting, Presence, Session
from meetinghouse.meetings.tables import UPDATE_MEETING, row_of
from meetinghouse.meetings.times import rfc3339

_ID = String(64)

sessions = Table(
    "sessions",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("tenant_id", _ID, ForeignKey("tenants.id"), nullable=False),
    Column("meeting_id", _ID, ForeignKey("meetings.id", ondelete="CASCADE"), nullable=False),
    Column("started_at", UtcTime, nullable=False),
    Column("sequence_reserved", BigInteger, nullable=False),
    Column("spotlight", _ID),
    Column("ended_at", UtcTime),
)

participants = Table(
    "participants",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("tenant_id", _ID, ForeignKey("tenants.id"), nullable=False),
    Column("session_id", _ID, ForeignKey("sessions.id", ondelete="CASCADE"), nullable=False),
    Column("member_id", _ID, ForeignKey("members.id", ondelete="SET NULL")),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("presence", Text, nullable=False),
    Column("publish", Boolean, nullable=False),
    Column("subscribe", Boolean, nullable=False),
    Column("resume_mark", LargeBinary, nullable=False),
    Column("resume_expires_at", UtcTime, nullable=False),
    Column("asked_at", UtcTime, nullable=False),
    Column("joined_at", UtcTime),
    Column("joined_sequence", BigInteger),
    Column("sources", Json, nullable=False),
    Column("hand_raised_at", UtcTime),
    Column("left_at", UtcTime),
    Column("left_reason", Text),
)

messages = Table(
    "messages",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("tenant_id", _ID, ForeignKey("tenants.id"), nullable=False),
    Column("session_id", _ID, ForeignKey("sessions.id", ondelete="CASCADE"), nullable=False),
    Column("sender_id", _ID, ForeignKey("participants.id", ondelete="CASCADE"), nullable=False),
    Column("sender_name", Text, nullable=False),
    Column("to_id", _ID),
    Column("to_name", Text),
    Column("key", String(64), nullable=False),
    Column("text", Text, nullable=False),
    Column("sent_at", UtcTime, nullable=False),
    Column("sequence", BigInteger, nullable=False),
)

_ADD_SESSION = insert(sessions)
_RESERVE = update(sessions).where(sessions.c.id == bindparam("row_id")).values(sequence_reserved=bindparam("reserved"))
_SPOTLIGHT = update(sessions).where(sessions.c.id == bindparam("row_id")).values(spotlight=bindparam("who"))
_END_SESSION = update(sessions).where(sessions.c.id == bindparam("row_id")).values(ended_at=bindparam("at"))
_ADD_PARTICIPANT = insert(participants)
_CHANGE_PARTICIPANT = update(participants).where(participants.c.id == bindparam("row_id"))
_ADD_MESSAGE = insert(messages)
_BY_ID = select(participants).where(participants.c.id == bindparam("value"))


class Write(Struct, frozen=True):
    """One row to be written: a prepared statement and its values."""

    statement: UpdateBase
    values: dict[str, Any]


def add_session(session: Session) -> Write:
    """A session begins."""
    return Write(
        _ADD_SESSION,
        {
            "id": session.id,
            "tenant_id": session.tenant_id,
            "meeting_id": session.meeting_id,
            "started_at": session.started_at,
            "sequence_reserved": session.sequence_reserved,
            "spotlight": session.spotlight,
            "ended_at": None,
        },
    )


def reserve_sequence(session_id: str, reserved: int) -> Write:
    """Events up to `reserved` may be announced."""
    return Write(_RESERVE, {"row_id": session_id, "reserved": reserved})


def set_spotlight(session_id: str, participant_id: str | None) -> Write:
    """Who everybody sees large."""
    return Write(_SPOTLIGHT, {"row_id": session_id, "who": participant_id})


def end_session(session_id: str, now: datetime) -> Write:
    """The session is over."""
    return Write(_END_SESSION, {"row_id": session_id, "at": now})


def add_participant(attendance: Attendance) -> Write:
    """Somebody came, into the meeting or the lobby. Fails when the id, and so the ticket, was used before."""
    return Write(_ADD_PARTICIPANT, _row(attendance))


def change_participant(attendance: Attendance) -> Write:
    """Something about somebody changed."""
    return Write(_CHANGE_PARTICIPANT, {"row_id": attendance.id, **_row(attendance)})


def change_meeting(meeting: Meeting) -> Write:
    """The meeting's settings changed while it is held."""
    return Write(UPDATE_MEETING, {"row_id": meeting.id, **row_of(meeting)})


def add_message(session: Session, line: ChatMessage, sent_at: datetime, sequence: int) -> Write:
    """A line of chat, announced by the event `sequence`."""
    return Write(
        _ADD_MESSAGE,
        {
            "id": line.id,
            "tenant_id": session.tenant_id,
            "session_id": session.id,
            "sender_id": line.sender,
            "sender_name": line.sender_name,
            "to_id": line.to,
            "to_name": line.to_name,
            "key": line.key,
            "text": line.text,
            "sent_at": sent_at,
            "sequence": sequence,
        },
    )


async def attendance_of(connection: AsyncConnection, participant_id: str) -> Attendance | None:
    """One participant, of whichever session."""
    row = (await connection.execute(_BY_ID, {"value": participant_id})).first()
    return None if row is None else _attendance(row)


async def open_sessions(connection: AsyncConnection) -> Sequence[Session]:
    """The sessions that were not over when the server stopped."""
    rows = await connection.execute(select(sessions).where(sessions.c.ended_at.is_(None)))
    return [session_of(row) for row in rows]


async def attendances_of(connection: AsyncConnection, session_id: str) -> Sequence[Attendance]:
    """Everybody who ever came into a session, in the order in which they joined it (those who wait last)."""
    statement = (
        select(participants)
        .where(participants.c.session_id == session_id)
        .order_by(participants.c.joined_sequence.nulls_last(), participants.c.asked_at, participants.c.id)
    )
    return [_attendance(row) for row in await connection.execute(statement)]


async def lines_of(connection: AsyncConnection, session_id: str) -> Sequence[ChatMessage]:
    """A session's chat, oldest first."""
    statement = select(messages).where(messages.c.session_id == session_id).order_by(messages.c.sequence)
    return [
        ChatMessage(
            id=row.id,
            sender=row.sender_id,
            sender_name=row.sender_name,
            to=row.to_id,
            to_name=row.to_name,
            sent_at=rfc3339(row.sent_at),
            text=row.text,
            key=row.key,
        )
        for row in await connection.execute(statement)
    ]


def session_of(row: Row[Any]) -> Session:
    """What a row of `sessions` says."""
    return Session(
        id=row.id,
        tenant_id=row.tenant_id,
        meeting_id=row.meeting_id,
        started_at=row.started_at,
        sequence_reserved=row.sequence_reserved,
        spotlight=row.spotlight,
    )


def _row(attendance: Attendance) -> dict[str, Any]:
    return {
        "id": attendance.id,
        "tenant_id": attendance.tenant_id,
        "session_id": attendance.session_id,
        "member_id": attendance.member_id,
        "name": attendance.name,
        "role": attendance.role.value,
        "presence": attendance.presence.value,
        "publish": attendance.publish,
        "subscribe": attendance.subscribe,
        "resume_mark": attendance.resume_mark,
        "resume_expires_at": attendance.resume_expires_at,
        "asked_at": attendance.asked_at,
        "joined_at": attendance.joined_at,
        "joined_sequence": attendance.joined_sequence,
        "sources": attendance.sources,
        "hand_raised_at": attendance.hand_raised_at,
        "left_at": attendance.left_at,
        "left_reason": attendance.left_reason and attendance.left_reason.value,
    }


def _attendance(row: Row[Any]) -> Attendance:
    return Attendance(
        id=row.id,
        tenant_id=row.tenant_id,
        session_id=row.session_id,
        member_id=row.member_id,
        name=row.name,
        role=Role(row.role),
        presence=Presence(row.presence),
        publish=row.publish,
        subscribe=row.subscribe,
        resume_mark=row.resume_mark,
        resume_expires_at=row.resume_expires_at,
        asked_at=row.asked_at,
        joined_at=row.joined_at,
        joined_sequence=row.joined_sequence,
        sources=msgspec.convert(row.sources, tuple[Source, ...]),
        hand_raised_at=row.hand_raised_at,
        left_at=row.left_at,
        left_reason=None if row.left_reason is None else Reason(row.left_reason),
    )

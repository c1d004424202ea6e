"""Meetings, their sessions, who takes part and what is written."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from alembic import op

from meetinghouse.db.types import Json, UtcTime

revision = "0002_meetings"
down_revision = "0001_people"
branch_labels = None
depends_on = None

_ID = sa.String(64)


def _id() -> sa.Column[str]:
    return sa.Column("id", _ID, primary_key=True)


def _tenant() -> sa.Column[str]:
    return sa.Column("tenant_id", _ID, sa.ForeignKey("tenants.id"), nullable=False)


def _belongs(name: str, to: str) -> sa.Column[str]:
    return sa.Column(name, _ID, sa.ForeignKey(to, ondelete="CASCADE"), nullable=False)


def _at(name: str, *, nullable: bool = False) -> sa.Column[datetime]:
    return sa.Column(name, UtcTime, nullable=nullable)


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "meetings",
        _id(),
        _tenant(),
        _belongs("host_id", "members.id"),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("number", sa.String(11), nullable=False, unique=True),
        sa.Column("link_id", sa.String(64), nullable=False, unique=True),
        sa.Column("settings", Json, nullable=False),
        _at("starts_at", nullable=True),
        sa.Column("duration_minutes", sa.Integer),
        sa.Column("recurrence", sa.Text),
        sa.Column("time_zone", sa.Text),
        sa.Column("revision", sa.Integer, nullable=False),
        _at("created_at"),
        _at("until_at", nullable=True),
        _at("ended_at", nullable=True),
    )
    op.create_index("ix_meetings_host_id_until_at", "meetings", ["host_id", "until_at"])
    op.create_index(
        "ix_meetings_personal",
        "meetings",
        ["host_id"],
        unique=True,
        sqlite_where=sa.text("kind = 'personal'"),
        postgresql_where=sa.text("kind = 'personal'"),
    )
    op.create_table(
        "sessions",
        _id(),
        _tenant(),
        _belongs("meeting_id", "meetings.id"),
        _at("started_at"),
        sa.Column("sequence_reserved", sa.BigInteger, nullable=False),
        sa.Column("spotlight", _ID),
        _at("ended_at", nullable=True),
    )
    op.create_index(
        "ix_sessions_open",
        "sessions",
        ["meeting_id"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index("ix_sessions_meeting_id", "sessions", ["meeting_id"])
    op.create_table(
        "participants",
        _id(),
        _tenant(),
        _belongs("session_id", "sessions.id"),
        sa.Column("member_id", _ID, sa.ForeignKey("members.id", ondelete="SET NULL")),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("presence", sa.Text, nullable=False),
        sa.Column("publish", sa.Boolean, nullable=False),
        sa.Column("subscribe", sa.Boolean, nullable=False),
        sa.Column("resume_mark", sa.LargeBinary, nullable=False),
        _at("resume_expires_at"),
        _at("asked_at"),
        _at("joined_at", nullable=True),
        sa.Column("joined_sequence", sa.BigInteger),
        sa.Column("sources", Json, nullable=False),
        _at("hand_raised_at", nullable=True),
        _at("left_at", nullable=True),
        sa.Column("left_reason", sa.Text),
    )
    op.create_index("ix_participants_session_id", "participants", ["session_id"])
    op.create_index("ix_participants_member_id", "participants", ["member_id"])
    op.create_table(
        "messages",
        _id(),
        _tenant(),
        _belongs("session_id", "sessions.id"),
        _belongs("sender_id", "participants.id"),
        sa.Column("sender_name", sa.Text, nullable=False),
        sa.Column("to_id", _ID),
        sa.Column("to_name", sa.Text),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        _at("sent_at"),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        sa.UniqueConstraint("sender_id", "key"),
    )
    op.create_index("ix_messages_session_id", "messages", ["session_id"])

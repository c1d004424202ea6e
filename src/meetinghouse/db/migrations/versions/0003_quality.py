"""What was measured of sessions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from meetinghouse.db.types import Json, UtcTime

revision = "0003_quality"
down_revision = "0002_meetings"
branch_labels = None
depends_on = None

_ID = sa.String(64)


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "quality",
        sa.Column("id", _ID, primary_key=True),
        sa.Column("tenant_id", _ID, sa.ForeignKey("tenants.id"), nullable=False),
        sa.Column("session_id", _ID, sa.ForeignKey("sessions.id", ondelete="CASCADE"), nullable=False),
        sa.Column("at", UtcTime, nullable=False),
        sa.Column("record", Json, nullable=False),
    )
    op.create_index("ix_quality_session_id", "quality", ["session_id"])
    op.create_index("ix_quality_at", "quality", ["at"])

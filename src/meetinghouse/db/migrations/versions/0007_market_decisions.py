"""What market rules decided."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from meetinghouse.db.types import UtcTime

revision = "0007_market_decisions"
down_revision = "0006_billing"
branch_labels = None
depends_on = None

_ID = sa.String(64)


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "market_decisions",
        sa.Column("id", _ID, primary_key=True),
        sa.Column("tenant_id", _ID, sa.ForeignKey("tenants.id"), nullable=False),
        sa.Column("verb", sa.String(16), nullable=False),
        sa.Column("decision", sa.String(8), nullable=False),
        sa.Column("rule", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("at", UtcTime, nullable=False),
        sa.Column("last_at", UtcTime, nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("counted", sa.Boolean, nullable=False),
    )
    op.create_index("ix_market_decisions_tenant_id_id", "market_decisions", ["tenant_id", "id"])
    op.create_index("ix_market_decisions_last_at", "market_decisions", ["last_at"])

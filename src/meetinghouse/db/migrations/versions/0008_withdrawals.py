"""Withdrawals from markets, and the outbox of mails."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from meetinghouse.db.types import Json, UtcTime

revision = "0008_withdrawals"
down_revision = "0007_market_decisions"
branch_labels = None
depends_on = None

_ID = sa.String(64)


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "withdrawals",
        sa.Column("id", _ID, primary_key=True),
        sa.Column("plan", Json, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("created_at", UtcTime, nullable=False),
        sa.Column("created_by", _ID, nullable=False),
        sa.Column("told_up_to", _ID, nullable=False),
        sa.Column("told_at", UtcTime),
        sa.Column("ended_at", UtcTime),
        sa.Column("cancelled_at", UtcTime),
    )
    op.create_table(
        "withdrawal_tenants",
        sa.Column("withdrawal_id", _ID, sa.ForeignKey("withdrawals.id"), nullable=False),
        sa.Column("tenant_id", _ID, sa.ForeignKey("tenants.id"), nullable=False),
        sa.Column("former_partner_id", _ID),
        sa.Column("former_channel", sa.Text, nullable=False),
        sa.Column("told_at", UtcTime, nullable=False),
        sa.Column("choice", sa.Text),
        sa.Column("chosen_at", UtcTime),
        sa.Column("moved_at", UtcTime),
        sa.PrimaryKeyConstraint("withdrawal_id", "tenant_id"),
    )
    op.create_index("ix_withdrawal_tenants_tenant_id", "withdrawal_tenants", ["tenant_id"])
    op.create_table(
        "mails",
        sa.Column("id", _ID, primary_key=True),
        sa.Column("key", sa.Text, nullable=False, unique=True),
        sa.Column("recipient", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("created_at", UtcTime, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("next_at", UtcTime),
        sa.Column("sent_at", UtcTime),
        sa.Column("error", sa.Text),
    )
    op.create_index("ix_mails_next_at", "mails", ["next_at"])

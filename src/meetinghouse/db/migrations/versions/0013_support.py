"""Support grants: what tenants let staff read, why and until when."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from meetinghouse.db.types import Json, UtcTime

revision = "0013_support"
down_revision = "0012_scim"
branch_labels = None
depends_on = None

_ID = sa.String(64)


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "support_grants",
        sa.Column("id", _ID, primary_key=True),
        sa.Column("tenant_id", _ID, sa.ForeignKey("tenants.id"), nullable=False),
        sa.Column("partner_id", _ID, sa.ForeignKey("partners.id")),
        sa.Column("areas", Json, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("hours", sa.Integer, nullable=False),
        sa.Column("made_at", UtcTime, nullable=False),
        sa.Column("made_by", sa.Text, nullable=False),
        sa.Column("given_at", UtcTime),
        sa.Column("ends_at", UtcTime),
        sa.Column("ended_at", UtcTime),
    )
    op.create_index("ix_support_grants_tenant_id", "support_grants", ["tenant_id"])
    op.create_index("ix_support_grants_partner_id", "support_grants", ["partner_id"])

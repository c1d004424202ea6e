"""Providers of tenants, and whom they vouched for."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from meetinghouse.db.types import Json, UtcTime

revision = "0009_identity"
down_revision = "0008_withdrawals"
branch_labels = None
depends_on = None

_ID = sa.String(64)


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "identities",
        sa.Column("id", _ID, primary_key=True),
        sa.Column("tenant_id", _ID, sa.ForeignKey("tenants.id"), nullable=False),
        sa.Column("member_id", _ID, sa.ForeignKey("members.id"), nullable=False),
        sa.Column("issuer", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("created_at", UtcTime, nullable=False),
        sa.UniqueConstraint("tenant_id", "issuer", "subject"),
    )
    op.create_index("ix_identities_member_id", "identities", ["member_id"])
    op.create_table(
        "identity_providers",
        sa.Column("tenant_id", _ID, sa.ForeignKey("tenants.id"), primary_key=True),
        sa.Column("issuer", sa.Text, nullable=False),
        sa.Column("client_id", sa.Text, nullable=False),
        sa.Column("secret", sa.LargeBinary),
        sa.Column("makes_members", sa.Boolean, nullable=False),
        sa.Column("trusts_email", sa.Boolean, nullable=False),
        sa.Column("role_claim", sa.Text, nullable=False),
        sa.Column("admin_values", Json, nullable=False),
        sa.Column("second_factor_values", Json, nullable=False),
    )
    op.create_table(
        "identity_provider_domains",
        sa.Column("tenant_id", _ID, sa.ForeignKey("tenants.id"), primary_key=True),
        sa.Column("domain", sa.Text, primary_key=True),
    )
    op.create_index("ix_identity_provider_domains_domain", "identity_provider_domains", ["domain"])

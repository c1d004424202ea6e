"""What another system keeps of a tenant's people (SCIM): its tokens, its ids, its groups."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from meetinghouse.db.types import UtcTime

revision = "0012_scim"
down_revision = "0011_brands"
branch_labels = None
depends_on = None

_ID = sa.String(64)


def upgrade() -> None:
    """Make the tables."""
    op.add_column("members", sa.Column("external_id", sa.Text))
    op.create_index("ix_members_external_id", "members", ["tenant_id", "external_id"])
    op.create_table(
        "scim_tokens",
        sa.Column("id", _ID, primary_key=True),
        sa.Column("tenant_id", _ID, sa.ForeignKey("tenants.id"), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("secret_mark", sa.LargeBinary, nullable=False, unique=True),
        sa.Column("created_at", UtcTime, nullable=False),
    )
    op.create_table(
        "scim_groups",
        sa.Column("id", _ID, primary_key=True),
        sa.Column("tenant_id", _ID, sa.ForeignKey("tenants.id"), nullable=False),
        sa.Column("external_id", sa.Text),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("makes_admins", sa.Boolean, nullable=False),
        sa.Column("created_at", UtcTime, nullable=False),
    )
    op.create_index("ix_scim_groups_tenant_id", "scim_groups", ["tenant_id"])
    op.create_table(
        "scim_group_members",
        sa.Column("tenant_id", _ID, sa.ForeignKey("tenants.id"), nullable=False),
        sa.Column("group_id", _ID, sa.ForeignKey("scim_groups.id"), primary_key=True),
        sa.Column("member_id", _ID, sa.ForeignKey("members.id"), primary_key=True),
    )
    op.create_index("ix_scim_group_members_member_id", "scim_group_members", ["member_id"])

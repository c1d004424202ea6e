"""Brands and their host names; whose name a mail is sent under."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from meetinghouse.db.types import Json, UtcTime

revision = "0011_brands"
down_revision = "0010_second_factor"
branch_labels = None
depends_on = None

_ID = sa.String(64)


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "brands",
        sa.Column("tenant_id", _ID, sa.ForeignKey("tenants.id"), primary_key=True),
        sa.Column("look", Json, nullable=False),
        sa.Column("logo", sa.Text),
        sa.Column("logo_type", sa.Text),
        sa.Column("logo_body", sa.LargeBinary),
        sa.Column("icon", sa.Text),
        sa.Column("icon_type", sa.Text),
        sa.Column("icon_body", sa.LargeBinary),
        sa.Column("updated_at", UtcTime, nullable=False),
    )
    op.create_table(
        "brand_hosts",
        sa.Column("host", sa.Text, primary_key=True),
        sa.Column("tenant_id", _ID, sa.ForeignKey("tenants.id"), nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("look", sa.Text, nullable=False),
        sa.Column("created_at", UtcTime, nullable=False),
    )
    op.create_index("ix_brand_hosts_tenant_id", "brand_hosts", ["tenant_id"])
    op.create_index("ix_brand_hosts_look", "brand_hosts", ["look"])
    op.add_column("mails", sa.Column("sent_for", _ID))
    op.add_column("mails", sa.Column("language", sa.Text))

"""Tenants that ask for a second factor, and sign-ins that have shown one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010_second_factor"
down_revision = "0009_identity"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns."""
    for table in ("tenants", "sign_ins"):
        op.add_column(table, sa.Column("second_factor", sa.Boolean, nullable=False, server_default=sa.false()))

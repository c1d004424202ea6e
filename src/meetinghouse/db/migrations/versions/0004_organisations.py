"""Organisations: the operator's and the partners' own tenants, partners, plans, and what each tenant has of them.

The first tenant is the operator's home. Every tenant there is gets the plan `standard`, which allows everything.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from meetinghouse.db.clock import SystemClock
from meetinghouse.db.types import Json, UtcTime

revision = "0004_organisations"
down_revision = "0003_quality"
branch_labels = None
depends_on = None

_ID = sa.String(64)
_EVERYTHING = {"host": True, "participants": None, "minutes": None, "recording_hours": None, "regions": None}


def upgrade() -> None:
    """Make the tables, then what the tenants there are have of them."""
    op.create_table(
        "plans",
        sa.Column("id", _ID, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("entitlements", Json, nullable=False),
        sa.Column("created_at", UtcTime, nullable=False),
    )
    op.create_table(
        "partners",
        sa.Column("id", _ID, primary_key=True),
        sa.Column("operator_id", _ID, sa.ForeignKey("operators.id"), nullable=False),
        sa.Column("parent_id", _ID, sa.ForeignKey("partners.id")),
        sa.Column("code", _ID, nullable=False, unique=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("tenant_id", _ID, sa.ForeignKey("tenants.id"), nullable=False, unique=True),
        sa.Column("created_at", UtcTime, nullable=False),
        sa.Column("ended_at", UtcTime),
    )
    op.create_index("ix_partners_parent_id", "partners", ["parent_id"])
    _make_standard_plan()
    _change_tenants()
    _give_operators_a_home()
    op.create_index("ix_members_email", "members", ["email"])


def _make_standard_plan() -> None:
    types = {"id": sa.Text, "name": sa.Text, "entitlements": Json, "created_at": UtcTime}
    plans = sa.Table("plans", sa.MetaData(), *(sa.Column(name, kind) for name, kind in types.items()))
    now = SystemClock().now()
    op.bulk_insert(plans, [{"id": "standard", "name": "Standard", "entitlements": _EVERYTHING, "created_at": now}])


def _change_tenants() -> None:
    # Written out: Alembic cannot add a column that refers to another table to SQLite, which itself can.
    op.execute("ALTER TABLE tenants ADD COLUMN partner_id VARCHAR(64) REFERENCES partners (id)")
    op.add_column("tenants", sa.Column("plan_id", _ID, nullable=False, server_default="standard"))
    op.add_column("tenants", sa.Column("subdivision", sa.Text))
    op.add_column("tenants", sa.Column("status", sa.Text, nullable=False, server_default="active"))
    if op.get_bind().dialect.name == "postgresql":  # SQLite cannot add a reference that has a default
        op.create_foreign_key(op.f("fk_tenants_plan_id"), "tenants", "plans", ["plan_id"], ["id"])
    op.create_index("ix_tenants_partner_id", "tenants", ["partner_id"])
    op.create_index("ix_tenants_plan_id", "tenants", ["plan_id"])
    op.create_index("ix_tenants_name_id", "tenants", ["name", "id"])


def _give_operators_a_home() -> None:
    op.execute("ALTER TABLE operators ADD COLUMN tenant_id VARCHAR(64) REFERENCES tenants (id)")
    op.execute(
        "UPDATE operators SET tenant_id = (SELECT min(tenants.id) FROM tenants WHERE tenants.operator_id = operators.id)"
    )

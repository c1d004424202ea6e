"""Versions of market rules: drafts, approvals, activations. What was active is version 1 and stays in force."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from meetinghouse.db.ids import new_id
from meetinghouse.db.types import UtcTime

revision = "0005_rule_sets"
down_revision = "0004_organisations"
branch_labels = None
depends_on = None

_ID = sa.String(64)


def upgrade() -> None:
    """Make the tables, and number what is there."""
    for column in (
        sa.Column("version", sa.Integer, nullable=False, server_default="0"),
        sa.Column("revision", sa.Integer, nullable=False, server_default="1"),
        sa.Column("author_id", _ID),
        sa.Column("base_id", _ID),
        sa.Column("restores_id", _ID),
        sa.Column("submitted_at", UtcTime),
    ):
        op.add_column("market_rule_sets", column)
    op.create_table(
        "market_approvals",
        sa.Column("rule_set_id", _ID, sa.ForeignKey("market_rule_sets.id"), nullable=False),
        sa.Column("member_id", _ID, nullable=False),
        sa.Column("at", UtcTime, nullable=False),
        sa.PrimaryKeyConstraint("rule_set_id", "member_id"),
    )
    op.create_table(
        "market_activations",
        sa.Column("id", _ID, primary_key=True),
        sa.Column("sequence", sa.Integer, nullable=False, unique=True),
        sa.Column("rule_set_id", _ID, sa.ForeignKey("market_rule_sets.id"), nullable=False),
        sa.Column("starts_at", UtcTime, nullable=False),
        sa.Column("created_at", UtcTime, nullable=False),
        sa.Column("created_by", _ID),
        sa.Column("began_at", UtcTime),
        sa.Column("cancelled_at", UtcTime),
    )
    _number()
    op.create_index("uq_market_rule_sets_version", "market_rule_sets", ["version"], unique=True)
    op.drop_column("market_rule_sets", "activated_at")


def _number() -> None:
    sets = sa.table(
        "market_rule_sets", *(sa.column(name) for name in ("id", "version", "submitted_at", "activated_at"))
    )
    activations = sa.table(
        "market_activations",
        *(sa.column(name) for name in ("id", "sequence", "rule_set_id", "starts_at", "created_at", "began_at")),
    )
    connection = op.get_bind()
    found = connection.execute(sa.select(sets).order_by(sets.c.activated_at, sets.c.id)).all()
    sequence = 0
    for version, row in enumerate(found, 1):
        changed = sa.update(sets).where(sets.c.id == row.id)
        connection.execute(changed.values(version=version, submitted_at=row.activated_at))
        if row.activated_at is None:
            continue
        sequence += 1
        connection.execute(
            sa.insert(activations).values(
                id=new_id(),
                sequence=sequence,
                rule_set_id=row.id,
                starts_at=row.activated_at,
                created_at=row.activated_at,
                began_at=row.activated_at,
            )
        )

"""Price books, orders, the ledger, usage; webhooks and the outbox. The ledger's rows cannot be changed or removed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from meetinghouse.db.types import Json, UtcTime

revision = "0006_billing"
down_revision = "0005_rule_sets"
branch_labels = None
depends_on = None

_ID = sa.String(64)
_CURRENCY = sa.String(3)
_KEPT = ("ledger_entries", "ledger_postings")


def upgrade() -> None:
    """Make the tables."""
    _make_books()
    _make_orders()
    _make_ledger()
    _keep_ledger()
    _make_usage()
    _make_outbox()


def _id() -> sa.Column[str]:
    return sa.Column("id", _ID, primary_key=True)


def _belongs(name: str, to: str, *, primary_key: bool = False) -> sa.Column[str]:
    return sa.Column(name, _ID, sa.ForeignKey(to), nullable=False, primary_key=primary_key)


def _make_books() -> None:
    op.create_table(
        "price_books",
        _id(),
        sa.Column("seller_id", _ID, nullable=False),
        sa.Column("audience", sa.Text, nullable=False),
        sa.Column("currency", _CURRENCY, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("effective_from", UtcTime, nullable=False),
        sa.Column("created_at", UtcTime, nullable=False),
        sa.Column("created_by", _ID, nullable=False),
        sa.UniqueConstraint("seller_id", "audience", "currency", "version"),
    )
    op.create_table(
        "prices",
        _belongs("book_id", "price_books.id", primary_key=True),
        sa.Column("sku", sa.Text, primary_key=True),
        sa.Column("from_quantity", sa.BigInteger, primary_key=True),
        sa.Column("millionths", sa.BigInteger, nullable=False),
        sa.CheckConstraint("millionths >= 0", "ck_prices_not_negative"),
    )


def _make_orders() -> None:
    op.create_table(
        "subscriptions",
        _id(),
        _belongs("tenant_id", "tenants.id"),
        sa.Column("sku", sa.Text, nullable=False),
        sa.Column("quantity", sa.BigInteger, nullable=False),
        sa.Column("currency", _CURRENCY, nullable=False),
        sa.Column("prices", Json, nullable=False),
        sa.Column("anchor", UtcTime, nullable=False),
        sa.Column("periods", sa.Integer, nullable=False),
        sa.Column("period_start", UtcTime, nullable=False),
        sa.Column("period_end", UtcTime, nullable=False),
        sa.Column("later", Json),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
    )
    op.create_index("ix_subscriptions_tenant_id", "subscriptions", ["tenant_id"])
    op.create_index("ix_subscriptions_status_period_end", "subscriptions", ["status", "period_end"])
    op.create_table(
        "orders",
        _id(),
        _belongs("tenant_id", "tenants.id"),
        _belongs("subscription_id", "subscriptions.id"),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("sku", sa.Text, nullable=False),
        sa.Column("quantity", sa.BigInteger, nullable=False),
        sa.Column("prices", Json, nullable=False),
        sa.Column("rule", sa.Text),
        sa.Column("rule_set", sa.Text),
        sa.Column("at", UtcTime, nullable=False),
        sa.Column("made_by", _ID, nullable=False),
    )
    op.create_index("ix_orders_tenant_id_id", "orders", ["tenant_id", "id"])


def _make_ledger() -> None:
    op.create_table(
        "ledger_entries",
        _id(),
        sa.Column("reference", sa.Text, nullable=False, unique=True),
        sa.Column("seller_id", _ID, nullable=False),
        sa.Column("buyer_id", _ID, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("at", UtcTime, nullable=False),
        sa.Column("about", Json),
        sa.Column("memo", sa.Text, nullable=False),
        sa.Column("posted_at", UtcTime, nullable=False),
    )
    op.create_index("ix_ledger_entries_buyer_id", "ledger_entries", ["buyer_id", "seller_id", "at"])
    op.create_index("ix_ledger_entries_seller_id", "ledger_entries", ["seller_id", "buyer_id"])
    op.create_index("ix_ledger_entries_at", "ledger_entries", ["at"])
    op.create_table(
        "ledger_postings",
        _belongs("entry_id", "ledger_entries.id", primary_key=True),
        sa.Column("account", sa.String(16), primary_key=True),
        sa.Column("currency", _CURRENCY, primary_key=True),
        sa.Column("minor", sa.BigInteger, nullable=False),
    )


def _keep_ledger() -> None:
    """Let the database itself refuse to rewrite what was posted."""
    said = "the ledger is appended to and never changed: post a reversal"
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION keep_ledger() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{said}'; END $$"
        )
        for table in _KEPT:
            op.execute(
                f"CREATE TRIGGER keep_{table} BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
                "FOR EACH STATEMENT EXECUTE FUNCTION keep_ledger()"
            )
        return
    for table in _KEPT:
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER keep_{table}_{verb.lower()} BEFORE {verb} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{said}'); END"
            )


def _make_usage() -> None:
    op.create_table(
        "usage",
        _belongs("tenant_id", "tenants.id", primary_key=True),
        sa.Column("region", sa.String(64), primary_key=True),
        sa.Column("day", sa.Date, primary_key=True),
        sa.Column("seconds", sa.BigInteger, nullable=False),
        sa.Column("chain", Json, nullable=False),
    )
    op.create_index("ix_usage_day", "usage", ["day", "tenant_id"])
    op.create_table(
        "metered_days",
        sa.Column("region", sa.String(64), primary_key=True),
        sa.Column("day", sa.Date, nullable=False),
    )
    op.create_table(
        "closed_months",
        sa.Column("month", sa.String(7), primary_key=True),
        sa.Column("closed_at", UtcTime, nullable=False),
        sa.Column("unpriced", Json, nullable=False),
    )
    # Metering asks who was there on a day.
    op.create_index("ix_participants_left_at", "participants", ["left_at"])


def _make_outbox() -> None:
    op.create_table(
        "webhooks",
        _id(),
        sa.Column("owner_id", _ID, nullable=False),
        sa.Column("purpose", sa.String(32), nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("secret", sa.LargeBinary, nullable=False),
        sa.Column("created_at", UtcTime, nullable=False),
        sa.UniqueConstraint("owner_id", "purpose"),
    )
    op.create_table(
        "outbox",
        _id(),
        sa.Column("webhook_id", _ID, sa.ForeignKey("webhooks.id", ondelete="CASCADE"), nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("created_at", UtcTime, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("next_at", UtcTime),
        sa.Column("delivered_at", UtcTime),
        sa.Column("error", sa.Text),
        sa.UniqueConstraint("webhook_id", "key"),
    )
    op.create_index("ix_outbox_next_at", "outbox", ["next_at"])

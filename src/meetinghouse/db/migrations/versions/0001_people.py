"""The operator, its first tenant, people and how they sign in; the tenant's residency policy and the first market rules.

A fresh installation gets one operator, one tenant and one owner who has yet to enrol. The tenant's policy allows its own
region and the rule set `initial` allows everything: both are plain rows, because only who removes them meets the defaults,
which deny.
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from alembic import op

from meetinghouse.db.clock import SystemClock
from meetinghouse.db.ids import new_id
from meetinghouse.db.types import Json, UtcTime

revision = "0001_people"
down_revision = None
branch_labels = None
depends_on = None

_ID = sa.String(64)
_VERBS = ["register", "host", "join", "buy", "upgrade", "renew", "support"]


def _id() -> sa.Column[str]:
    return sa.Column("id", _ID, primary_key=True)


def _tenant() -> sa.Column[str]:
    return sa.Column("tenant_id", _ID, sa.ForeignKey("tenants.id"), nullable=False)


def _member(*, nullable: bool = False) -> sa.Column[str]:
    return sa.Column("member_id", _ID, sa.ForeignKey("members.id", ondelete="CASCADE"), nullable=nullable)


def _at(name: str, *, nullable: bool = False) -> sa.Column[datetime]:
    return sa.Column(name, UtcTime, nullable=nullable)


def upgrade() -> None:
    """Make the tables and the first rows."""
    _make_organisation()
    _make_sign_in()
    _make_policies()
    _make_first_rows()


def _make_organisation() -> None:
    op.create_table("operators", _id(), sa.Column("name", sa.Text, nullable=False), _at("created_at"))
    op.create_table(
        "tenants",
        _id(),
        sa.Column("operator_id", _ID, sa.ForeignKey("operators.id"), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("country", sa.Text),
        _at("created_at"),
    )
    op.create_table(
        "members",
        _id(),
        _tenant(),
        sa.Column("email", sa.Text),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("language", sa.Text),
        sa.Column("password_hash", sa.Text),
        sa.Column("personal_meeting_id", _ID),
        _at("created_at"),
        sa.UniqueConstraint("tenant_id", "email"),
    )
    op.create_table(
        "audit",
        _id(),
        _tenant(),
        _at("at"),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("detail", Json, nullable=False),
    )
    op.create_index("ix_audit_tenant_id_id", "audit", ["tenant_id", "id"])


def _make_sign_in() -> None:
    op.create_table(
        "passkeys",
        _id(),
        _tenant(),
        _member(),
        sa.Column("credential_id", sa.LargeBinary, nullable=False, unique=True),
        sa.Column("public_key", sa.LargeBinary, nullable=False),
        sa.Column("sign_count", sa.Integer, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        _at("created_at"),
    )
    op.create_index("ix_passkeys_member_id", "passkeys", ["member_id"])
    op.create_table(
        "challenges",
        _id(),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("challenge", sa.LargeBinary, nullable=False),
        _at("expires_at"),
    )
    op.create_table(
        "sign_ins",
        _id(),
        _tenant(),
        _member(),
        sa.Column("secret_mark", sa.LargeBinary, nullable=False, unique=True),
        sa.Column("client", sa.Text, nullable=False),
        _at("created_at"),
        _at("last_seen_at"),
        _at("expires_at"),
    )
    op.create_index("ix_sign_ins_member_id", "sign_ins", ["member_id"])
    op.create_table(
        "one_time_links",
        _id(),
        _tenant(),
        _member(),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("token_mark", sa.LargeBinary, nullable=False, unique=True),
        _at("created_at"),
        _at("expires_at"),
        _at("used_at", nullable=True),
    )
    op.create_index("ix_one_time_links_member_id", "one_time_links", ["member_id"])
    op.create_table(
        "api_tokens",
        _id(),
        _tenant(),
        _member(),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("secret_mark", sa.LargeBinary, nullable=False, unique=True),
        sa.Column("scopes", Json, nullable=False),
        _at("created_at"),
        _at("expires_at"),
    )
    op.create_index("ix_api_tokens_member_id", "api_tokens", ["member_id"])
    op.create_table(
        "idempotent_answers",
        sa.Column("mark", sa.LargeBinary, primary_key=True),
        sa.Column("request_mark", sa.LargeBinary, nullable=False),
        sa.Column("answer", sa.LargeBinary, nullable=False),
        _at("expires_at"),
    )


def _make_policies() -> None:
    op.create_table(
        "residency_policies",
        _id(),
        _tenant(),
        sa.Column("policy", Json, nullable=False),
        _at("created_at"),
    )
    op.create_index("ix_residency_policies_tenant_id", "residency_policies", ["tenant_id"])
    op.create_table(
        "market_rule_sets",
        _id(),
        sa.Column("operator_id", _ID, sa.ForeignKey("operators.id"), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("rules", Json, nullable=False),
        _at("created_at"),
        _at("activated_at", nullable=True),
    )


def _make_first_rows() -> None:
    now = SystemClock().now()
    operator_id, tenant_id = new_id(), new_id()
    _insert("operators", id=operator_id, name="Meetinghouse", created_at=now)
    _insert(
        "tenants",
        id=tenant_id,
        operator_id=operator_id,
        name="Meetinghouse",
        kind="enterprise",
        channel="direct",
        country=None,
        created_at=now,
    )
    _insert(
        "members",
        id=new_id(),
        tenant_id=tenant_id,
        email=None,
        name="Owner",
        role="owner",
        status="invited",
        created_at=now,
    )
    own = {"allow": ["local"], "deny": []}
    _insert(
        "residency_policies",
        id=new_id(),
        tenant_id=tenant_id,
        policy={"id": "own-region", "signalling": own, "media": own, "attach": own, "storage": own, "copies": []},
        created_at=now,
    )
    _insert(
        "market_rule_sets",
        id=new_id(),
        operator_id=operator_id,
        name="initial",
        rules={"version": 1, "rule": [{"id": "initial-allow", "verbs": _VERBS, "decision": "allow"}]},
        created_at=now,
        activated_at=now,
    )


def _insert(table: str, **values: object) -> None:
    columns = [
        sa.Column(name, UtcTime if name.endswith("_at") else Json if name in {"policy", "rules"} else sa.Text)
        for name in values
    ]
    op.bulk_insert(sa.Table(table, sa.MetaData(), *columns), [values])

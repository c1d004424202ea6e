"""SQL of people: tenants, members and the audit log."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    case,
    exists,
    false,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.engine import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from meetinghouse.db.ids import new_id
from meetinghouse.db.schema import metadata
from meetinghouse.db.types import Json, UtcTime
from meetinghouse.people.model import OUT, AuditEntry, Member, Organisation, Role, Status, Tenant, TenantStatus

operators = Table(
    "operators",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("name", Text, nullable=False),
    # The operator's home, whose members are its staff.
    Column("tenant_id", String(64)),
    Column("created_at", UtcTime, nullable=False),
)

partners = Table(
    "partners",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("operator_id", String(64), ForeignKey("operators.id"), nullable=False),
    Column("parent_id", String(64), ForeignKey("partners.id")),
    Column("code", String(64), nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    # The partner's home, whose members are its staff.
    Column("tenant_id", String(64), nullable=False, unique=True),
    Column("created_at", UtcTime, nullable=False),
    Column("ended_at", UtcTime),
)

tenants = Table(
    "tenants",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("operator_id", String(64), ForeignKey("operators.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("country", Text),
    Column("created_at", UtcTime, nullable=False),
    Column("partner_id", String(64), ForeignKey("partners.id")),
    Column("plan_id", String(64), nullable=False, server_default="standard"),
    Column("subdivision", Text),
    Column("status", Text, nullable=False, server_default="active"),
    # Whether its members must show a second factor.
    Column("second_factor", Boolean, nullable=False, server_default=false()),
)

members = Table(
    "members",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("tenant_id", String(64), ForeignKey("tenants.id"), nullable=False),
    Column("email", Text),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("language", Text),
    Column("password_hash", Text),
    Column("personal_meeting_id", String(64)),
    Column("created_at", UtcTime, nullable=False),
    # What the organisation's own system calls them (SCIM).
    Column("external_id", Text),
    UniqueConstraint("tenant_id", "email"),
)

audit = Table(
    "audit",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("tenant_id", String(64), ForeignKey("tenants.id"), nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("actor", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("detail", Json, nullable=False),
)

idempotent_answers = Table(
    "idempotent_answers",
    metadata,
    Column("mark", LargeBinary, primary_key=True),
    Column("request_mark", LargeBinary, nullable=False),
    Column("answer", LargeBinary, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
)

_TENANT = select(
    tenants.c.id,
    tenants.c.name,
    tenants.c.kind,
    tenants.c.channel,
    tenants.c.country,
    tenants.c.plan_id,
    partners.c.code,
    tenants.c.subdivision,
    tenants.c.status,
).outerjoin_from(tenants, partners, tenants.c.partner_id == partners.c.id)
_SHOWN = members.c.status != Status.REMOVED
# What a member's organisation is, what it asks for, and whether it has not ended: for queries that have `members` in them.
ORGANISATION = case(
    (exists().where(operators.c.tenant_id == members.c.tenant_id), Organisation.OPERATOR.value),
    (
        exists().where(partners.c.tenant_id == members.c.tenant_id, partners.c.ended_at.is_(None)),
        Organisation.PARTNER.value,
    ),
    else_=Organisation.TENANT.value,
)
WANTS_SECOND_FACTOR = exists().where(tenants.c.id == members.c.tenant_id, tenants.c.second_factor)
GOES_ON = exists().where(tenants.c.id == members.c.tenant_id, tenants.c.status != TenantStatus.ENDED)


async def home_id(connection: AsyncConnection) -> str:
    """The id of the operator's home, whosever rows are seen."""
    return str((await connection.execute(select(operators.c.tenant_id).order_by(operators.c.id).limit(1))).scalar_one())


async def first_tenant(connection: AsyncConnection) -> Tenant:
    """The tenant that the installation began with: the operator's home."""
    home = select(operators.c.tenant_id).order_by(operators.c.id).limit(1).scalar_subquery()
    return _tenant((await connection.execute(_TENANT.where(tenants.c.id == home))).one())


async def tenant(connection: AsyncConnection, tenant_id: str) -> Tenant:
    """One tenant, which exists."""
    return _tenant((await connection.execute(_TENANT.where(tenants.c.id == tenant_id))).one())


async def wants_second_factor(connection: AsyncConnection, tenant_id: str) -> bool:
    """Whether a tenant's members must show a second factor."""
    return bool((await connection.execute(select(tenants.c.second_factor).where(tenants.c.id == tenant_id))).scalar())


async def set_second_factor(connection: AsyncConnection, tenant_id: str, *, wanted: bool) -> None:
    """Ask a tenant's members for a second factor, or no more."""
    await connection.execute(update(tenants).where(tenants.c.id == tenant_id).values(second_factor=wanted))


async def organisation_of(connection: AsyncConnection, member_id: str) -> Organisation:
    """What the organisation of a member, who exists, is."""
    query = select(ORGANISATION).where(members.c.id == member_id)
    return Organisation((await connection.execute(query)).scalar_one())


async def member(connection: AsyncConnection, member_id: str) -> Member | None:
    """One member by id."""
    return await _one(connection, members.c.id == member_id)


async def those_out(connection: AsyncConnection, member_ids: Collection[str]) -> set[str]:
    """Those of them who may do nothing any more: disabled, removed, or not there."""
    query = select(members.c.id).where(members.c.id.in_(member_ids), members.c.status.not_in(OUT))
    return set(member_ids) - set((await connection.execute(query)).scalars())


async def member_by_email(connection: AsyncConnection, tenant_id: str, email: str) -> Member | None:
    """One member by the clean spelling of their address."""
    return await _one(connection, (members.c.tenant_id == tenant_id) & (members.c.email == email))


async def those_with_email(connection: AsyncConnection, email: str, limit: int) -> list[Member]:
    """Members, of any tenant, who can sign in with the clean spelling of this address; the oldest accounts first."""
    query = (
        select(members)
        .where(members.c.email == email, members.c.status == Status.ACTIVE, GOES_ON)
        .order_by(members.c.id)
        .limit(limit)
    )
    return [_member(row) for row in (await connection.execute(query)).mappings()]


async def first_owner(connection: AsyncConnection, tenant_id: str) -> Member:
    """The longest-standing owner; before anybody has enrolled, the one who was made with the tenant."""
    query = (
        select(members)
        .where(members.c.tenant_id == tenant_id, members.c.role == Role.OWNER)
        .where(members.c.status.in_([Status.ACTIVE, Status.INVITED]))
        .order_by(members.c.status, members.c.id)
        .limit(1)
    )
    return _member((await connection.execute(query)).mappings().one())


async def count_active_owners(connection: AsyncConnection, tenant_id: str) -> int:
    """How many owners can sign in."""
    query = select(func.count()).where(
        members.c.tenant_id == tenant_id, members.c.role == Role.OWNER, members.c.status == Status.ACTIVE
    )
    return (await connection.execute(query)).scalar_one()


async def count_seats(connection: AsyncConnection, tenant_id: str) -> int:
    """How many members take a seat: those who can sign in, or will once they have taken their invitation up."""
    query = select(func.count()).where(members.c.tenant_id == tenant_id, members.c.status.not_in(OUT))
    return (await connection.execute(query)).scalar_one()


async def members_page(connection: AsyncConnection, tenant_id: str, after: str, limit: int) -> list[Member]:
    """Members by age of their account, after the id `after`."""
    wanted = (members.c.tenant_id == tenant_id, members.c.id > after, _SHOWN)
    query = select(members).where(*wanted).order_by(members.c.id).limit(limit)
    return [_member(row) for row in (await connection.execute(query)).mappings()]


async def insert_member(connection: AsyncConnection, new: Member) -> None:
    """Add a member."""
    await connection.execute(insert(members).values(msgspec.structs.asdict(new)))


async def update_member(connection: AsyncConnection, member_id: str, **values: Any) -> None:  # noqa: ANN401 (column values)
    """Set some columns of a member."""
    await connection.execute(update(members).where(members.c.id == member_id).values(**values))


async def insert_audit(
    connection: AsyncConnection,
    tenant_id: str,
    at: datetime,
    actor: str,
    action: str,
    subject: str,
    detail: dict[str, Any],
) -> None:
    """Append to the audit log."""
    await connection.execute(
        insert(audit).values(
            id=new_id(), tenant_id=tenant_id, at=at, actor=actor, action=action, subject=subject, detail=detail
        )
    )


async def audit_page(connection: AsyncConnection, tenant_id: str, before: str, limit: int) -> list[AuditEntry]:
    """The newest entries first, before the id `before` (empty: from the newest)."""
    query = select(audit).where(audit.c.tenant_id == tenant_id).order_by(audit.c.id.desc()).limit(limit)
    if before:
        query = query.where(audit.c.id < before)
    rows = (await connection.execute(query)).mappings()
    return [AuditEntry(**{name: row[name] for name in AuditEntry.__struct_fields__}) for row in rows]


async def _one(connection: AsyncConnection, condition: Any) -> Member | None:  # noqa: ANN401 (a SQL expression)
    row = (await connection.execute(select(members).where(condition, _SHOWN))).mappings().one_or_none()
    return None if row is None else _member(row)


def _tenant(row: Sequence[Any]) -> Tenant:
    return msgspec.structs.replace(Tenant(*row), status=TenantStatus(row[-1]))


def _member(row: RowMapping) -> Member:
    values = {name: row[name] for name in Member.__struct_fields__}
    return Member(**{**values, "role": Role(row["role"]), "status": Status(row["status"])})

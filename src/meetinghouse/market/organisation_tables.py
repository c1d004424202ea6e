"""SQL of partners, plans and the administration of tenants."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import Select, case, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from meetinghouse.db import keyset
from meetinghouse.market.organisations import Entitlements, Partner, Plan, Reach, TenantRow
from meetinghouse.market.tables import plans
from meetinghouse.people.model import Status, TenantStatus
from meetinghouse.people.tables import members, operators, partners, tenants

_PARTNER = select(*(partners.c[name] for name in Partner.__struct_fields__))
_MEMBERS = (
    select(func.count())
    .where(members.c.tenant_id == tenants.c.id, members.c.status != Status.REMOVED)
    .correlate(tenants)
    .scalar_subquery()
)
_TENANT = select(
    tenants.c.id,
    tenants.c.name,
    tenants.c.kind,
    tenants.c.channel,
    tenants.c.country,
    tenants.c.subdivision,
    tenants.c.plan_id.label("plan"),
    partners.c.code.label("partner"),
    tenants.c.status,
    _MEMBERS.label("members"),
    tenants.c.created_at,
).outerjoin_from(tenants, partners, tenants.c.partner_id == partners.c.id)

# What tenants can be sorted and filtered by. `created`: ids begin with their time.
SORTS = {
    "name": tenants.c.name,
    "created": tenants.c.id,
    "country": func.coalesce(tenants.c.country, ""),
    "plan": tenants.c.plan_id,
    "status": tenants.c.status,
}
_FILTERS: dict[str, Any] = {
    "kind": tenants.c.kind,
    "channel": tenants.c.channel,
    "country": tenants.c.country,
    "plan": tenants.c.plan_id,
    "partner": partners.c.code,
    "status": tenants.c.status,
}


async def all_partners(connection: AsyncConnection) -> dict[str, Partner]:
    """Every partner by its id, the oldest first."""
    rows = (await connection.execute(_PARTNER.order_by(partners.c.id))).mappings()
    return {row["id"]: Partner(**row) for row in rows}


async def insert_partner(connection: AsyncConnection, operator_id: str, new: Partner) -> None:
    """Add a partner."""
    await connection.execute(insert(partners).values(operator_id=operator_id, **msgspec.structs.asdict(new)))


async def update_partner(connection: AsyncConnection, partner_id: str, **values: Any) -> None:  # noqa: ANN401 (columns)
    """Set some columns of a partner."""
    await connection.execute(update(partners).where(partners.c.id == partner_id).values(**values))


async def count_tenants_of(connection: AsyncConnection, partner_id: str) -> int:
    """How many tenants a partner sells to that have not ended."""
    query = select(func.count()).where(tenants.c.partner_id == partner_id, tenants.c.status != TenantStatus.ENDED)
    return (await connection.execute(query)).scalar_one()


async def all_plans(connection: AsyncConnection) -> list[Plan]:
    """Every plan, the oldest first."""
    return [_plan(row) for row in await connection.execute(select(plans).order_by(plans.c.created_at, plans.c.id))]


async def plan(connection: AsyncConnection, code: str) -> Plan | None:
    """One plan."""
    row = (await connection.execute(select(plans).where(plans.c.id == code))).one_or_none()
    return None if row is None else _plan(row)


async def insert_plan(connection: AsyncConnection, new: Plan) -> None:
    """Add a plan."""
    values = {"id": new.code, "name": new.name, "entitlements": new.entitlements, "created_at": new.created_at}
    await connection.execute(insert(plans).values(**values))


async def update_plan(connection: AsyncConnection, code: str, **values: Any) -> None:  # noqa: ANN401 (columns)
    """Set some columns of a plan."""
    await connection.execute(update(plans).where(plans.c.id == code).values(**values))


async def tenants_page(
    connection: AsyncConnection, reach: Reach, filters: dict[str, str], text: str, page: tuple[keyset.Order, str, int]
) -> list[TenantRow]:
    """Tenants within `reach` whose columns are as `filters` say and whose name holds `text`, a page of an order."""
    query = _within(reach)
    for name, value in filters.items():
        query = query.where(_FILTERS[name] == value)
    if text:
        query = query.where(func.lower(tenants.c.name).contains(text.lower(), autoescape=True))
    rows = (await connection.execute(keyset.page(query, *page))).mappings()
    return [_row(dict(row)) for row in rows]


async def tenant_row(connection: AsyncConnection, reach: Reach, tenant_id: str) -> TenantRow | None:
    """One tenant, if it is within `reach`."""
    row = (await connection.execute(_within(reach).where(tenants.c.id == tenant_id))).mappings().one_or_none()
    return None if row is None else _row(dict(row))


async def insert_tenant(connection: AsyncConnection, **values: Any) -> None:  # noqa: ANN401 (columns)
    """Add a tenant."""
    await connection.execute(insert(tenants).values(**values))


async def update_tenant(connection: AsyncConnection, tenant_id: str, **values: Any) -> None:  # noqa: ANN401 (columns)
    """Set some columns of a tenant."""
    await connection.execute(update(tenants).where(tenants.c.id == tenant_id).values(**values))


async def operator_id(connection: AsyncConnection) -> str:
    """Who runs the installation."""
    return str((await connection.execute(select(operators.c.id).order_by(operators.c.id).limit(1))).scalar_one())


async def is_home(connection: AsyncConnection, tenant_id: str) -> bool:
    """Whether a tenant is the operator's, or that of a partner that has not ended."""
    query = select(
        case(
            (
                or_(
                    select(operators.c.id).where(operators.c.tenant_id == tenant_id).exists(),
                    select(partners.c.id)
                    .where(partners.c.tenant_id == tenant_id, partners.c.ended_at.is_(None))
                    .exists(),
                ),
                1,
            ),
            else_=0,
        )
    )
    return bool((await connection.execute(query)).scalar_one())


def _within(reach: Reach) -> Select[Any]:
    return _TENANT if reach.everything else _TENANT.where(tenants.c.partner_id.in_(sorted(reach.below)))


def _row(row: dict[str, Any]) -> TenantRow:
    return TenantRow(**{**row, "status": TenantStatus(row["status"])})


def _plan(row: Any) -> Plan:  # noqa: ANN401 (a row of `plans`)
    entitlements = msgspec.convert(row.entitlements, Entitlements)
    return Plan(code=row.id, name=row.name, entitlements=entitlements, created_at=row.created_at)

"""SQL of plans, and of the tenants that rules are tried on."""

from __future__ import annotations

from sqlalchemy import Column, String, Table, Text, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from meetinghouse.db.schema import metadata
from meetinghouse.db.types import Json, UtcTime
from meetinghouse.market.simulation import Group
from meetinghouse.people.model import Tenant
from meetinghouse.people.tables import partners, tenants

plans = Table(
    "plans",
    metadata,
    # The plan's code, as market rules name it.
    Column("id", String(64), primary_key=True),
    Column("name", Text, nullable=False),
    Column("entitlements", Json, nullable=False),
    Column("created_at", UtcTime, nullable=False),
)


async def tenant_groups(connection: AsyncConnection) -> list[Group]:
    """All tenants, by what rules can ask of them."""
    asked = (
        tenants.c.kind,
        tenants.c.channel,
        tenants.c.country,
        tenants.c.plan_id,
        partners.c.code,
        tenants.c.subdivision,
    )
    example = func.min(tenants.c.id).label("id")
    query = (
        select(example, *asked, func.count())
        .outerjoin_from(tenants, partners, tenants.c.partner_id == partners.c.id)
        .group_by(*asked)
        .order_by(example)
    )
    return [Group(Tenant(one, "", *who), count) for one, *who, count in await connection.execute(query)]

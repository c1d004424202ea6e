"""SQL of market rules."""

from __future__ import annotations

from sqlalchemy import Column, String, Table, Text, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from meetinghouse.db.schema import metadata
from meetinghouse.db.types import Json, UtcTime
from meetinghouse.market.model import Rules, RuleSet
from meetinghouse.market.reading import rules_of
from meetinghouse.market.simulation import Group
from meetinghouse.people.model import Tenant
from meetinghouse.people.tables import partners, tenants

market_rule_sets = Table(
    "market_rule_sets",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("operator_id", String(64), nullable=False),
    Column("name", Text, nullable=False),
    Column("rules", Json, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("activated_at", UtcTime),
)

plans = Table(
    "plans",
    metadata,
    # The plan's code, as market rules name it.
    Column("id", String(64), primary_key=True),
    Column("name", Text, nullable=False),
    Column("entitlements", Json, nullable=False),
    Column("created_at", UtcTime, nullable=False),
)

_NONE = RuleSet(id="", name="", content=Rules(), activated_at=None)


async def active_rule_set(connection: AsyncConnection) -> RuleSet:
    """The set that was activated last; an empty one, which leaves the defaults, when there is none."""
    query = (
        select(market_rule_sets)
        .where(market_rule_sets.c.activated_at.is_not(None))
        .order_by(market_rule_sets.c.activated_at.desc())
        .limit(1)
    )
    row = (await connection.execute(query)).one_or_none()
    if row is None:
        return _NONE
    return RuleSet(id=row.id, name=row.name, content=rules_of(row.rules), activated_at=row.activated_at)


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

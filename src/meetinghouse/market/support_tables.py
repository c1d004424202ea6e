"""SQL of support grants."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table, Text, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from meetinghouse.db.schema import metadata
from meetinghouse.db.types import Json, UtcTime
from meetinghouse.market.support import Area, Grant

_ID = String(64)

support_grants = Table(
    "support_grants",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("tenant_id", _ID, ForeignKey("tenants.id"), nullable=False),
    # None: the operator.
    Column("partner_id", _ID, ForeignKey("partners.id")),
    Column("areas", Json, nullable=False),
    Column("reason", Text, nullable=False),
    Column("hours", Integer, nullable=False),
    Column("made_at", UtcTime, nullable=False),
    Column("made_by", Text, nullable=False),
    Column("given_at", UtcTime),
    Column("ends_at", UtcTime),
    Column("ended_at", UtcTime),
    Index("ix_support_grants_tenant_id", "tenant_id"),
    Index("ix_support_grants_partner_id", "partner_id"),
)


async def insert_grant(connection: AsyncConnection, grant: Grant) -> None:
    """Add a grant."""
    await connection.execute(insert(support_grants).values(**msgspec.structs.asdict(grant)))


async def update_grant(connection: AsyncConnection, grant_id: str, **values: Any) -> None:  # noqa: ANN401 (column values)
    """Set some columns."""
    await connection.execute(update(support_grants).where(support_grants.c.id == grant_id).values(**values))


async def grant(connection: AsyncConnection, grant_id: str) -> Grant | None:
    """One grant."""
    found = await _grants(connection, support_grants.c.id == grant_id, 1)
    return found[0] if found else None


async def grants_of_tenant(connection: AsyncConnection, tenant_id: str, limit: int) -> list[Grant]:
    """The newest first."""
    return await _grants(connection, support_grants.c.tenant_id == tenant_id, limit)


async def grants_of_staff(connection: AsyncConnection, partner_id: str | None, limit: int) -> list[Grant]:
    """Those of a partner, or of the operator (None), the newest first."""
    return await _grants(connection, support_grants.c.partner_id.is_not_distinct_from(partner_id), limit)


async def _grants(connection: AsyncConnection, condition: Any, limit: int) -> list[Grant]:  # noqa: ANN401 (a SQL expression)
    query = select(support_grants).where(condition).order_by(support_grants.c.id.desc()).limit(limit)
    rows = (await connection.execute(query)).mappings()
    return [Grant(**{**row, "areas": tuple(Area(one) for one in row["areas"])}) for row in rows]

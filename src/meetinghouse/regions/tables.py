"""SQL of residency policies."""

from __future__ import annotations

from datetime import datetime

import msgspec
from sqlalchemy import Column, String, Table, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from meetinghouse.db.ids import new_id
from meetinghouse.db.schema import metadata
from meetinghouse.db.types import Json, UtcTime
from meetinghouse.regions.model import Policy

residency_policies = Table(
    "residency_policies",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("tenant_id", String(64), nullable=False),
    Column("policy", Json, nullable=False),
    Column("created_at", UtcTime, nullable=False),
)


async def insert_policy(connection: AsyncConnection, tenant_id: str, policy: Policy, now: datetime) -> None:
    """Give a tenant a new policy, which is in force at once."""
    row = {"id": new_id(), "tenant_id": tenant_id, "policy": policy, "created_at": now}
    await connection.execute(insert(residency_policies).values(**row))


async def policy_of(connection: AsyncConnection, tenant_id: str) -> Policy | None:
    """A tenant's newest policy."""
    query = (
        select(residency_policies.c.policy)
        .where(residency_policies.c.tenant_id == tenant_id)
        .order_by(residency_policies.c.id.desc())
        .limit(1)
    )
    found = (await connection.execute(query)).scalar_one_or_none()
    return None if found is None else msgspec.convert(found, Policy)

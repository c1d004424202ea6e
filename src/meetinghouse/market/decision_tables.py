"""SQL of decisions that are kept."""

from __future__ import annotations

from datetime import datetime

import msgspec
from sqlalchemy import Boolean, Column, ForeignKey, Integer, String, Table, Text, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from meetinghouse.db.schema import metadata
from meetinghouse.db.types import UtcTime
from meetinghouse.market.model import KeptDecision

market_decisions = Table(
    "market_decisions",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("tenant_id", String(64), ForeignKey("tenants.id"), nullable=False),
    Column("verb", String(16), nullable=False),
    Column("decision", String(8), nullable=False),
    Column("rule", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("last_at", UtcTime, nullable=False),
    Column("count", Integer, nullable=False),
    Column("counted", Boolean, nullable=False),
)


async def insert_decision(connection: AsyncConnection, new: KeptDecision) -> None:
    """Add a decision."""
    await connection.execute(insert(market_decisions).values(msgspec.structs.asdict(new)))


async def count_decisions(connection: AsyncConnection, new: KeptDecision, since: datetime) -> None:
    """Add to the row that counts the same decisions since then, or begin one."""
    table = market_decisions.c
    same = (
        table.tenant_id == new.tenant_id,
        table.verb == new.verb,
        table.decision == new.decision,
        table.rule == new.rule,
        table.version == new.version,
        table.at >= since,
        table.counted.is_(True),
    )
    counted = update(market_decisions).where(*same).values(count=table.count + new.count, last_at=new.last_at)
    if not (await connection.execute(counted)).rowcount:
        await insert_decision(connection, new)


async def decisions_page(
    connection: AsyncConnection, tenant_id: str | None, verb: str | None, decision: str | None, before: str, limit: int
) -> list[KeptDecision]:
    """The newest first, before the id `before` (empty: from the newest); of all tenants where none is named."""
    table = market_decisions.c
    query = select(market_decisions).order_by(table.id.desc()).limit(limit)
    for column, wanted in ((table.tenant_id, tenant_id), (table.verb, verb), (table.decision, decision)):
        query = query if wanted is None else query.where(column == wanted)
    query = query.where(table.id < before) if before else query
    return [KeptDecision(**row) for row in (await connection.execute(query)).mappings()]

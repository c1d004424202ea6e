"""SQL of rule sets, their approvals and activations."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import (
    Column,
    ForeignKey,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from meetinghouse.db.schema import metadata
from meetinghouse.db.types import Json, UtcTime
from meetinghouse.market.model import Activation, Approval, Rules, RuleSet
from meetinghouse.market.reading import raw_of, rules_of

market_rule_sets = Table(
    "market_rule_sets",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("operator_id", String(64), nullable=False),
    Column("version", Integer, nullable=False),
    Column("name", Text, nullable=False),
    Column("rules", Json, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("author_id", String(64)),
    Column("base_id", String(64)),
    Column("restores_id", String(64)),
    Column("created_at", UtcTime, nullable=False),
    Column("submitted_at", UtcTime),
)

market_approvals = Table(
    "market_approvals",
    metadata,
    Column("rule_set_id", String(64), ForeignKey("market_rule_sets.id"), nullable=False),
    Column("member_id", String(64), nullable=False),
    Column("at", UtcTime, nullable=False),
    PrimaryKeyConstraint("rule_set_id", "member_id"),
)

market_activations = Table(
    "market_activations",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("sequence", Integer, nullable=False, unique=True),
    Column("rule_set_id", String(64), ForeignKey("market_rule_sets.id"), nullable=False),
    Column("starts_at", UtcTime, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("created_by", String(64)),
    Column("began_at", UtcTime),
    Column("cancelled_at", UtcTime),
)

# What is longer is no version's number, and too long for the database's integers.
_ID_CHARACTERS = 10
# All but the rules themselves, which can be large.
_KNOWN = tuple(market_rule_sets.c[name] for name in RuleSet.__struct_fields__ if name in market_rule_sets.c)


async def activations(connection: AsyncConnection) -> list[Activation]:
    """All there ever were, the first one first."""
    query = select(market_activations).order_by(market_activations.c.sequence)
    return [Activation(**row) for row in (await connection.execute(query)).mappings()]


async def rule_set(connection: AsyncConnection, name: str) -> RuleSet | None:
    """One set, by its id or by its version's number."""
    is_number = name.isdecimal() and len(name) < _ID_CHARACTERS
    condition = market_rule_sets.c.version == int(name) if is_number else market_rule_sets.c.id == name
    found = await _sets(connection, select(*_KNOWN).where(condition))
    return found[0] if found else None


async def rule_sets_page(connection: AsyncConnection, before: int | None, limit: int) -> list[RuleSet]:
    """The newest versions first, those before the version `before`."""
    query = select(*_KNOWN).order_by(market_rule_sets.c.version.desc()).limit(limit)
    return await _sets(connection, query if before is None else query.where(market_rule_sets.c.version < before))


async def rules_in(connection: AsyncConnection, set_id: str) -> Rules:
    """The rules of a set, which exists."""
    query = select(market_rule_sets.c.rules).where(market_rule_sets.c.id == set_id)
    return rules_of((await connection.execute(query)).scalar_one())


async def next_version(connection: AsyncConnection) -> int:
    """The number of the next set."""
    return ((await connection.execute(select(func.max(market_rule_sets.c.version)))).scalar() or 0) + 1


async def operator_id(connection: AsyncConnection) -> str:
    """The one operator."""
    return str((await connection.execute(select(market_rule_sets.c.operator_id).limit(1))).scalar_one())


async def insert_rule_set(connection: AsyncConnection, new: RuleSet, rules: Rules) -> None:
    """Add a set, with its approvals."""
    values = {name: value for name, value in msgspec.structs.asdict(new).items() if name != "approvals"}
    owner = await operator_id(connection)
    await connection.execute(insert(market_rule_sets).values(operator_id=owner, rules=raw_of(rules), **values))
    for approval in new.approvals:
        await insert_approval(connection, new.id, approval)


async def update_rule_set(connection: AsyncConnection, set_id: str, **values: Any) -> None:  # noqa: ANN401 (column values)
    """Set some columns of a set."""
    await connection.execute(update(market_rule_sets).where(market_rule_sets.c.id == set_id).values(**values))


async def insert_approval(connection: AsyncConnection, set_id: str, approval: Approval) -> None:
    """Add somebody's approval."""
    await connection.execute(
        insert(market_approvals).values(rule_set_id=set_id, member_id=approval.member_id, at=approval.at)
    )


async def delete_approvals(connection: AsyncConnection, set_id: str) -> None:
    """Forget all approvals of a set."""
    await connection.execute(delete(market_approvals).where(market_approvals.c.rule_set_id == set_id))


async def insert_activation(connection: AsyncConnection, new: Activation) -> None:
    """Add an activation."""
    await connection.execute(insert(market_activations).values(msgspec.structs.asdict(new)))


async def mark_begun(connection: AsyncConnection, activation_id: str, at: datetime) -> bool:
    """Note that an activation was seen in force; whether nobody had before."""
    query = update(market_activations).where(
        market_activations.c.id == activation_id,
        market_activations.c.began_at.is_(None),
        market_activations.c.cancelled_at.is_(None),
    )
    return (await connection.execute(query.values(began_at=at))).rowcount == 1


async def mark_cancelled(connection: AsyncConnection, activation_id: str, at: datetime) -> None:
    """Note that an activation will not begin."""
    query = update(market_activations).where(market_activations.c.id == activation_id)
    await connection.execute(query.values(cancelled_at=at))


async def _sets(connection: AsyncConnection, query: Any) -> list[RuleSet]:  # noqa: ANN401 (a SQL expression)
    rows = (await connection.execute(query)).mappings().all()
    approvals = await _approvals(connection, [row["id"] for row in rows])
    return [RuleSet(**row, approvals=tuple(approvals.get(row["id"], ()))) for row in rows]


async def _approvals(connection: AsyncConnection, set_ids: Sequence[str]) -> dict[str, list[Approval]]:
    query = select(market_approvals).where(market_approvals.c.rule_set_id.in_(set_ids)).order_by(market_approvals.c.at)
    found: dict[str, list[Approval]] = {}
    for row in await connection.execute(query):
        found.setdefault(row.rule_set_id, []).append(Approval(row.member_id, row.at))
    return found

"""SQL of withdrawals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Column, ForeignKey, Integer, PrimaryKeyConstraint, String, Table, Text, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from meetinghouse.db.schema import metadata
from meetinghouse.db.types import Json, UtcTime
from meetinghouse.market.withdrawal_model import Affected, Plan, Withdrawal
from meetinghouse.market.withdrawal_rules import fate_of
from meetinghouse.people.model import Role, Status, Tenant
from meetinghouse.people.tables import members, partners, tenants

_ID = String(64)

withdrawals = Table(
    "withdrawals",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("plan", Json, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("created_by", _ID, nullable=False),
    # The last tenant, by id, that was looked at for notice: where the next batch goes on.
    Column("told_up_to", _ID, nullable=False),
    Column("told_at", UtcTime),
    Column("ended_at", UtcTime),
    Column("cancelled_at", UtcTime),
)

withdrawal_tenants = Table(
    "withdrawal_tenants",
    metadata,
    Column("withdrawal_id", _ID, ForeignKey("withdrawals.id"), nullable=False),
    Column("tenant_id", _ID, ForeignKey("tenants.id"), nullable=False),
    # Through whom and how it bought before, so that it can go back.
    Column("former_partner_id", _ID),
    Column("former_channel", Text, nullable=False),
    Column("told_at", UtcTime, nullable=False),
    Column("choice", Text),
    Column("chosen_at", UtcTime),
    Column("moved_at", UtcTime),
    PrimaryKeyConstraint("withdrawal_id", "tenant_id"),
)


async def insert_withdrawal(connection: AsyncConnection, new: Withdrawal) -> None:
    """Add a withdrawal."""
    await connection.execute(insert(withdrawals).values(**msgspec.structs.asdict(new), told_up_to=""))


async def update_withdrawal(connection: AsyncConnection, withdrawal_id: str, **values: Any) -> None:  # noqa: ANN401
    """Set some columns."""
    await connection.execute(update(withdrawals).where(withdrawals.c.id == withdrawal_id).values(**values))


async def withdrawal(connection: AsyncConnection, withdrawal_id: str) -> Withdrawal | None:
    """One withdrawal."""
    found = await _withdrawals(connection, select(withdrawals).where(withdrawals.c.id == withdrawal_id))
    return found[0] if found else None


async def all_withdrawals(connection: AsyncConnection) -> list[Withdrawal]:
    """The newest first."""
    return await _withdrawals(connection, select(withdrawals).order_by(withdrawals.c.id.desc()))


async def open_withdrawals(connection: AsyncConnection) -> list[Withdrawal]:
    """Those that are neither over nor called off."""
    query = select(withdrawals).where(withdrawals.c.ended_at.is_(None), withdrawals.c.cancelled_at.is_(None))
    return await _withdrawals(connection, query.order_by(withdrawals.c.id))


async def told_up_to(connection: AsyncConnection, withdrawal_id: str) -> str:
    """Where the notice stands."""
    query = select(withdrawals.c.told_up_to).where(withdrawals.c.id == withdrawal_id)
    return str((await connection.execute(query)).scalar_one())


async def tenants_after(connection: AsyncConnection, after: str, limit: int) -> list[tuple[Tenant, str | None]]:
    """Tenants by id, each with the id of the partner that it buys through."""
    query = (
        select(
            tenants.c.id,
            tenants.c.name,
            tenants.c.kind,
            tenants.c.channel,
            tenants.c.country,
            tenants.c.plan_id,
            partners.c.code,
            tenants.c.subdivision,
            tenants.c.partner_id,
        )
        .outerjoin(partners, partners.c.id == tenants.c.partner_id)
        .where(tenants.c.id > after)
        .order_by(tenants.c.id)
        .limit(limit)
    )
    return [(Tenant(*row[:-1]), row[-1]) for row in (await connection.execute(query)).all()]


async def seat_of(connection: AsyncConnection, tenant_id: str) -> tuple[str | None, str]:
    """The id of the partner that a tenant buys through, and the channel."""
    query = select(tenants.c.partner_id, tenants.c.channel).where(tenants.c.id == tenant_id)
    row = (await connection.execute(query)).one()
    return row.partner_id, row.channel


async def insert_affected(connection: AsyncConnection, rows: Sequence[dict[str, Any]]) -> None:
    """Add tenants that are told."""
    if rows:
        await connection.execute(insert(withdrawal_tenants), list(rows))


async def affected_row(connection: AsyncConnection, withdrawal_id: str, tenant_id: str) -> Any:  # noqa: ANN401 (a row)
    """What is kept of a tenant's part, if it has one."""
    query = select(withdrawal_tenants).where(
        withdrawal_tenants.c.withdrawal_id == withdrawal_id, withdrawal_tenants.c.tenant_id == tenant_id
    )
    return (await connection.execute(query)).one_or_none()


async def update_affected(connection: AsyncConnection, withdrawal_id: str, tenant_id: str, **values: Any) -> None:  # noqa: ANN401
    """Set some columns of a tenant's part."""
    query = update(withdrawal_tenants).where(
        withdrawal_tenants.c.withdrawal_id == withdrawal_id, withdrawal_tenants.c.tenant_id == tenant_id
    )
    await connection.execute(query.values(**values))


async def silent_tenants(connection: AsyncConnection, withdrawal_id: str, limit: int) -> list[str]:
    """Tenants that have not chosen and were not moved."""
    table = withdrawal_tenants.c
    query = select(table.tenant_id).where(
        table.withdrawal_id == withdrawal_id, table.choice.is_(None), table.moved_at.is_(None)
    )
    return list((await connection.execute(query.order_by(table.tenant_id).limit(limit))).scalars())


async def move_tenant(
    connection: AsyncConnection, tenant_id: str, from_id: str | None, to_id: str | None, channel: str
) -> bool:
    """Have a tenant buy through another partner, if it still does through `from_id`; nothing else of it changes."""
    same = tenants.c.partner_id.is_(None) if from_id is None else tenants.c.partner_id == from_id
    moved = update(tenants).where(tenants.c.id == tenant_id, same).values(partner_id=to_id, channel=channel)
    return (await connection.execute(moved)).rowcount == 1


async def partner_ids(connection: AsyncConnection, *, ended: bool = False) -> dict[str, str]:
    """The ids of the partners that there are, by code; with those that have `ended`."""
    query = select(partners.c.code, partners.c.id)
    query = query if ended else query.where(partners.c.ended_at.is_(None))
    return {row.code: row.id for row in await connection.execute(query)}


async def administrators(connection: AsyncConnection, tenant_id: str) -> list[tuple[str, str, str | None]]:
    """Member id, address and language of those who can choose for a tenant."""
    query = select(members.c.id, members.c.email, members.c.language).where(
        members.c.tenant_id == tenant_id,
        members.c.status == Status.ACTIVE,
        members.c.role.in_([Role.OWNER, Role.ADMIN]),
        members.c.email.is_not(None),
    )
    return [(row.id, row.email, row.language) for row in await connection.execute(query)]


async def affected_page(connection: AsyncConnection, withdrawal_id: str, after: str, limit: int) -> list[Affected]:
    """Tenants that were told, by id, after the id `after`."""
    former = partners.alias("former")
    part = withdrawal_tenants.c
    query = (
        select(
            part.tenant_id,
            tenants.c.name,
            tenants.c.country,
            former.c.code.label("former"),
            partners.c.code.label("partner"),
            part.told_at,
            part.choice,
            part.chosen_at,
            part.moved_at,
        )
        .join(tenants, tenants.c.id == part.tenant_id)
        .outerjoin(partners, partners.c.id == tenants.c.partner_id)
        .outerjoin(former, former.c.id == part.former_partner_id)
        .where(part.withdrawal_id == withdrawal_id, part.tenant_id > after)
        .order_by(part.tenant_id)
        .limit(limit)
    )
    rows = (await connection.execute(query)).mappings()
    return [Affected(**row, fate=fate_of(told=True, choice=row["choice"], moved_at=row["moved_at"])) for row in rows]


async def parts_of(connection: AsyncConnection, tenant_id: str) -> list[str]:
    """The withdrawals that a tenant was told of."""
    query = select(withdrawal_tenants.c.withdrawal_id).where(withdrawal_tenants.c.tenant_id == tenant_id)
    return list((await connection.execute(query)).scalars())


async def _withdrawals(connection: AsyncConnection, query: Any) -> list[Withdrawal]:  # noqa: ANN401 (a SQL expression)
    rows = (await connection.execute(query)).mappings()
    return [
        Withdrawal(
            **{name: row[name] for name in Withdrawal.__struct_fields__ if name != "plan"},
            plan=msgspec.convert(row["plan"], Plan),
        )
        for row in rows
    ]

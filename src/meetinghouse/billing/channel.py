"""Who an actor speaks for, and whom that organisation sells to. What is not theirs to see is not there (404)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from meetinghouse.billing import tables
from meetinghouse.people.model import Actor, Scope
from meetinghouse.people.tables import operators, partners
from meetinghouse.security.refusal import Refusal

# Operator, three tiers of partners, and the tenant.
_LONGEST_CHAIN = 5


class Organisation(Struct, frozen=True):
    """The operator, a partner or a tenant. `parent` is the id of who sells to it; `operator` the operator's."""

    id: str
    kind: Literal["operator", "partner", "tenant"]
    operator: str
    parent: str | None


async def organisation_of(connection: AsyncConnection, actor: Actor) -> Organisation:
    """For whom somebody acts: staff of the operator or a partner are members of its home.

    Raises:
        Refusal: 403 `missing_scope`.

    """
    actor.must(Scope.ADMIN)
    query = select(operators.c.id).where(operators.c.tenant_id == actor.tenant_id)
    operator = (await connection.execute(query)).scalar()
    if operator is not None:
        return Organisation(operator, "operator", operator, None)
    columns = (partners.c.id, partners.c.operator_id, partners.c.parent_id)
    row = (await connection.execute(select(*columns).where(partners.c.tenant_id == actor.tenant_id))).one_or_none()
    if row is not None:
        return Organisation(row.id, "partner", row.operator_id, row.parent_id or row.operator_id)
    seat = await tables.seat_of(connection, actor.tenant_id)
    if seat is None:
        raise not_found()
    return Organisation(actor.tenant_id, "tenant", seat.operator_id, seat.partner_id or seat.operator_id)


async def check_seller(connection: AsyncConnection, actor: Actor) -> Organisation:
    """The organisation of somebody who acts for a seller.

    Raises:
        Refusal: 404 `not_found`.

    """
    found = await organisation_of(connection, actor)
    if found.kind == "tenant":
        raise not_found()
    return found


async def check_tenant(connection: AsyncConnection, organisation: Organisation, tenant_id: str) -> tables.Seat:
    """A tenant whose orders an organisation may see and make: itself, or one that it sells to directly.

    Raises:
        Refusal: 404 `not_found`.

    """
    seat = await tables.seat_of(connection, tenant_id)
    if seat is None or (organisation.id not in {tenant_id, seat.partner_id or seat.operator_id}):
        raise not_found()
    return seat


async def check_buyer(connection: AsyncConnection, seller: Organisation, buyer_id: str) -> None:
    """Somebody whom a seller sells to directly: a tenant or a partner.

    Raises:
        Refusal: 404 `not_found`.

    """
    above = (await tables.partners_above(connection)).get(buyer_id)
    if above is not None:
        if (above[1] or above[0]) != seller.id:
            raise not_found()
        return
    seat = await tables.seat_of(connection, buyer_id)
    if seat is None or (seat.partner_id or seat.operator_id) != seller.id:
        raise not_found()


async def chain_of(connection: AsyncConnection, tenant_id: str, seat: tables.Seat) -> tuple[str, ...]:
    """The operator, its partners from the top down, and the tenant."""
    return chain(tenant_id, seat, await tables.partners_above(connection))


def chain(tenant_id: str, seat: tables.Seat, above: Mapping[str, tuple[str, str | None]]) -> tuple[str, ...]:
    """The same, from all partners' parents."""
    found = [tenant_id]
    partner = seat.partner_id
    while partner is not None and len(found) < _LONGEST_CHAIN:
        found.append(partner)
        partner = above[partner][1]
    return (seat.operator_id, *reversed(found))


def not_found() -> Refusal:
    """What anybody gets who asks for what is not theirs."""
    return Refusal(404, "not_found", "There is nothing here.")

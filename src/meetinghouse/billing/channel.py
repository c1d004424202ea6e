"""Who an actor speaks for, and whom that organisation sells to. What is not theirs to see is not there (404)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
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


async def buyers_among(connection: AsyncConnection, seller: Organisation, ids: Collection[str]) -> set[str]:
    """Those of some ids that a seller sells to directly: tenants and partners."""
    above = await tables.partners_above(connection)
    found = {one for one in ids if one in above and (above[one][1] or above[one][0]) == seller.id}
    seats = await tables.seats_of(connection, [one for one in ids if one not in above])
    return found | {one for one, seat in seats.items() if (seat.partner_id or seat.operator_id) == seller.id}


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

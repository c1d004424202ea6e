"""How many members a tenant's plan has room for."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from meetinghouse.market.organisation_tables import plan
from meetinghouse.people import tables
from meetinghouse.security.refusal import Refusal


async def check_seat(connection: AsyncConnection, tenant_id: str) -> None:
    """Whether one more member may be added to a tenant, inside the transaction that adds them.

    Raises:
        Refusal: 409 `seats_taken`.

    """
    tenant = await tables.tenant(connection, tenant_id)
    found = await plan(connection, tenant.plan)
    seats = None if found is None else found.entitlements.seats
    if seats is not None and await tables.count_seats(connection, tenant_id) >= seats:
        raise Refusal(
            409,
            "seats_taken",
            f"The plan of this organisation has {seats} seats, which are taken: disable somebody, or change the plan.",
        )

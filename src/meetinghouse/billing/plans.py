"""What orders do to a tenant's plan, whose entitlements bind from then on.

A plan that is set by hand stays until an order for another one takes effect. What ends takes away only the plan that it gave.
"""

from __future__ import annotations

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from meetinghouse.billing import tables
from meetinghouse.billing.context import Billing
from meetinghouse.billing.model import Subscription, SubscriptionStatus
from meetinghouse.billing.rules.prices import plan_and_term
from meetinghouse.market import organisation_tables
from meetinghouse.people import tables as people_tables
from meetinghouse.security.refusal import Refusal

_log = structlog.get_logger(__name__)


async def check_plan_of(connection: AsyncConnection, sku: str) -> None:
    """Whether there is the plan of a seat.

    Raises:
        Refusal: 422 `unknown_sku` or `unknown_plan`.

    """
    code, _ = plan_and_term(sku)
    if await organisation_tables.plan(connection, code) is None:
        raise Refusal(422, "unknown_plan", f"There is no plan {code!r}: nothing can be sold of it.")


async def follow(
    billing: Billing, connection: AsyncConnection, before: Subscription | None, after: Subscription, *, by: str
) -> None:
    """Give the tenant the plan of a subscription that has begun or changed.

    When it has ended: that of the tenant's newest other subscription, or `billing.ended_plan`.
    """
    had = None if before is None else plan_and_term(before.sku)[0]
    wanted, _ = plan_and_term(after.sku)
    has = (await people_tables.tenant(connection, after.tenant_id)).plan
    if after.status is SubscriptionStatus.ENDED:
        if has != had:
            return
        other = await tables.newest_sku(connection, after.tenant_id)
        wanted = billing.settings.ended_plan if other is None else plan_and_term(other)[0]
    elif wanted == had:
        return
    if wanted == has:
        return
    if await organisation_tables.plan(connection, wanted) is None:
        # An old subscription, or a slip in the configuration: the round that renews everybody else must go on.
        _log.warning("plan_not_set", tenant=after.tenant_id, plan=wanted, reason="unknown_plan")
        return
    await organisation_tables.update_tenant(connection, after.tenant_id, plan_id=wanted)
    detail = {"plan": wanted, "subscription": after.id}
    await people_tables.insert_audit(
        connection, after.tenant_id, billing.clock.now(), by, "set_plan", after.tenant_id, detail
    )

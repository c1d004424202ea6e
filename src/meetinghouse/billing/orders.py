"""Orders: the one choke point of buy, upgrade and renew. What is decided and what is written is one transaction."""

from __future__ import annotations

from datetime import datetime

import structlog
from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncConnection

from meetinghouse.billing import ledger_tables, tables
from meetinghouse.billing.channel import chain_of, check_tenant, not_found, organisation_of
from meetinghouse.billing.context import Billing
from meetinghouse.billing.model import Loss, Order, OrderKind, Quote, Subscription
from meetinghouse.billing.plans import check_plan_of, follow
from meetinghouse.billing.rules import subscriptions as rules
from meetinghouse.billing.rules.prices import check_quantity, plan_and_term, quote
from meetinghouse.billing.rules.subscriptions import Change, check_revision
from meetinghouse.db.ids import new_id
from meetinghouse.db.tenancy import Across
from meetinghouse.market.in_force import Standing
from meetinghouse.market.model import Verb
from meetinghouse.people import tables as people_tables
from meetinghouse.people.model import Actor
from meetinghouse.security.refusal import Refusal

_SYSTEM = "system"
_RENEWED_AT_ONCE = 200
# Taking less is nobody's to forbid: market rules have no verb for it.
_VERBS: dict[OrderKind, Verb] = {"buy": "buy", "upgrade": "upgrade", "renew": "renew"}

_log = structlog.get_logger(__name__)


class Ask(Struct, frozen=True, kw_only=True):
    """What somebody orders. All but `buy` are about a subscription as it was seen at `revision`."""

    kind: OrderKind
    tenant_id: str
    sku: str | None = None
    quantity: int | None = None
    currency: str | None = None
    subscription_id: str | None = None
    revision: int | None = None
    at_once: bool = False


class Done(Struct, frozen=True):
    """An order that was carried out, what became of the subscription, and who loses by it; `seen_by` may be told."""

    order: Order
    subscription: Subscription
    losses: tuple[Loss, ...]
    seen_by: str = ""


class _Allowed(Struct, frozen=True):
    """By which rule of which set an order is allowed; none where none was asked."""

    rule: str | None
    rule_set: str | None


class _Made(Struct, frozen=True):
    """An order as it is made: when, by whom, allowed by what."""

    order_id: str
    kind: OrderKind
    at: datetime
    by: str
    allowed: _Allowed


async def do_order(billing: Billing, actor: Actor, ask: Ask) -> Done:
    """Carry out an order, or change nothing.

    Raises:
        Refusal: 404 `not_found` for a tenant that is not the actor's to order for; 403 `not_allowed_here` by a market rule;
            409 `changed_meanwhile` when another order came first; 422 for what cannot be ordered or has no price.

    """
    standing = await billing.enforcement.standing()
    async with billing.db.write(Across.CHANNEL) as write:
        connection = write.connection
        organisation = await organisation_of(connection, actor)
        await check_tenant(connection, organisation, ask.tenant_id)
        at = billing.clock.now().replace(microsecond=0)
        done = await _carry_out(billing, connection, standing, ask, at, actor.member_id)
        await people_tables.insert_audit(
            connection,
            ask.tenant_id,
            done.order.at,
            actor.member_id,
            f"order_{ask.kind}",
            done.subscription.id,
            {"order": done.order.id, "sku": done.order.sku, "quantity": done.order.quantity, "for": actor.tenant_id},
        )
    return replace(done, seen_by=organisation.id)


async def subscriptions_page(
    billing: Billing, actor: Actor, tenant_id: str | None, after: str, limit: int
) -> tuple[list[Subscription], str]:
    """A tenant's subscriptions, or those of all direct tenants of a seller; and as which organisation they are seen."""
    async with billing.db.read(Across.CHANNEL) as connection:
        organisation = await organisation_of(connection, actor)
        if tenant_id is None and organisation.kind != "tenant":
            seller = (organisation.operator, organisation.id if organisation.kind == "partner" else None)
            return await tables.subscriptions_page(connection, seller, None, after, limit), organisation.id
        wanted = tenant_id or organisation.id
        await check_tenant(connection, organisation, wanted)
        return await tables.subscriptions_page(connection, None, wanted, after, limit), organisation.id


async def orders_page(
    billing: Billing, actor: Actor, tenant_id: str | None, before: str, limit: int
) -> tuple[list[Order], str]:
    """A tenant's orders, the newest first; and as which organisation they are seen."""
    async with billing.db.read(Across.CHANNEL) as connection:
        organisation = await organisation_of(connection, actor)
        wanted = tenant_id or actor.tenant_id
        await check_tenant(connection, organisation, wanted)
        return await tables.orders_page(connection, wanted, before, limit), organisation.id


async def renew_due(billing: Billing) -> int:
    """Begin the next period of every subscription whose last one is over, or end it; gives how many changed.

    Where a market's rules deny it the subscription ends with its period. Where a price is missing it waits for one: the log
    says so, and what it was about goes on.
    """
    now, after, changed = billing.clock.now(), "", 0
    while True:
        standing = await billing.enforcement.standing()
        async with billing.db.write(Across.CHANNEL) as write:
            due = await tables.due_subscriptions(write.connection, now, after, _RENEWED_AT_ONCE)
            for one in due:
                changed += await _renew(billing, write.connection, standing, one)
        if not due:
            return changed
        after = due[-1].id


async def _carry_out(
    billing: Billing, connection: AsyncConnection, standing: Standing, ask: Ask, at: datetime, made_by: str
) -> Done:
    order_id = new_id()
    allowed = await _check_market(billing, connection, standing, ask.tenant_id, ask.kind, at)
    if ask.kind == "buy":
        sku, currency = _must(ask.sku), _must(ask.currency)
        await check_plan_of(connection, sku)
        found = await _quote(connection, ask.tenant_id, sku, ask.quantity, currency, at)
        change = rules.buy(order_id, ask.tenant_id, found, at)
        return await _keep(billing, connection, _Made(order_id, ask.kind, at, made_by, allowed), None, change, found)
    known = await tables.subscription(connection, _must(ask.subscription_id))
    if known is None or known.tenant_id != ask.tenant_id:
        raise not_found()
    if ask.revision is None:
        raise _incomplete("revision")
    check_revision(known, ask.revision)
    made = _Made(order_id, ask.kind, at, made_by, allowed)
    if ask.kind == "cancel":
        change = rules.cancel(order_id, known, at, at_once=ask.at_once)
        return await _keep(billing, connection, made, known, change, Quote(known.prices, ()))
    quantity = known.quantity if ask.quantity is None else ask.quantity
    await check_plan_of(connection, ask.sku or known.sku)
    found = await _quote(connection, known.tenant_id, ask.sku or known.sku, quantity, known.currency, at)
    if ask.kind == "upgrade":
        change = rules.upgrade(order_id, known, found, at)
    elif ask.kind == "downgrade":
        change = rules.downgrade(known, found, at)
    else:
        detail = "Subscriptions renew themselves at their period's end; order buy, upgrade, downgrade or cancel."
        raise Refusal(422, "invalid_order", detail)
    return await _keep(billing, connection, made, known, change, found)


async def _renew(billing: Billing, connection: AsyncConnection, standing: Standing, one: Subscription) -> bool:
    at, order_id = one.period.end, new_id()
    later = one.later
    if later is not None and later.quantity == 0:
        return await _end(billing, connection, one)
    sku, quantity = (one.sku, one.quantity) if later is None else (later.sku, later.quantity)
    try:
        allowed = await _check_market(billing, connection, standing, one.tenant_id, "renew", at)
        found = await _quote(connection, one.tenant_id, sku, quantity, one.currency, at)
        change = rules.renew(order_id, one, found)
        await _keep(billing, connection, _Made(order_id, "renew", at, _SYSTEM, allowed), one, change, found)
    except Refusal as refusal:
        _log.warning("not_renewed", subscription=one.id, reason=refusal.code, rule=refusal.rule)
        if refusal.code != "not_allowed_here":
            return False
        return await _end(billing, connection, one)
    return True


async def _end(billing: Billing, connection: AsyncConnection, one: Subscription) -> bool:
    ended = rules.end(one).subscription
    changed = await tables.change_subscription(connection, ended)
    if changed:
        await follow(billing, connection, one, ended, by=_SYSTEM)
    return changed


async def _keep(
    billing: Billing,
    connection: AsyncConnection,
    made: _Made,
    known: Subscription | None,
    change: Change,
    found: Quote,
) -> Done:
    if known is None:
        await tables.add_subscription(connection, change.subscription)
    elif not await tables.change_subscription(connection, change.subscription):
        raise Refusal(409, "changed_meanwhile", "The subscription was changed meanwhile: look again.")
    retail = found.retail
    order = Order(
        id=made.order_id,
        tenant_id=change.subscription.tenant_id,
        subscription_id=change.subscription.id,
        kind=made.kind,
        sku=retail.sku,
        quantity=0 if made.kind == "cancel" else retail.quantity,
        prices=found.prices,
        rule=made.allowed.rule,
        rule_set=made.allowed.rule_set,
        at=made.at,
    )
    await tables.add_order(connection, order, made.by)
    await ledger_tables.post(connection, change.entries, made.at)
    await follow(billing, connection, known, change.subscription, by=made.by)
    return Done(order, change.subscription, found.losses)


async def _quote(
    connection: AsyncConnection, tenant_id: str, sku: str, quantity: int | None, currency: str, at: datetime
) -> Quote:
    plan_and_term(sku)
    wanted = check_quantity(1 if quantity is None else quantity)
    seat = await tables.seat_of(connection, tenant_id)
    if seat is None:
        raise not_found()
    chain = await chain_of(connection, tenant_id, seat)
    books = await tables.books_of(connection, chain[:-1], [sku])
    return quote(books, chain, sku, wanted, currency, at)


async def _check_market(
    billing: Billing, connection: AsyncConnection, standing: Standing, tenant_id: str, kind: OrderKind, at: datetime
) -> _Allowed:
    """Ask the market's rules, by the set that is in force."""
    verb = _VERBS.get(kind)
    if verb is None:
        return _Allowed(None, None)
    tenant = await people_tables.tenant(connection, tenant_id)
    decision = billing.enforcement.check_within(standing, tenant, verb, at)
    return _Allowed(decision.rule, None if standing.rule_set is None else standing.rule_set.id)


def _must(value: str | None) -> str:
    if value is None:
        raise _incomplete("sku and currency, or the subscription")
    return value


def _incomplete(what: str) -> Refusal:
    return Refusal(422, "invalid_order", f"The order does not say {what}.")

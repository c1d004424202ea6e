"""What an order does to a subscription and to the ledger.

An upgrade takes effect at once: what is left of the old price is given back, and the new one charged for the rest of the
period, by seconds. A downgrade and a cancellation take effect at the period's end; what was frozen stays until then.
"""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from meetinghouse.billing.model import Entry, Later, Period, Quote, Subscription, SubscriptionStatus
from meetinghouse.billing.rules import ledger
from meetinghouse.billing.rules.periods import term_of
from meetinghouse.billing.rules.prices import plan_and_term
from meetinghouse.security.refusal import Refusal


class Change(Struct, frozen=True):
    """A subscription as it becomes, and the entries that go with it."""

    subscription: Subscription
    entries: tuple[Entry, ...] = ()


def buy(order: str, tenant_id: str, quote: Quote, at: datetime) -> Change:
    """A new subscription, which has the order's id; its first period is charged."""
    price = quote.retail
    period = term_of(at, plan_and_term(price.sku)[1], 0)
    made = Subscription(
        id=order,
        tenant_id=tenant_id,
        sku=price.sku,
        quantity=price.quantity,
        prices=quote.prices,
        anchor=at,
        periods=1,
        period=period,
        later=None,
        status=SubscriptionStatus.ACTIVE,
        revision=1,
    )
    return Change(made, tuple(ledger.charges(order, quote.prices, period, period, at)))


def upgrade(order: str, subscription: Subscription, quote: Quote, at: datetime) -> Change:
    """More, or a dearer plan, from now on. It forgets what was planned for the period's end.

    Raises:
        Refusal: 422 `not_an_upgrade`, `term_differs`, 409 `subscription_ended` or `period_over`.

    """
    _check_same_term(subscription, quote)
    _check_running(subscription, at)
    if quote.retail.whole < subscription.whole:
        detail = f"That costs less ({quote.retail.whole}) than now ({subscription.whole}): order it as a downgrade."
        raise Refusal(422, "not_an_upgrade", detail)
    rest = Period(at, subscription.period.end)
    changed = replace(
        subscription,
        sku=quote.retail.sku,
        quantity=quote.retail.quantity,
        prices=quote.prices,
        later=None,
        revision=subscription.revision + 1,
    )
    entries = [
        *ledger.credits_for(order, subscription.prices, subscription.period, rest, at),
        *ledger.charges(order, quote.prices, subscription.period, rest, at),
    ]
    return Change(changed, tuple(entries))


def downgrade(subscription: Subscription, quote: Quote, at: datetime) -> Change:
    """Less, or a cheaper plan, from the period's end on; its price will be the one in force then.

    Raises:
        Refusal: 422 `not_a_downgrade`, `term_differs`, 409 `subscription_ended` or `period_over`.

    """
    _check_same_term(subscription, quote)
    _check_running(subscription, at)
    if quote.retail.whole > subscription.whole:
        detail = f"That costs more ({quote.retail.whole}) than now ({subscription.whole}): order it as an upgrade."
        raise Refusal(422, "not_a_downgrade", detail)
    later = Later(quote.retail.sku, quote.retail.quantity)
    return Change(replace(subscription, later=later, revision=subscription.revision + 1))


def cancel(order: str, subscription: Subscription, at: datetime, *, at_once: bool) -> Change:
    """No more of it: from the period's end on, or at once, and then what is left is given back.

    Raises:
        Refusal: 409 `subscription_ended` or `period_over`.

    """
    _check_running(subscription, at)
    revision = subscription.revision + 1
    if not at_once:
        return Change(replace(subscription, later=Later(subscription.sku, 0), revision=revision))
    rest = Period(at, subscription.period.end)
    ended = replace(
        subscription,
        later=None,
        status=SubscriptionStatus.ENDED,
        period=Period(subscription.period.start, at),
        revision=revision,
    )
    return Change(ended, tuple(ledger.credits_for(order, subscription.prices, subscription.period, rest, at)))


def end(subscription: Subscription) -> Change:
    """It is over with its period."""
    ended = replace(subscription, later=None, status=SubscriptionStatus.ENDED, revision=subscription.revision + 1)
    return Change(ended)


def renew(order: str, subscription: Subscription, quote: Quote) -> Change:
    """The next period, as was planned for it, at prices that are in force at its start, when it is charged."""
    price = quote.retail
    period = term_of(subscription.anchor, plan_and_term(price.sku)[1], subscription.periods)
    renewed = replace(
        subscription,
        sku=price.sku,
        quantity=price.quantity,
        prices=quote.prices,
        periods=subscription.periods + 1,
        period=period,
        later=None,
        revision=subscription.revision + 1,
    )
    return Change(renewed, tuple(ledger.charges(order, quote.prices, period, period, period.start)))


def check_revision(subscription: Subscription, seen: int) -> None:
    """Refuse who has seen another state than there is.

    Raises:
        Refusal: 409 `changed_meanwhile`.

    """
    if subscription.revision != seen:
        detail = f"The subscription was changed meanwhile (it is at revision {subscription.revision}): look again."
        raise Refusal(409, "changed_meanwhile", detail)


def _check_same_term(subscription: Subscription, quote: Quote) -> None:
    if quote.retail.whole.currency != subscription.currency:
        raise Refusal(422, "currency_differs", f"The subscription is in {subscription.currency}: order in it.")
    if plan_and_term(quote.retail.sku)[1] != plan_and_term(subscription.sku)[1]:
        detail = "A subscription keeps its term: cancel it at its end, and buy one of the other term from then on."
        raise Refusal(422, "term_differs", detail)


def _check_running(subscription: Subscription, at: datetime) -> None:
    if subscription.status is SubscriptionStatus.ENDED:
        raise Refusal(409, "subscription_ended", "The subscription has ended.")
    if at not in subscription.period:
        raise Refusal(409, "period_over", "The period is over and the next one is being made: try again in a minute.")

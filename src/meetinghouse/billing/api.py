"""Books, orders, subscriptions, statements, and what accounting systems say."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime

from litestar import delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody
from litestar.response import Stream
from msgspec import UNSET

from meetinghouse.billing import accounts, books, orders, payments, receivers
from meetinghouse.billing.context import Billing
from meetinghouse.billing.ledger_tables import Pair
from meetinghouse.billing.model import Audience, Period
from meetinghouse.billing.orders import Ask
from meetinghouse.billing.reading import NewPayment, csv_rows
from meetinghouse.billing.wire import (
    BookLine,
    BookView,
    EntryView,
    LineFault,
    NewBook,
    NewOrder,
    NewReceiver,
    NewReversal,
    OrderDone,
    OrderView,
    PaymentsTaken,
    ReceiverMade,
    ReceiverView,
    StatementView,
    SubscriptionView,
    book_line,
    book_view,
    csv_header,
    csv_of,
    entry_view,
    order_done,
    order_view,
    statement_view,
    subscription_view,
)
from meetinghouse.people.identify import AnyRequest
from meetinghouse.people.model import Actor, Scope
from meetinghouse.people.wire import Page
from meetinghouse.security.refusal import Refusal

_ITEMS = 50


@post("/billing/books")
async def publish_book(
    billing: NamedDependency[Billing], actor: NamedDependency[Actor], data: JSONBody[NewBook]
) -> BookView:
    """Publish prices, to partners or to tenants. A book is never changed: the next one is its next version."""
    actor.must(Scope.ADMIN)
    begin = None if data.effective_from is UNSET else data.effective_from
    made = await books.do_publish(
        billing, actor, books.check_book(billing, data.audience, data.currency, begin, data.prices)
    )
    return book_view(made.book, made.warnings)


@post("/billing/books/csv")
async def publish_csv_book(
    request: AnyRequest,
    billing: NamedDependency[Billing],
    actor: NamedDependency[Actor],
    audience: FromQuery[Audience],
    currency: FromQuery[str],
    effective_from: FromQuery[datetime | None] = None,
) -> BookView:
    """Publish prices from a CSV file with the columns sku, from_quantity and unit_price."""
    actor.must(Scope.ADMIN)
    if effective_from is not None and effective_from.tzinfo is None:
        raise Refusal(422, "invalid_time", "effective_from has no offset: write for example 2026-12-01T00:00:00Z.")
    try:
        text = (await request.body()).decode()
    except UnicodeDecodeError:
        raise Refusal(422, "invalid_csv", "This is no CSV of prices: it is not UTF-8.") from None
    made = await books.do_publish(
        billing, actor, books.check_book(billing, audience, currency, effective_from, csv_rows(text))
    )
    return book_view(made.book, made.warnings)


@get("/billing/books")
async def list_books(
    billing: NamedDependency[Billing],
    actor: NamedDependency[Actor],
    cursor: FromQuery[str] = "",
    limit: FromQuery[int] = _ITEMS,
) -> Page[BookLine]:
    """One's own books, and those that one buys by, the newest first."""
    limit = _bounded(billing, limit)
    found = await books.books_page(billing, actor, cursor, limit + 1)
    return Page([book_line(book) for book in found[:limit]], found[limit - 1].id if len(found) > limit else None)


@get("/billing/books/{book_id:str}")
async def get_book(
    billing: NamedDependency[Billing], actor: NamedDependency[Actor], book_id: FromPath[str]
) -> BookView:
    """One book with its prices."""
    return book_view(await books.the_book(billing, actor, book_id))


@post("/billing/orders")
async def order(
    billing: NamedDependency[Billing], actor: NamedDependency[Actor], data: JSONBody[NewOrder]
) -> OrderDone:
    """Buy, upgrade, downgrade or cancel, for one's own tenant or for one that one sells to."""
    ask = Ask(
        kind=data.kind,
        tenant_id=actor.tenant_id if data.tenant is UNSET else data.tenant,
        sku=None if data.sku is UNSET else data.sku,
        quantity=None if data.quantity is UNSET else data.quantity,
        currency=None if data.currency is UNSET else data.currency,
        subscription_id=None if data.subscription is UNSET else data.subscription,
        revision=None if data.revision is UNSET else data.revision,
        at_once=data.at_once,
    )
    return order_done(await orders.do_order(billing, actor, ask))


@get("/billing/orders")
async def list_orders(
    billing: NamedDependency[Billing],
    actor: NamedDependency[Actor],
    tenant: FromQuery[str | None] = None,
    cursor: FromQuery[str] = "",
    limit: FromQuery[int] = _ITEMS,
) -> Page[OrderView]:
    """A tenant's orders, the newest first."""
    limit = _bounded(billing, limit)
    found, seen_by = await orders.orders_page(billing, actor, tenant, cursor, limit + 1)
    views = [order_view(one, seen_by) for one in found[:limit]]
    return Page(views, found[limit - 1].id if len(found) > limit else None)


@get("/billing/subscriptions")
async def list_subscriptions(
    billing: NamedDependency[Billing],
    actor: NamedDependency[Actor],
    tenant: FromQuery[str | None] = None,
    cursor: FromQuery[str] = "",
    limit: FromQuery[int] = _ITEMS,
) -> Page[SubscriptionView]:
    """A tenant's subscriptions, or those of all tenants that one sells to."""
    limit = _bounded(billing, limit)
    found, seen_by = await orders.subscriptions_page(billing, actor, tenant, cursor, limit + 1)
    views = [subscription_view(one, seen_by) for one in found[:limit]]
    return Page(views, found[limit - 1].id if len(found) > limit else None)


@get("/billing/statements")
async def list_statements(
    billing: NamedDependency[Billing],
    actor: NamedDependency[Actor],
    month: FromQuery[str],
    cursor: FromQuery[str] = "",
    limit: FromQuery[int] = _ITEMS,
) -> Page[StatementView]:
    """One's accounts over a month, with who sells to one and with those that one sells to; a page may hold a few more."""
    actor.must(Scope.ADMIN)
    found = await accounts.actors_statements(billing, actor, month, _pair(cursor), _bounded(billing, limit))
    after = None if found.last is None else f"{found.last.buyer}.{found.last.seller}"
    return Page([statement_view(one) for one in found.statements], after)


@get("/billing/statements.csv")
async def download_statements(
    billing: NamedDependency[Billing], actor: NamedDependency[Actor], month: FromQuery[str]
) -> Stream:
    """The same, all of it, as CSV."""
    actor.must(Scope.ADMIN)
    period = accounts.check_month(month, billing.clock.now())
    organisation = await accounts.organisation_id(billing, actor)
    disposition = f'attachment; filename="statements-{month}.csv"'
    return Stream(
        _csv(billing, organisation, period),
        media_type="text/csv; charset=utf-8",
        headers={"content-disposition": disposition},
    )


@post("/billing/payments")
async def note_payment(
    billing: NamedDependency[Billing], actor: NamedDependency[Actor], data: JSONBody[NewPayment]
) -> EntryView:
    """A buyer has paid, as the seller's accounting system knows."""
    return entry_view(await payments.do_pay(billing, actor, data))


# As large as `billing.payments_bytes` says: it is read as it comes.
@post("/billing/payments/csv", status_code=200, request_max_body_size=None)
async def note_csv_payments(
    request: AnyRequest, billing: NamedDependency[Billing], actor: NamedDependency[Actor]
) -> PaymentsTaken:
    """Payments from a CSV file with the columns reference, buyer, amount, currency and memo; a wrong line stops no other."""
    taken = await payments.do_pay_all(billing, actor, request.stream())
    faults = [LineFault(line=one.line, code=one.refusal.code, detail=one.refusal.detail) for one in taken.faults]
    return PaymentsTaken(posted=taken.posted, known=taken.known, wrong=taken.wrong, faults=faults)


@post("/billing/reversals")
async def reverse(
    billing: NamedDependency[Billing], actor: NamedDependency[Actor], data: JSONBody[NewReversal]
) -> EntryView:
    """Take back an entry that was a mistake; nothing is ever changed."""
    return entry_view(await accounts.do_reverse(billing, actor, data.reference, data.memo))


@put("/billing/receiver")
async def set_receiver(
    billing: NamedDependency[Billing], actor: NamedDependency[Actor], data: JSONBody[NewReceiver]
) -> ReceiverMade:
    """Send statements to this URL when a month is closed."""
    actor.must(Scope.ADMIN)
    return ReceiverMade(url=data.url, secret=await receivers.do_set(billing, actor, data.url))


@get("/billing/receiver")
async def get_receiver(billing: NamedDependency[Billing], actor: NamedDependency[Actor]) -> ReceiverView:
    """Where statements are sent to."""
    found = await receivers.the_receiver(billing, actor)
    return ReceiverView(
        url=found.webhook.url,
        created_at=found.webhook.created_at,
        waiting=found.standing.waiting,
        given_up=found.standing.given_up,
        last_error=found.standing.last_error,
    )


@delete("/billing/receiver", status_code=204)
async def remove_receiver(billing: NamedDependency[Billing], actor: NamedDependency[Actor]) -> None:
    """Send statements nowhere."""
    await receivers.do_remove(billing, actor)


routes = [
    publish_book,
    publish_csv_book,
    list_books,
    get_book,
    order,
    list_orders,
    list_subscriptions,
    list_statements,
    download_statements,
    note_payment,
    note_csv_payments,
    reverse,
    set_receiver,
    get_receiver,
    remove_receiver,
]


async def _csv(billing: Billing, organisation: str, period: Period) -> AsyncIterator[str]:
    yield csv_header()
    async for some in accounts.all_statements(billing.db, organisation, period):
        yield csv_of(map(statement_view, some))


def _pair(cursor: str) -> Pair | None:
    buyer, _, seller = cursor.partition(".")
    return Pair(buyer, seller) if cursor else None


def _bounded(billing: Billing, limit: int) -> int:
    return max(1, min(limit, billing.limits.list_items))

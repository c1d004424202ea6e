"""What billing says and takes over HTTP. Money is a decimal string with its currency; who is shown a price is part of it."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from meetinghouse.billing.model import (
    About,
    Audience,
    Book,
    Entry,
    EntryKind,
    Order,
    OrderKind,
    Price,
    Statement,
    StatementLine,
    Subscription,
    SubscriptionStatus,
)
from meetinghouse.billing.orders import Done
from meetinghouse.billing.reading import PriceRow

Moment = Annotated[datetime, Meta(tz=True)]
Text = Annotated[str, Meta(max_length=200)]
# What a spreadsheet would carry out (OWASP, CSV injection), unless it is a number.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_NUMBER = re.compile(r"-?\d+(\.\d+)?", re.ASCII)
_KEYS = ("month", "seller", "buyer", "currency")
_WHAT = ("sku", "quantity", "unit", "unit_price", "from", "until", "book_version")
_COLUMNS = [*_KEYS, "row", "at", "reference", *_WHAT, "amount", "memo"]


class NewBook(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A book to publish; from now on when no time is given."""

    audience: Audience
    currency: str
    prices: list[PriceRow]
    effective_from: Moment | UnsetType = UNSET


class BookLine(Struct, frozen=True, kw_only=True):
    """A book in a list."""

    id: str
    seller: str
    audience: Audience
    currency: str
    version: int
    effective_from: datetime


class BookView(Struct, frozen=True, kw_only=True):
    """A book; `warnings` are prices below what its seller pays."""

    id: str
    seller: str
    audience: Audience
    currency: str
    version: int
    effective_from: datetime
    prices: list[PriceRow]
    warnings: list[str] = []


class NewOrder(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is ordered, for the caller's own tenant when no `tenant` is named.

    `buy` takes `sku`, `quantity` and `currency`; the others a `subscription` as it was read at `revision`. `cancel` is for the
    period's end, or `at_once`, with the rest given back.
    """

    kind: OrderKind
    tenant: str | UnsetType = UNSET
    sku: Text | UnsetType = UNSET
    quantity: int | UnsetType = UNSET
    currency: str | UnsetType = UNSET
    subscription: str | UnsetType = UNSET
    revision: int | UnsetType = UNSET
    at_once: bool = False


class PriceView(Struct, frozen=True, kw_only=True):
    """A price between two organisations as it was frozen, with the book that said it."""

    seller: str
    buyer: str
    sku: str
    quantity: int
    unit_price: str
    amount: str
    currency: str
    book: str
    book_version: int


class SubscriptionView(Struct, frozen=True, kw_only=True):
    """A subscription; `later` is what it becomes at the period's end (a quantity of 0: it ends)."""

    id: str
    tenant: str
    sku: str
    quantity: int
    status: SubscriptionStatus
    period_start: datetime
    period_end: datetime
    later: LaterView | None
    revision: int
    prices: list[PriceView]


class LaterView(Struct, frozen=True):
    """What a subscription becomes."""

    sku: str
    quantity: int


class OrderView(Struct, frozen=True, kw_only=True):
    """An order that was carried out, with the market rule that allowed it."""

    id: str
    tenant: str
    subscription: str
    kind: OrderKind
    sku: str
    quantity: int
    at: datetime
    rule: str | None
    rule_set: str | None
    prices: list[PriceView]


class OrderDone(Struct, frozen=True, kw_only=True):
    """What came of an order."""

    order: OrderView
    subscription: SubscriptionView
    warnings: list[str]


class LineFault(Struct, frozen=True, kw_only=True):
    """Why a line of a file was not taken."""

    line: int
    code: str
    detail: str


class PaymentsTaken(Struct, frozen=True, kw_only=True):
    """What came of a file: how many payments are new, were known already, or are wrong; `faults` are the first wrong ones."""

    posted: int
    known: int
    wrong: int
    faults: list[LineFault]


class NewReversal(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which entry to take back, by its reference in the statement, and why."""

    reference: Annotated[str, Meta(min_length=1, max_length=400)]
    memo: Text = ""


class LineView(Struct, frozen=True, kw_only=True):
    """A line of a statement. Quantities are seats, or participant-seconds of `minutes:…`, whose unit price is for a minute."""

    at: datetime
    kind: EntryKind
    reference: str
    amount: str
    memo: str
    sku: str | None = None
    quantity: int | None = None
    unit: str | None = None
    unit_price: str | None = None
    period_start: datetime | None = None
    period_end: datetime | None = None
    book: str | None = None
    book_version: int | None = None


class EntryView(Struct, frozen=True, kw_only=True):
    """An entry of the ledger: what it changes of what the buyer owes."""

    reference: str
    seller: str
    buyer: str
    kind: EntryKind
    at: datetime
    amount: str
    currency: str
    memo: str


class StatementView(Struct, frozen=True, kw_only=True):
    """The account of a buyer with its seller over a month: opening + charges + credits + payments = closing.

    What takes away from what is owed is negative. Reversals are among the credits.
    """

    month: str
    seller: str
    buyer: str
    seller_name: str
    buyer_name: str
    currency: str
    opening: str
    charges: str
    credits: str
    payments: str
    closing: str
    lines: list[LineView]


class NewReceiver(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where statements are sent to."""

    url: Annotated[str, Meta(max_length=2000)]


class ReceiverMade(Struct, frozen=True, kw_only=True):
    """Where statements are sent to; the secret that they are signed with is in this answer only."""

    url: str
    secret: str


class ReceiverView(Struct, frozen=True, kw_only=True):
    """Where statements are sent to, what waits to be taken, and what was given up after many tries."""

    url: str
    created_at: datetime
    waiting: int
    given_up: int
    last_error: str | None


def book_line(book: Book) -> BookLine:
    """As lists show it."""
    return BookLine(**{name: getattr(book, name) for name in BookLine.__struct_fields__})


def book_view(book: Book, warnings: Iterable[str] = ()) -> BookView:
    """With its prices."""
    head = {name: getattr(book, name) for name in BookLine.__struct_fields__}
    rows = [
        PriceRow(sku=item.sku, unit_price=f"{tier.unit_price:f}", from_quantity=tier.from_quantity)
        for item in book.items
        for tier in item.tiers
    ]
    return BookView(**head, prices=rows, warnings=list(warnings))


def subscription_view(one: Subscription, seen_by: str) -> SubscriptionView:
    """As one of the organisations in its chain sees it: nobody sees what others pay each other."""
    return SubscriptionView(
        id=one.id,
        tenant=one.tenant_id,
        sku=one.sku,
        quantity=one.quantity,
        status=one.status,
        period_start=one.period.start,
        period_end=one.period.end,
        later=None if one.later is None else LaterView(one.later.sku, one.later.quantity),
        revision=one.revision,
        prices=_price_views(one.prices, seen_by),
    )


def order_view(order: Order, seen_by: str) -> OrderView:
    """As one of the organisations in its chain sees it."""
    return OrderView(
        id=order.id,
        tenant=order.tenant_id,
        subscription=order.subscription_id,
        kind=order.kind,
        sku=order.sku,
        quantity=order.quantity,
        at=order.at,
        rule=order.rule,
        rule_set=order.rule_set,
        prices=_price_views(order.prices, seen_by),
    )


def order_done(done: Done) -> OrderDone:
    """What came of an order, for who gave it."""
    return OrderDone(
        order=order_view(done.order, done.seen_by),
        subscription=subscription_view(done.subscription, done.seen_by),
        warnings=[loss.text for loss in done.losses if loss.seller == done.seen_by],
    )


def entry_view(entry: Entry) -> EntryView:
    """An entry by what it changes of what is due."""
    due = next(posting.amount for posting in entry.postings if posting.account == "due")
    return EntryView(
        reference=entry.reference,
        seller=entry.seller,
        buyer=entry.buyer,
        kind=entry.kind,
        at=entry.at,
        amount=str(due),
        currency=due.currency,
        memo=entry.memo,
    )


def statement_view(one: Statement) -> StatementView:
    """As it goes out."""
    return StatementView(
        month=one.month,
        seller=one.seller,
        buyer=one.buyer,
        seller_name=one.seller_name,
        buyer_name=one.buyer_name,
        currency=one.closing.currency,
        opening=str(one.opening),
        charges=str(one.charges),
        credits=str(one.credits),
        payments=str(one.payments),
        closing=str(one.closing),
        lines=[_line_view(line) for line in one.lines],
    )


def csv_header() -> str:
    """The first line of statements as CSV."""
    return _csv([_COLUMNS])


def csv_of(statements: Iterable[StatementView]) -> str:
    """Statements as CSV: for each account a row with what was owed, one for each line, and one with what is owed now."""
    return _csv(row for one in statements for row in _rows(one))


def harmless(cell: str) -> str:
    """A cell that no spreadsheet carries out: what would be a formula becomes text."""
    if cell.startswith(_FORMULA) and not _NUMBER.fullmatch(cell):
        return f"'{cell}"
    return cell


def _rows(one: StatementView) -> Iterator[list[str]]:
    key = [one.month, one.seller, one.buyer, one.currency]
    nothing = [""] * (2 + len(_WHAT))
    yield [*key, "opening", *nothing, one.opening, ""]
    for line in one.lines:
        period = [_time(line.period_start), _time(line.period_end)]
        what = [line.sku or "", _text(line.quantity), line.unit or "", line.unit_price or "", *period]
        first = [line.kind, _time(line.at), line.reference]
        yield [*key, *first, *what, _text(line.book_version), line.amount, line.memo]
    yield [*key, "closing", *nothing, one.closing, ""]


def _csv(rows: Iterable[list[str]]) -> str:
    out = io.StringIO()
    csv.writer(out).writerows([harmless(cell) for cell in row] for row in rows)
    return out.getvalue()


def _text(number: int | None) -> str:
    return "" if number is None else str(number)


def _time(at: datetime | None) -> str:
    return "" if at is None else at.isoformat().replace("+00:00", "Z")


def _line_view(line: StatementLine) -> LineView:
    about = line.about
    if about is None:
        return LineView(at=line.at, kind=line.kind, reference=line.reference, amount=str(line.amount), memo=line.memo)
    return LineView(
        at=line.at,
        kind=line.kind,
        reference=line.reference,
        amount=str(line.amount),
        memo=line.memo,
        sku=about.sku,
        quantity=about.quantity,
        unit=_unit(about),
        unit_price=f"{about.unit_price:f}",
        period_start=about.period.start,
        period_end=about.period.end,
        book=about.book,
        book_version=about.version,
    )


def _unit(about: About) -> str:
    return "participant-second" if about.sku.startswith("minutes:") else "seat"


def _price_views(prices: Iterable[Price], seen_by: str) -> list[PriceView]:
    return [
        PriceView(
            seller=price.seller,
            buyer=price.buyer,
            sku=price.sku,
            quantity=price.quantity,
            unit_price=f"{price.unit_price:f}",
            amount=str(price.whole),
            currency=price.whole.currency,
            book=price.book,
            book_version=price.version,
        )
        for price in prices
        if seen_by in {price.seller, price.buyer}
    ]

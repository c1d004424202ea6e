"""The values of billing. Organisations are ids of the operator, a partner or a tenant; times are UTC, periods half-open."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Literal

from msgspec import Struct

from meetinghouse.billing.money import Money

# Whom a book is for: the seller's partners (wholesale) or its own tenants (retail).
Audience = Literal["partners", "tenants"]
OrderKind = Literal["buy", "upgrade", "downgrade", "renew", "cancel"]
EntryKind = Literal["charge", "credit", "usage", "payment", "reversal"]
# Of a seller with one buyer: what is due, what was sold (negative, as credits are), what was paid.
Account = Literal["due", "sales", "paid"]


class Period(Struct, frozen=True, order=True):
    """From `start`, which is in it, to `end`, which is not."""

    start: datetime
    end: datetime

    def __contains__(self, at: datetime) -> bool:
        return self.start <= at < self.end


class Tier(Struct, frozen=True):
    """From this quantity on, each unit of all of it costs so much."""

    from_quantity: int
    unit_price: Decimal


class Item(Struct, frozen=True):
    """What is sold, and its price by quantity.

    `sku` is `seat:<plan>:<month|year>`, or `minutes:<region>` for participant-minutes there (`minutes:*` in any other).
    """

    sku: str
    tiers: tuple[Tier, ...]


class Book(Struct, frozen=True, kw_only=True):
    """A seller's prices in one currency for one audience, from a moment on, until a later version begins.

    A book is never changed: another price is another version.
    """

    id: str
    seller: str
    audience: Audience
    currency: str
    version: int
    effective_from: datetime
    items: tuple[Item, ...]


class Price(Struct, frozen=True, kw_only=True):
    """A price as it was in force between a seller and a buyer when it was asked for: `whole` is for the quantity and a term."""

    seller: str
    buyer: str
    book: str
    version: int
    sku: str
    quantity: int
    unit_price: Decimal
    whole: Money


class Loss(Struct, frozen=True):
    """A seller sells below what it pays: allowed, and said, to nobody else."""

    seller: str
    text: str


class Quote(Struct, frozen=True):
    """The prices along the chain from the operator to the tenant, which is the last, and who loses by them."""

    prices: tuple[Price, ...]
    losses: tuple[Loss, ...]

    @property
    def retail(self) -> Price:
        """What the tenant pays."""
        return self.prices[-1]


class SubscriptionStatus(StrEnum):
    """Where a subscription stands."""

    ACTIVE = "active"
    ENDED = "ended"


class Later(Struct, frozen=True):
    """What a subscription becomes at its period's end; a quantity of 0 is its end."""

    sku: str
    quantity: int


class Subscription(Struct, frozen=True, kw_only=True):
    """Something that a tenant has for one term after another.

    `prices` are those frozen into the last order. Periods are counted from `anchor`, so that one that begins on the 31st does
    not drift to the 28th. `revision` counts changes: who changes it names the one that they have seen.
    """

    id: str
    tenant_id: str
    sku: str
    quantity: int
    prices: tuple[Price, ...]
    anchor: datetime
    periods: int
    period: Period
    later: Later | None
    status: SubscriptionStatus
    revision: int

    @property
    def currency(self) -> str:
        """The currency, for as long as it lasts."""
        return self.prices[-1].whole.currency

    @property
    def whole(self) -> Money:
        """What the tenant pays for a whole period."""
        return self.prices[-1].whole


class About(Struct, frozen=True, kw_only=True):
    """What an entry is for. `quantity` is seats, or participant-seconds of `minutes:…`, whose price is for a minute."""

    sku: str
    quantity: int
    unit_price: Decimal
    book: str
    version: int
    period: Period


class Posting(Struct, frozen=True):
    """One side of an entry: positive is debit, negative credit."""

    account: Account
    amount: Money


class Entry(Struct, frozen=True, kw_only=True):
    """One entry of the ledger, between a seller and a buyer; its postings sum to zero in each currency.

    `reference` is unique: an entry that is posted twice is there once. Nothing is changed or removed; a mistake is reversed.
    """

    reference: str
    seller: str
    buyer: str
    kind: EntryKind
    at: datetime
    postings: tuple[Posting, ...]
    about: About | None = None
    memo: str = ""

    def __post_init__(self) -> None:
        """Refuse what does not balance: a fault of the program."""
        sums: dict[str, int] = {}
        for posting in self.postings:
            sums[posting.amount.currency] = sums.get(posting.amount.currency, 0) + posting.amount.minor
        if not self.postings or any(sums.values()):
            raise ValueError(f"The entry {self.reference} does not sum to zero.")


class Order(Struct, frozen=True, kw_only=True):
    """A change that was carried out, with the prices and the market rule that allowed it, where one was asked."""

    id: str
    tenant_id: str
    subscription_id: str
    kind: OrderKind
    sku: str
    quantity: int
    prices: tuple[Price, ...]
    rule: str | None
    rule_set: str | None
    at: datetime


class Usage(Struct, frozen=True, kw_only=True):
    """The time that people spent in meetings of a tenant on one day (UTC) in one region, and through whom the tenant bought."""

    tenant_id: str
    region: str
    day: date
    seconds: int
    chain: tuple[str, ...]


class StatementLine(Struct, frozen=True, kw_only=True):
    """An entry as its buyer sees it."""

    at: datetime
    kind: EntryKind
    reference: str
    amount: Money
    about: About | None
    memo: str


class Statement(Struct, frozen=True, kw_only=True):
    """The account of a buyer with its seller in one currency over a month: opening + charges + credits + payments = closing.

    Credits and payments are negative. The names are those of today.
    """

    month: str
    seller: str
    buyer: str
    seller_name: str = ""
    buyer_name: str = ""
    opening: Money
    charges: Money
    credits: Money
    payments: Money
    closing: Money
    lines: tuple[StatementLine, ...]

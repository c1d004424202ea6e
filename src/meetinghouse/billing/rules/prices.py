"""What something costs at a moment, for each organisation between the operator and the tenant."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import pairwise

from meetinghouse.billing.model import Audience, Book, Item, Loss, Price, Quote, Tier
from meetinghouse.billing.money import amount_of, clean_currency
from meetinghouse.security.refusal import Refusal

_NAME = r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"
_SEAT = re.compile(rf"seat:({_NAME}):(month|year)")
_MINUTES = re.compile(rf"minutes:({_NAME}|\*)")
ANY_REGION = "minutes:*"
SECONDS_PER_MINUTE = 60
# More is a slip of the keyboard, and would leave the 64 bits of the databases.
MOST_QUANTITY = 100_000


def check_sku(sku: str) -> str:
    """The name of something that is sold.

    Raises:
        Refusal: 422 `unknown_sku`.

    """
    if _SEAT.fullmatch(sku) is None and _MINUTES.fullmatch(sku) is None:
        wanted = "seat:<plan>:month, seat:<plan>:year, minutes:<region> or minutes:*"
        raise Refusal(422, "unknown_sku", f"{sku[:80]!r} is nothing that can be sold: write {wanted}.")
    return sku


def plan_and_term(sku: str) -> tuple[str, str]:
    """The plan and the term of a seat, which alone can be ordered.

    Raises:
        Refusal: 422 `unknown_sku`.

    """
    match = _SEAT.fullmatch(sku)
    if match is None:
        raise Refusal(
            422, "unknown_sku", f"{sku[:80]!r} cannot be ordered: write seat:<plan>:month or seat:<plan>:year."
        )
    return match[1], match[2]


def check_quantity(quantity: int) -> int:
    """A quantity that can be ordered.

    Raises:
        Refusal: 422 `invalid_quantity`.

    """
    if not 1 <= quantity <= MOST_QUANTITY:
        raise Refusal(422, "invalid_quantity", f"Order 1 to {MOST_QUANTITY} of it.")
    return quantity


def book_in_force(books: Iterable[Book], seller: str, audience: Audience, currency: str, at: datetime) -> Book | None:
    """The seller's book that holds at a moment: of those that have begun, the one that began last."""
    begun = [
        book
        for book in books
        if (book.seller, book.audience, book.currency) == (seller, audience, currency) and book.effective_from <= at
    ]
    return max(begun, key=lambda book: (book.effective_from, book.version), default=None)


def quote(books: Sequence[Book], chain: Sequence[str], sku: str, quantity: int, currency: str, at: datetime) -> Quote:
    """The price of `quantity` of a seat for each link of `chain`: the operator, partners, the tenant.

    Raises:
        Refusal: 422 `price_missing`, `currency_not_shared`, `unknown_currency` or `unknown_sku`.

    """
    plan_and_term(sku)
    clean_currency(currency)
    prices = []
    for seller, buyer in pairwise(chain):
        audience: Audience = "tenants" if buyer == chain[-1] else "partners"
        book = _must_have_book(books, seller, audience, currency, at)
        tier = tier_for(item_of(book, sku), quantity)
        if tier is None:
            detail = (
                f"Version {book.version} of the {currency} book of {seller} for its {audience} has no price for {sku}."
            )
            raise Refusal(422, "price_missing", detail)
        prices.append(
            Price(
                seller=seller,
                buyer=buyer,
                book=book.id,
                version=book.version,
                sku=sku,
                quantity=quantity,
                unit_price=tier.unit_price,
                whole=amount_of(tier.unit_price, quantity, currency),
            )
        )
    return Quote(tuple(prices), tuple(_below_wholesale(prices)))


def item_of(book: Book, sku: str) -> Item | None:
    """What a book says about something; minutes of a region that it does not name are those of any."""
    found = {item.sku: item for item in book.items if item.sku in {sku, ANY_REGION}}
    return found.get(sku) or (found.get(ANY_REGION) if sku.startswith("minutes:") else None)


def tier_for(item: Item | None, quantity: int) -> Tier | None:
    """The tier that a quantity reaches: all of it costs what this tier says."""
    reached = [tier for tier in item.tiers if tier.from_quantity <= quantity] if item else []
    return max(reached, key=lambda tier: tier.from_quantity, default=None)


def losses(book: Book, wholesale: Book | None) -> list[str]:
    """Prices of a book that are below what its seller pays by `wholesale`: allowed, and said."""
    found = []
    for item in book.items if wholesale else ():
        cost = item_of(wholesale, item.sku) if wholesale else None
        for tier in item.tiers:
            paid = tier_for(cost, tier.from_quantity)
            if paid is not None and tier.unit_price < paid.unit_price:
                at = f"{item.sku} from {tier.from_quantity}"
                found.append(f"{at} is sold at {tier.unit_price:f} and bought at {paid.unit_price:f} {book.currency}.")
    return found


def _must_have_book(books: Sequence[Book], seller: str, audience: Audience, currency: str, at: datetime) -> Book:
    book = book_in_force(books, seller, audience, currency, at)
    if book is not None:
        return book
    others = {other.currency for other in books if (other.seller, other.audience) == (seller, audience)}
    if others - {currency}:
        detail = f"{seller} sells to its {audience} in {', '.join(sorted(others))}, not in {currency}."
        raise Refusal(422, "currency_not_shared", f"{detail} Everybody in the chain needs a book in one currency.")
    raise Refusal(422, "price_missing", f"{seller} has no book for its {audience} that is in force.")


def _below_wholesale(prices: Sequence[Price]) -> Iterable[Loss]:
    for cost, price in pairwise(prices):
        if price.unit_price < cost.unit_price:
            sold = f"{price.sku} is sold at {price.unit_price:f} and bought at {cost.unit_price:f}"
            yield Loss(price.seller, f"{sold} {price.whole.currency}.")

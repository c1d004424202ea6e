"""Entries of the ledger and what they sum to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TypeAlias

from meetinghouse.billing.model import About, Account, Entry, EntryKind, Period, Posting, Price
from meetinghouse.billing.money import Money
from meetinghouse.billing.rules.periods import share

# The sum of every account, by seller, buyer, account and currency.
Balances: TypeAlias = dict[tuple[str, str, Account, str], int]


def sold(reference: str, kind: EntryKind, at: datetime, parties: tuple[str, str], amount: Money, about: About) -> Entry:
    """Something was sold by the first of `parties` to the second; a negative amount is given back."""
    return Entry(
        reference=reference,
        seller=parties[0],
        buyer=parties[1],
        kind=kind,
        at=at,
        postings=(Posting("due", amount), Posting("sales", -amount)),
        about=about,
    )


def charges(order: str, prices: Sequence[Price], period: Period, part: Period, at: datetime) -> list[Entry]:
    """What each link of the chain owes for `part` of a period at frozen prices."""
    return [_for_part(f"order:{order}:charge", "charge", 1, price, period, part, at) for price in prices]


def credits_for(order: str, prices: Sequence[Price], period: Period, part: Period, at: datetime) -> list[Entry]:
    """What each link of the chain gets back for `part` of a period that was charged wholly."""
    return [_for_part(f"order:{order}:credit", "credit", -1, price, period, part, at) for price in prices]


def payment(reference: str, seller: str, buyer: str, amount: Money, at: datetime, memo: str) -> Entry:
    """A buyer has paid its seller."""
    return Entry(
        reference=f"payment:{seller}:{reference}",
        seller=seller,
        buyer=buyer,
        kind="payment",
        at=at,
        postings=(Posting("paid", amount), Posting("due", -amount)),
        memo=memo,
    )


def reversal(entry: Entry, at: datetime, memo: str) -> Entry:
    """What takes an entry back, once: there is one reference for it."""
    return Entry(
        reference=f"reversal:{entry.reference}",
        seller=entry.seller,
        buyer=entry.buyer,
        kind="reversal",
        at=at,
        postings=tuple(Posting(posting.account, -posting.amount) for posting in entry.postings),
        about=entry.about,
        memo=memo,
    )


def balances(entries: Iterable[Entry]) -> Balances:
    """All accounts after these entries, in whatever order; what is posted twice counts once."""
    found: Balances = defaultdict(int)
    seen: set[str] = set()
    for entry in entries:
        if entry.reference in seen:
            continue
        seen.add(entry.reference)
        for posting in entry.postings:
            key = (entry.seller, entry.buyer, posting.account, posting.amount.currency)
            found[key] += posting.amount.minor
    return dict(found)


def _for_part(
    reference: str, kind: EntryKind, sign: int, price: Price, period: Period, part: Period, at: datetime
) -> Entry:
    amount = share(price.whole, period, part)
    about = About(
        sku=price.sku,
        quantity=price.quantity,
        unit_price=price.unit_price,
        book=price.book,
        version=price.version,
        period=part,
    )
    parties = (price.seller, price.buyer)
    return sold(f"{reference}:{price.seller}", kind, at, parties, Money(sign * amount.minor, amount.currency), about)

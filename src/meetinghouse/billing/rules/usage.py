"""Time that people spent in meetings: by day as it is metered, by month as it is charged."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

from msgspec import Struct

from meetinghouse.billing.model import About, Audience, Book, Entry, Period, Tier, Usage
from meetinghouse.billing.money import amount_of
from meetinghouse.billing.rules.ledger import sold
from meetinghouse.billing.rules.periods import month_name
from meetinghouse.billing.rules.prices import SECONDS_PER_MINUTE, book_in_force, item_of, tier_for

_SECOND = timedelta(seconds=1)


class Presence(Struct, frozen=True):
    """Somebody was in a meeting of a tenant; who is still there has no end."""

    tenant_id: str
    joined_at: datetime
    left_at: datetime | None


class Unpriced(Struct, frozen=True):
    """Usage that could not be charged, and why."""

    tenant_id: str
    region: str
    month: str
    reason: str


def day_period(day: date) -> Period:
    """A day, in UTC."""
    start = datetime.combine(day, time(), UTC)
    return Period(start, start + timedelta(days=1))


def metered(presences: Iterable[Presence], period: Period) -> dict[str, int]:
    """Participant-seconds of each tenant within a period: who crosses its bounds counts on either side for their part."""
    found: dict[str, timedelta] = defaultdict(timedelta)
    for presence in presences:
        begin = max(presence.joined_at, period.start)
        end = period.end if presence.left_at is None else min(presence.left_at, period.end)
        if begin < end:
            found[presence.tenant_id] += end - begin
    return {tenant: seconds for tenant, length in found.items() if (seconds := length // _SECOND)}


def usage_entries(
    usage: Iterable[Usage], books: Sequence[Book], currencies: Mapping[str, str], month: Period
) -> tuple[list[Entry], list[Unpriced]]:
    """What a month's usage costs each link of each tenant's chain.

    A day costs what the book in force at its start says, at the tier that the month's whole time in the region reaches.
    Where nobody in the chain has a price for minutes they are part of the plan; where only some have, it is a mistake and is
    returned as such. `currencies` are those of tenants that have subscriptions: others are charged nothing.
    """
    groups: dict[tuple[str, str], list[Usage]] = defaultdict(list)
    for one in usage:
        if one.seconds and one.tenant_id in currencies and day_period(one.day).start in month:
            groups[one.tenant_id, one.region].append(one)
    entries: list[Entry] = []
    unpriced: list[Unpriced] = []
    for (tenant, region), days in sorted(groups.items()):
        made, reason = _of_region(tenant, region, days, _Books(books, currencies[tenant]), month)
        entries.extend(made)
        if reason:
            unpriced.append(Unpriced(tenant, region, month_name(month.start), reason))
    return entries, unpriced


class _Books:
    """Books in one currency, with each question asked once."""

    def __init__(self, books: Sequence[Book], currency: str) -> None:
        self.currency = currency
        self._books = books
        self._found: dict[tuple[str, Audience, datetime], Book | None] = {}

    def at(self, seller: str, audience: Audience, moment: datetime) -> Book | None:
        key = (seller, audience, moment)
        if key not in self._found:
            self._found[key] = book_in_force(self._books, seller, audience, self.currency, moment)
        return self._found[key]


def _of_region(
    tenant: str, region: str, days: Sequence[Usage], books: _Books, month: Period
) -> tuple[list[Entry], str]:
    total_minutes = sum(day.seconds for day in days) // SECONDS_PER_MINUTE
    seconds: dict[tuple[str, str, Book, Tier], int] = defaultdict(int)
    for day in days:
        links = list(_links(day, books))
        tiers = [
            tier_for(item_of(book, f"minutes:{region}") if book else None, max(1, total_minutes)) for *_, book in links
        ]
        if not any(tiers):
            continue
        if not all(tiers):
            missing = next(seller for (seller, _, _), tier in zip(links, tiers, strict=True) if tier is None)
            return (
                [],
                f"{missing} has no {books.currency} price for minutes:{region} on {day.day}, others in the chain have.",
            )
        for (seller, buyer, book), tier in zip(links, tiers, strict=True):
            if book is not None and tier is not None:
                seconds[seller, buyer, book, tier] += day.seconds
    entries = []
    for (seller, buyer, book, tier), length in seconds.items():
        about = About(
            sku=f"minutes:{region}",
            quantity=length,
            unit_price=tier.unit_price,
            book=book.id,
            version=book.version,
            period=month,
        )
        reference = f"usage:{month_name(month.start)}:{tenant}:{region}:{seller}:{buyer}:{book.id}"
        amount = amount_of(tier.unit_price, length, books.currency, SECONDS_PER_MINUTE)
        entries.append(sold(reference, "usage", month.end - _SECOND, (seller, buyer), amount, about))
    return entries, ""


def _links(day: Usage, books: _Books) -> Iterator[tuple[str, str, Book | None]]:
    start = day_period(day.day).start
    for seller, buyer in pairwise(day.chain):
        yield seller, buyer, books.at(seller, "tenants" if buyer == day.chain[-1] else "partners", start)

"""Half-open periods: the terms of subscriptions, months of statements, and shares of an amount."""

from __future__ import annotations

import calendar
import re
from datetime import UTC, datetime, timedelta

from meetinghouse.billing.model import Period
from meetinghouse.billing.money import Money, rounded
from meetinghouse.security.refusal import Refusal

_MONTH = re.compile(r"(2\d{3})-(0[1-9]|1[0-2])", re.ASCII)
_SECOND = timedelta(seconds=1)
_TERMS = {"month": 1, "year": 12}


def months_after(anchor: datetime, months: int) -> datetime:
    """The same day and time so many months later, or that month's last day where it has no such day."""
    index = anchor.year * 12 + anchor.month - 1 + months
    year, month = index // 12, index % 12 + 1
    return anchor.replace(year=year, month=month, day=min(anchor.day, calendar.monthrange(year, month)[1]))


def term_of(anchor: datetime, term: str, number: int) -> Period:
    """The period `number` (from 0) of a subscription that began at `anchor`; `term` is `month` or `year`."""
    months = _TERMS[term]
    return Period(months_after(anchor, months * number), months_after(anchor, months * (number + 1)))


def month_period(text: str) -> Period:
    """The calendar month `2026-11`, in UTC.

    Raises:
        Refusal: 422 `invalid_month`.

    """
    match = _MONTH.fullmatch(text)
    if match is None:
        raise Refusal(422, "invalid_month", f"{text[:16]!r} is not a month: write for example 2026-11.")
    start = datetime(int(match[1]), int(match[2]), 1, tzinfo=UTC)
    return Period(start, months_after(start, 1))


def month_name(at: datetime) -> str:
    """The month that a moment is in: `2026-11`."""
    return f"{at.year:04}-{at.month:02}"


def share(whole: Money, period: Period, part: Period) -> Money:
    """What of `whole`, which is for `period`, falls on `part` of it, by seconds.

    It is the difference of two running totals, each rounded: however a period is split, the shares sum to the whole.
    """
    length = (period.end - period.start) // _SECOND

    def until(at: datetime) -> int:
        return rounded(whole.minor * ((at - period.start) // _SECOND), length)

    return Money(until(part.end) - until(part.start), whole.currency)

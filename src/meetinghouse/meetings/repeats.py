"""The days of a repeat rule (RFC 5545 §3.3.10), for rules that are never finer than a day.

Own code and not a library's, because a rule comes from outside: libraries search for a day that never comes (31 February, every
seventh day if it is a Tuesday) to the end of the calendar, which takes seconds. Here each step is one day of the asked span.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Literal, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

Frequency: TypeAlias = Literal["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]

_DAY = timedelta(days=1)
_WEEK_DAYS = 7


class Repeat(Struct, frozen=True, kw_only=True):
    """A rule, read. Weekdays count from Monday = 0; an ordinal of 0 in `weekdays` means every such day."""

    frequency: Frequency
    interval: int = 1
    months: frozenset[int] = frozenset()
    month_days: frozenset[int] = frozenset()
    weekdays: frozenset[tuple[int, int]] = frozenset()
    positions: tuple[int, ...] = ()
    week_start: int = 0


def days(repeat: Repeat, first: date, begin: date, last: date) -> Iterator[date]:
    """The days from `begin` to `last`, both included, of a rule that starts on `first`; `begin` is not before `first`."""
    repeat = _with_defaults(repeat, first)
    step = max(0, _periods_before(repeat, first, begin) - 1)
    while True:
        period = _period(repeat, first, step)
        if period is None or period[0] > last:
            return
        for day in _picked(repeat, period):
            if max(first, begin) <= day <= last:
                yield day
        step += 1


def _with_defaults(repeat: Repeat, first: date) -> Repeat:
    """What the rule leaves open is as on the first day."""
    if repeat.month_days or repeat.weekdays:
        return repeat
    match repeat.frequency:
        case "YEARLY":
            months = repeat.months or frozenset({first.month})
            return replace(repeat, months=months, month_days=frozenset({first.day}))
        case "MONTHLY":
            return replace(repeat, month_days=frozenset({first.day}))
        case "WEEKLY":
            return replace(repeat, weekdays=frozenset({(0, first.weekday())}))
        case "DAILY":
            return repeat


def _periods_before(repeat: Repeat, first: date, begin: date) -> int:
    """How many whole steps lie between the first day's period and that of `begin`."""
    match repeat.frequency:
        case "DAILY":
            units = (begin - first).days
        case "WEEKLY":
            units = (begin - _week_of(repeat, first)).days // _WEEK_DAYS
        case "MONTHLY":
            units = (begin.year - first.year) * 12 + begin.month - first.month
        case "YEARLY":
            units = begin.year - first.year
    return units // repeat.interval


def _period(repeat: Repeat, first: date, step: int) -> tuple[date, date] | None:
    """The first and the last day of the step's period; None beyond the calendar."""
    units = step * repeat.interval
    try:
        match repeat.frequency:
            case "DAILY":
                day = first + units * _DAY
                return day, day
            case "WEEKLY":
                begin = _week_of(repeat, first) + units * _WEEK_DAYS * _DAY
                return begin, begin + (_WEEK_DAYS - 1) * _DAY
            case "MONTHLY":
                years, month = divmod(first.year * 12 + first.month - 1 + units, 12)
                return date(years, month + 1, 1), date(years, month + 1, calendar.monthrange(years, month + 1)[1])
            case "YEARLY":
                return date(first.year + units, 1, 1), date(first.year + units, 12, 31)
    except (ValueError, OverflowError):
        return None


def _week_of(repeat: Repeat, day: date) -> date:
    return day - ((day.weekday() - repeat.week_start) % _WEEK_DAYS) * _DAY


def _picked(repeat: Repeat, period: tuple[date, date]) -> list[date]:
    begin, end = period
    span = (begin + offset * _DAY for offset in range((end - begin).days + 1))
    matching = [day for day in span if _matches(repeat, day)]
    if not repeat.positions:
        return matching
    count = len(matching)
    places = {place - 1 if place > 0 else count + place for place in repeat.positions}
    return [day for place, day in enumerate(matching) if place in places]


def _matches(repeat: Repeat, day: date) -> bool:
    if repeat.months and day.month not in repeat.months:
        return False
    if repeat.month_days:
        length = calendar.monthrange(day.year, day.month)[1]
        if day.day not in repeat.month_days and day.day - length - 1 not in repeat.month_days:
            return False
    if not repeat.weekdays:
        return True
    return any(
        weekday == day.weekday() and (ordinal == 0 or ordinal in _ordinals(repeat, day))
        for ordinal, weekday in repeat.weekdays
    )


def _ordinals(repeat: Repeat, day: date) -> tuple[int, int]:
    """Which of its weekday a day is, from the start and from the end of the month, or of the year."""
    if repeat.frequency == "YEARLY" and not repeat.months:
        index = day.timetuple().tm_yday - 1
        length = 366 if calendar.isleap(day.year) else 365
    else:
        index = day.day - 1
        length = calendar.monthrange(day.year, day.month)[1]
    return index // _WEEK_DAYS + 1, -((length - 1 - index) // _WEEK_DAYS) - 1

"""When a meeting is held: repeats by RFC 5545 §3.3.10, in the wall-clock time of a time zone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import islice
from typing import cast
from zoneinfo import ZoneInfo, available_timezones

from meetinghouse.meetings.model import Schedule
from meetinghouse.meetings.repeats import Frequency, Repeat, days

_PARTS = {"FREQ", "INTERVAL", "COUNT", "UNTIL", "BYDAY", "BYMONTHDAY", "BYMONTH", "BYSETPOS", "WKST"}
_FREQUENCIES = {"DAILY", "WEEKLY", "MONTHLY", "YEARLY"}
_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_RULE_CHARACTERS = 500
_COUNT_MAX = 1000
_INTERVAL_MAX = 999
_YEARS = range(2000, 2101)
# How far ahead repeats are looked for.
_HORIZON = timedelta(days=366 * 10)
_DEFAULT_DURATION_MINUTES = 60
# The largest ordinal of a weekday in BYDAY, by frequency; the others take none.
_ORDINAL_MAX = {"MONTHLY": 5, "YEARLY": 53}
_UNTIL = re.compile(r"\d{8}(T\d{6}Z?)?", re.ASCII)
_BYDAY = re.compile(r"([+-]?\d{1,2})?(MO|TU|WE|TH|FR|SA|SU)", re.ASCII)
_INTEGER = re.compile(r"[+-]?\d{1,4}", re.ASCII)
_DAY_END = "T235959"


class BadSchedule(ValueError):  # noqa: N818 (an answer to who wrote it)
    """A schedule that cannot be; `field` names what is wrong, the text says what to write."""

    def __init__(self, field: str, message: str) -> None:
        """`field` is the API's name."""
        super().__init__(message)
        self.field = field


def check_schedule(schedule: Schedule) -> Schedule:
    """The schedule as it is stored: the rule in capitals with UNTIL in UTC, zone and duration given.

    Raises:
        BadSchedule: with the field and the sentence.

    """
    if schedule.starts_at is None:
        if schedule.recurrence or schedule.duration_minutes or schedule.time_zone:
            raise BadSchedule("starts_at", "A schedule needs starts_at.")
        return schedule
    if schedule.starts_at.year not in _YEARS:
        raise BadSchedule("starts_at", "This time is too far away.")
    zone = _zone(schedule.time_zone or "UTC")
    checked = Schedule(
        starts_at=schedule.starts_at.astimezone(UTC).replace(microsecond=0),
        duration_minutes=schedule.duration_minutes or _DEFAULT_DURATION_MINUTES,
        recurrence=_check_rule(schedule.recurrence, zone) if schedule.recurrence else None,
        time_zone=zone.key,
    )
    if next(occurrences(checked), None) is None:
        raise BadSchedule("recurrence", "This rule matches no day.")
    return checked


def occurrences(schedule: Schedule, after: datetime | None = None) -> Iterator[datetime]:
    """The times (UTC) at which a meeting begins, from `after` on, for ten years at most.

    A wall-clock time that a clock change skips is held as much later; one that comes twice, the first time.
    """
    if schedule.starts_at is None:
        return
    if not schedule.recurrence:
        if after is None or schedule.starts_at >= after:
            yield schedule.starts_at
        return
    zone = ZoneInfo(schedule.time_zone or "UTC")
    first = schedule.starts_at.astimezone(zone)
    repeat, count, until = _read_rule(schedule.recurrence)
    # A counted rule is counted from its first day; any other may be entered where it is asked for.
    begin = first.date() if after is None else max(first.date(), after.astimezone(zone).date())
    found = days(repeat, first.date(), first.date() if count else begin, begin + _HORIZON)
    for day in islice(found, count):
        moment = datetime.combine(day, first.time(), zone).astimezone(UTC)
        if until is not None and moment > until:
            return
        if after is None or moment >= after:
            yield moment


def next_after(schedule: Schedule, now: datetime) -> datetime | None:
    """When the meeting is held next; the occurrence that is going on counts as next."""
    return next(occurrences(schedule, now - _duration(schedule)), None)


def until_of(schedule: Schedule) -> datetime | None:
    """When the last occurrence is over; None when there is no last one."""
    if schedule.starts_at is None:
        return None
    if schedule.recurrence:
        _, count, until = _read_rule(schedule.recurrence)
        if count is None and until is None:
            return None
    return max(occurrences(schedule), default=schedule.starts_at) + _duration(schedule)


def _duration(schedule: Schedule) -> timedelta:
    return timedelta(minutes=schedule.duration_minutes or _DEFAULT_DURATION_MINUTES)


def _zone(name: str) -> ZoneInfo:
    if name not in _zones():
        raise BadSchedule("time_zone", "Write an IANA time zone such as Europe/Berlin or Asia/Shanghai.")
    return ZoneInfo(name)


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    """Listing them reads a directory tree."""
    return frozenset(available_timezones())


def _check_rule(text: str, zone: ZoneInfo) -> str:
    text = text.strip().upper().removeprefix("RRULE:")
    if len(text) > _RULE_CHARACTERS:
        raise BadSchedule("recurrence", "The rule is too long.")
    parts: dict[str, str] = {}
    for part in text.rstrip(";").split(";"):
        name, equals, value = part.partition("=")
        if not equals or not value or name in parts:
            raise BadSchedule("recurrence", "The rule cannot be read: write parts such as FREQ=WEEKLY;BYDAY=MO.")
        if name not in _PARTS:
            raise BadSchedule("recurrence", f"The rule part {name[:20]} is not supported.")
        parts[name] = value
    _check_parts(parts)
    if "UNTIL" in parts:
        parts["UNTIL"] = _until_in_utc(parts["UNTIL"], zone)
    return ";".join(f"{name}={value}" for name, value in parts.items())


def _check_parts(parts: dict[str, str]) -> None:
    frequency = parts.get("FREQ", "")
    if frequency not in _FREQUENCIES:
        raise BadSchedule("recurrence", "FREQ must be DAILY, WEEKLY, MONTHLY or YEARLY.")
    if "COUNT" in parts and "UNTIL" in parts:
        raise BadSchedule("recurrence", "Give COUNT or UNTIL, not both.")
    _check_numbers(parts, "COUNT", 1, _COUNT_MAX)
    _check_numbers(parts, "INTERVAL", 1, _INTERVAL_MAX)
    _check_numbers(parts, "BYMONTH", 1, 12)
    _check_numbers(parts, "BYMONTHDAY", -31, 31)
    _check_numbers(parts, "BYSETPOS", -366, 366)
    if frequency == "WEEKLY" and "BYMONTHDAY" in parts:
        raise BadSchedule("recurrence", "BYMONTHDAY does not go with FREQ=WEEKLY.")
    if "BYSETPOS" in parts and not {"BYDAY", "BYMONTHDAY", "BYMONTH"} & parts.keys():
        raise BadSchedule("recurrence", "BYSETPOS picks from BYDAY, BYMONTHDAY or BYMONTH.")
    if parts.get("WKST", "MO") not in _WEEKDAYS:
        raise BadSchedule("recurrence", "WKST is a day such as MO.")
    for day in parts["BYDAY"].split(",") if "BYDAY" in parts else ():
        match = _BYDAY.fullmatch(day)
        if match is None or (match[1] and not 1 <= abs(int(match[1])) <= _ORDINAL_MAX.get(frequency, 0)):
            raise BadSchedule("recurrence", "BYDAY lists days such as MO,WE, or -1FR in a monthly rule.")


def _check_numbers(parts: dict[str, str], name: str, least: int, most: int) -> None:
    if name not in parts:
        return
    texts = parts[name].split(",") if name.startswith("BY") else [parts[name]]
    for text in texts:
        if not _INTEGER.fullmatch(text) or int(text) == 0 or not least <= int(text) <= most:
            raise BadSchedule("recurrence", f"{name} must be a number from {least} to {most}.")


def _until_in_utc(text: str, zone: ZoneInfo) -> str:
    """RFC 5545 wants UNTIL in UTC where DTSTART has a zone; people give a date and mean that whole day."""
    if not _UNTIL.fullmatch(text):
        raise BadSchedule("recurrence", "UNTIL is a date such as 20261231 or a time such as 20261231T170000Z.")
    try:
        whole = (text if "T" in text else text + _DAY_END).rstrip("Z")
        local = datetime.strptime(whole, "%Y%m%dT%H%M%S")  # noqa: DTZ007 (the zone follows)
        return local.replace(tzinfo=UTC if text.endswith("Z") else zone).astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    except (ValueError, OverflowError):
        raise BadSchedule("recurrence", "UNTIL is no date of the calendar.") from None


@lru_cache(maxsize=1024)
def _read_rule(rule: str) -> tuple[Repeat, int | None, datetime | None]:
    """A checked rule: the repeat, its count, its end."""
    parts = dict(part.split("=", 1) for part in rule.split(";"))

    def numbers(name: str) -> list[int]:
        return [int(text) for text in parts[name].split(",")] if name in parts else []

    weekdays = [_BYDAY.fullmatch(day) for day in parts["BYDAY"].split(",")] if "BYDAY" in parts else []
    repeat = Repeat(
        frequency=cast("Frequency", parts["FREQ"]),
        interval=int(parts.get("INTERVAL", "1")),
        months=frozenset(numbers("BYMONTH")),
        month_days=frozenset(numbers("BYMONTHDAY")),
        weekdays=frozenset((int(day[1] or 0), _WEEKDAYS.index(day[2])) for day in weekdays if day is not None),
        positions=tuple(numbers("BYSETPOS")),
        week_start=_WEEKDAYS.index(parts.get("WKST", "MO")),
    )
    until = datetime.strptime(parts["UNTIL"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC) if "UNTIL" in parts else None
    return repeat, int(parts["COUNT"]) if "COUNT" in parts else None, until

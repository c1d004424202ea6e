"""Our days of a repeat rule are those of dateutil, an independent implementation of RFC 5545."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice

from dateutil.rrule import rrulestr
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from meetinghouse.meetings.model import Schedule
from meetinghouse.meetings.recurrence import BadSchedule, check_schedule, occurrences

_DAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]
# dateutil searches to the year 9999 for a day that never comes: it is asked for as many days as we found, and no more.
_END = "20330101T000000Z"


def some(values: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.lists(values, min_size=1, max_size=3, unique=True).map(",".join)


@st.composite
def rules(draw: st.DrawFn) -> str:
    frequency = draw(st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]))
    parts = [f"FREQ={frequency}", f"INTERVAL={draw(st.integers(1, 5))}"]
    ordinal = {"MONTHLY": 5, "YEARLY": 53}.get(frequency, 0)
    days = st.sampled_from(_DAYS)
    # All with an ordinal or none: of a mixture dateutil takes the days that are both, where RFC 5545 means either.
    if ordinal and draw(st.booleans()):
        days = st.tuples(st.integers(-ordinal, ordinal).filter(bool).map(str), days).map("".join)
    by: list[str] = []
    if draw(st.booleans()):
        by.append("BYDAY=" + draw(some(days)))
    if draw(st.booleans()):
        by.append("BYMONTH=" + draw(some(st.integers(1, 12).map(str))))
    if frequency != "WEEKLY" and draw(st.booleans()):
        by.append("BYMONTHDAY=" + draw(some(st.integers(-28, 28).filter(bool).map(str))))
    if by and frequency in {"MONTHLY", "YEARLY"} and draw(st.booleans()):
        by.append("BYSETPOS=" + draw(some(st.integers(-3, 3).filter(bool).map(str))))
    if draw(st.booleans()):
        by.append("WKST=" + draw(st.sampled_from(_DAYS)))
    return ";".join([*parts, *by, f"UNTIL={_END}"])


@settings(max_examples=150, deadline=None)
@given(rule=rules(), offset=st.integers(0, 800))
def test_the_same_days_as_dateutil(rule: str, offset: int) -> None:
    first = datetime(2026, 1, 1, 9, tzinfo=UTC) + timedelta(days=offset)
    try:
        planned = check_schedule(Schedule(starts_at=first, recurrence=rule))
    except BadSchedule:
        reject()
    ours = list(occurrences(planned))
    endless = rrulestr(rule.partition(";UNTIL=")[0], dtstart=first)
    try:
        theirs = list(islice(endless, len(ours)))
    except IndexError:  # dateutil's own: the 38th Monday of a month
        reject()
    assert ours == theirs
    middle = datetime(2029, 6, 1, tzinfo=UTC)
    assert list(occurrences(planned, middle)) == [moment for moment in ours if moment >= middle]

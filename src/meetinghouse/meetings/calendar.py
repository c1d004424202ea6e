"""Meetings as iCalendar (RFC 5545): one to download, or a member's whole calendar to subscribe to.

These files hold the join link with its passcode: they go to the host, who invites with them, as the invitation text does.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from meetinghouse.meetings.links import join_url, spoken
from meetinghouse.meetings.model import Meeting

if TYPE_CHECKING:
    from icalendar import Event

MEDIA_TYPE = "text/calendar; charset=utf-8"
_PRODUCT = "-//Meetinghouse//Meetings//EN"


def calendar_of(meetings: Iterable[Meeting], public_url: str, name: str | None = None) -> bytes:
    """One calendar with an event for each scheduled meeting; the time zones that they use are defined in it."""
    from icalendar import Calendar  # noqa: PLC0415 (a tenth of the whole start, and seldom needed)

    calendar = Calendar()
    calendar.add("prodid", _PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", "PUBLISH")
    if name is not None:
        calendar.add("x-wr-calname", name)
        calendar.add("refresh-interval", timedelta(hours=1), {"VALUE": "DURATION"})
    for meeting in meetings:
        if meeting.schedule.starts_at is not None:
            calendar.add_component(_event(meeting, meeting.schedule.starts_at, public_url))
    calendar.add_missing_timezones()
    return bytes(calendar.to_ical())


def _event(meeting: Meeting, starts_at: datetime, public_url: str) -> Event:
    from icalendar import Event, vRecur, vUri  # noqa: PLC0415

    schedule = meeting.schedule
    zone = ZoneInfo(schedule.time_zone or "UTC")
    begin = starts_at.astimezone(zone)
    url = join_url(public_url, meeting.link_id, meeting.settings.passcode)
    event = Event()
    event.add("uid", f"{meeting.id}@{public_url.partition('://')[2]}")
    event.add("dtstamp", meeting.created_at)
    event.add("sequence", meeting.revision)
    event.add("summary", meeting.title)
    event.add("dtstart", begin)
    event.add("duration", timedelta(minutes=schedule.duration_minutes or 60))
    if schedule.recurrence:
        event.add("rrule", vRecur.from_ical(schedule.recurrence))
    event.add("location", url)
    event.add("url", vUri(url))
    event.add("description", f"{url}\n\n{spoken(meeting.number)}" + _passcode_line(meeting))
    event.add("status", "CONFIRMED")
    return event


def _passcode_line(meeting: Meeting) -> str:
    return f"\n{meeting.settings.passcode}" if meeting.settings.passcode else ""

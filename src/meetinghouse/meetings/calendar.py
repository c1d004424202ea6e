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
from meetinghouse.security.houses import House

if TYPE_CHECKING:
    from icalendar import Event

MEDIA_TYPE = "text/calendar; charset=utf-8"


def calendar_of(meetings: Iterable[Meeting], house: House, *, named: bool = False) -> bytes:
    """One calendar with an event for each scheduled meeting; the time zones that they use are defined in it.

    It speaks in the name of `house`, and bears it itself if it is `named`.
    """
    from icalendar import Calendar  # noqa: PLC0415 (a tenth of the whole start, and seldom needed)

    calendar = Calendar()
    calendar.add("prodid", f"-//{house.name.replace('/', ' ')}//Meetings//EN")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", "PUBLISH")
    if named:
        calendar.add("x-wr-calname", house.name)
        calendar.add("refresh-interval", timedelta(hours=1), {"VALUE": "DURATION"})
    for meeting in meetings:
        if meeting.schedule.starts_at is not None:
            calendar.add_component(_event(meeting, meeting.schedule.starts_at, house.url))
    calendar.add_missing_timezones()
    return bytes(calendar.to_ical())


def _event(meeting: Meeting, starts_at: datetime, public_url: str) -> Event:
    from icalendar import Event, vRecur, vUri  # noqa: PLC0415

    schedule = meeting.schedule
    zone = ZoneInfo(schedule.time_zone or "UTC")
    begin = starts_at.astimezone(zone)
    url = join_url(public_url, meeting.link_id, meeting.settings.passcode)
    event = Event()
    # Of no host name (RFC 7986 §5.3): the event stays the same when the tenant moves, and gives nobody's name away.
    event.add("uid", meeting.id)
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

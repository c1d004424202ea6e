"""What the meetings' part of the HTTP API says and hears."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from meetinghouse.meetings.links import join_url
from meetinghouse.meetings.messages import Role
from meetinghouse.meetings.model import Chat, Kind, Meeting, Settings, Share
from meetinghouse.meetings.recurrence import next_after

Title = Annotated[str, Meta(max_length=800)]
AskedName = Annotated[str, Meta(max_length=400)]
Minutes = Annotated[int, Meta(ge=1, le=1440)]
RuleText = Annotated[str, Meta(max_length=500)]
ZoneName = Annotated[str, Meta(max_length=64)]
When = Literal["upcoming", "previous", "all"]


class SettingsIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings to set; absent ones stay, or have their defaults. `passcode` true makes a new one, false takes it away."""

    lobby: bool | None = None
    passcode: bool | Annotated[str, Meta(max_length=20)] | None = None
    join_before_host: bool | None = None
    share: Share | None = None
    chat: Chat | None = None
    locked: bool | None = None
    mute_on_entry: bool | None = None
    e2ee: bool | None = None


class NewMeeting(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A meeting to make: now, or planned when `starts_at` is given. Repeats keep the wall-clock time of `time_zone`."""

    title: Title | None = None
    starts_at: datetime | None = None
    duration_minutes: Minutes | None = None
    recurrence: RuleText | None = None
    time_zone: ZoneName | None = None
    settings: SettingsIn | None = None


class MeetingChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to change; absent stays. `recurrence` null ends the repeating."""

    title: Title | UnsetType = UNSET
    starts_at: datetime | UnsetType = UNSET
    duration_minutes: Minutes | UnsetType = UNSET
    recurrence: RuleText | UnsetType | None = UNSET
    time_zone: ZoneName | UnsetType = UNSET
    settings: SettingsIn | UnsetType = UNSET


class HostView(Struct, frozen=True):
    """Whose meeting it is."""

    id: str
    name: str


class MeetingView(Struct, frozen=True, kw_only=True):
    """A meeting as its host sees it."""

    id: str
    title: str
    kind: Kind
    number: str
    passcode: str | None
    join_url: str
    starts_at: datetime | None
    duration_minutes: int | None
    recurrence: str | None
    time_zone: str | None
    settings: Settings
    host: HostView
    next_at: datetime | None
    ends_at: datetime | None
    in_progress: bool
    created_at: datetime


class Occurrence(Struct, frozen=True):
    """One time at which a meeting is held."""

    starts_at: datetime


class TicketAsk(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A ticket to make. Without a name it is for the caller."""

    name: AskedName | None = None
    role: Role = Role.ATTENDEE
    publish: bool = True
    subscribe: bool = True
    expires_in_seconds: Annotated[int, Meta(ge=1)] | None = None


class TicketView(Struct, frozen=True, kw_only=True):
    """A ticket, to be redeemed once."""

    ticket: str
    participant_id: str
    expires_at: datetime


class JoinAsk(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Somebody wants in. `meeting` is a number, a link id or a full link; members may leave their name out."""

    meeting: Annotated[str, Meta(max_length=2048)]
    passcode: Annotated[str, Meta(max_length=64)] | None = None
    name: AskedName | None = None


class Joined(Struct, frozen=True, kw_only=True):
    """The way in: a ticket for the signalling connection. `state` is where it will lead as things are now."""

    ticket: str
    participant_id: str
    state: Literal["lobby", "joined"]
    signalling_url: str
    expires_at: datetime


class StreamView(Struct, frozen=True):
    """Something a participant has on; the codec is known once media has come."""

    source: str
    codec: str | None


class ParticipantView(Struct, frozen=True, kw_only=True):
    """Somebody in the meeting or its lobby."""

    id: str
    name: str
    role: Role
    state: Literal["lobby", "joined", "reconnecting"]
    streams: list[StreamView]
    node: str
    region: str


class CalendarView(Struct, frozen=True):
    """The secret address of one's calendar."""

    url: str


def meeting_view(meeting: Meeting, public_url: str, now: datetime, *, in_progress: bool) -> MeetingView:
    """A meeting as its host sees it."""
    schedule = meeting.schedule
    passcode = meeting.settings.passcode
    return MeetingView(
        id=meeting.id,
        title=meeting.title,
        kind=meeting.kind,
        number=meeting.number,
        passcode=passcode,
        join_url=join_url(public_url, meeting.link_id, passcode),
        starts_at=schedule.starts_at,
        duration_minutes=schedule.duration_minutes,
        recurrence=schedule.recurrence,
        time_zone=schedule.time_zone,
        settings=meeting.settings,
        host=HostView(meeting.host_id, meeting.host_name),
        next_at=None if meeting.ended_at else next_after(schedule, now),
        ends_at=meeting.until_at if meeting.kind is Kind.SCHEDULED else meeting.ended_at,
        in_progress=in_progress,
        created_at=meeting.created_at,
    )

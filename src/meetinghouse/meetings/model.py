"""The values of meetings: what is stored, what a ticket says, and the reasons for a no."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Literal

from msgspec import Struct

from meetinghouse.meetings.messages import Reason, Role, Source

Share = Literal["one", "many", "host"]
Chat = Literal["everyone", "host", "off"]


class Kind(StrEnum):
    """How a meeting came to be; a personal room is a member's own and never ends for good."""

    INSTANT = "instant"
    SCHEDULED = "scheduled"
    PERSONAL = "personal"


class Refused(StrEnum):
    """Why somebody may not come in. Told honestly only to who holds the meeting's full link or a ticket."""

    LOCKED = "locked"
    ENDED = "ended"
    NOT_STARTED = "not_started"
    FULL = "meeting_full"
    REMOVED = "removed"


class Settings(Struct, frozen=True, kw_only=True):
    """What a host decides about a meeting. `passcode` None means that the link or number is enough."""

    lobby: bool = True
    passcode: str | None = None
    join_before_host: bool = False
    share: Share = "one"
    chat: Chat = "everyone"
    locked: bool = False
    mute_on_entry: bool = False
    e2ee: bool = False


class Schedule(Struct, frozen=True, kw_only=True):
    """When a meeting is held. `starts_at` is UTC; repeats keep the wall-clock time of `time_zone` (an IANA name)."""

    starts_at: datetime | None = None
    duration_minutes: int | None = None
    recurrence: str | None = None
    time_zone: str | None = None


class Meeting(Struct, frozen=True, kw_only=True):
    """Something one can join again and again. `until_at` is when it moves to the previous ones (None: never)."""

    id: str
    tenant_id: str
    host_id: str
    host_name: str
    kind: Kind
    title: str
    number: str
    link_id: str
    settings: Settings
    schedule: Schedule
    revision: int
    created_at: datetime
    until_at: datetime | None = None
    ended_at: datetime | None = None


class Session(Struct, frozen=True, kw_only=True):
    """One holding of a meeting. No event of it had a sequence above `sequence_reserved` before that number was stored."""

    id: str
    tenant_id: str
    meeting_id: str
    started_at: datetime
    sequence_reserved: int
    spotlight: str | None = None


class Presence(StrEnum):
    """Where a participant is."""

    WAITING = "waiting"
    JOINED = "joined"
    GONE = "gone"


class Attendance(Struct, frozen=True, kw_only=True):
    """The stored row of one participant: everything that a restart must not forget."""

    id: str
    tenant_id: str
    session_id: str
    name: str
    role: Role
    presence: Presence
    asked_at: datetime
    resume_mark: bytes
    resume_expires_at: datetime
    member_id: str | None = None
    publish: bool = True
    subscribe: bool = True
    joined_at: datetime | None = None
    joined_sequence: int | None = None
    sources: tuple[Source, ...] = ()
    hand_raised_at: datetime | None = None
    left_at: datetime | None = None
    left_reason: Reason | None = None


class Ticket(Struct, frozen=True, kw_only=True):
    """What a ticket permits: joining `meeting_id` once as `participant_id`.

    `admitted` skips the lobby, the lock and the wait for the host: somebody allowed to admit people vouched for its holder.
    """

    participant_id: str
    tenant_id: str
    meeting_id: str
    name: str
    role: Role
    admitted: bool
    publish: bool
    subscribe: bool
    member_id: str | None
    expires_at: datetime


class Situation(Struct, frozen=True, kw_only=True):
    """What is so at the moment that somebody asks to come in."""

    settings: Settings
    ended: bool = False
    in_progress: bool = False
    people: int = 0
    people_limit: int
    removed_before: bool = False

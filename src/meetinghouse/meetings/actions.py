"""What hosts do with their meetings as they are planned: make, change, delete, list, invite, publish to calendars.

Whoever may not see a meeting is told that there is none (404 `not_found`), so that ids cannot be tried out.
"""

from __future__ import annotations

import hmac
from datetime import datetime, timedelta
from typing import Any

from msgspec import UNSET
from msgspec.structs import asdict, replace

from meetinghouse.db.engine import Transaction
from meetinghouse.db.ids import new_id
from meetinghouse.db.tenancy import Across
from meetinghouse.meetings import acts, tables
from meetinghouse.meetings.acts import ActRefused
from meetinghouse.meetings.calendar import calendar_of
from meetinghouse.meetings.context import Meetings
from meetinghouse.meetings.links import is_passcode, new_link_id, new_number, new_passcode
from meetinghouse.meetings.model import Kind, Meeting, Schedule, Settings
from meetinghouse.meetings.recurrence import BadSchedule, check_schedule, next_after, until_of
from meetinghouse.meetings.wire import MeetingChange, NewMeeting, SettingsIn, When
from meetinghouse.people import tables as people_tables
from meetinghouse.people.actions import set_personal_meeting
from meetinghouse.people.model import Actor, Member, Role, Scope, Status
from meetinghouse.security.names import TITLE_CHARACTERS, clean_name
from meetinghouse.security.refusal import Refusal

# How long an instant meeting counts as upcoming when nobody comes.
_INSTANT_LIFE = timedelta(hours=24)
# A subscribed calendar keeps what is over for a while; a list is cut where no person reads on.
_CALENDAR_PAST = timedelta(days=90)
_LISTED = 1000
_NUMBER_TRIES = 20


def check_create(meetings: Meetings, actor: Actor, ask: NewMeeting) -> Meeting:
    """The meeting that `ask` describes.

    Raises:
        Refusal: 403 `missing_scope`; 422 `not_available`, `invalid_passcode`, `invalid_schedule`; 429.

    """
    actor.must(Scope.MEETINGS_WRITE)
    meetings.limiter.hit("writes_per_member", meetings.limits.writes_per_member, actor.member_id)
    given = Schedule(
        starts_at=ask.starts_at,
        duration_minutes=ask.duration_minutes,
        recurrence=ask.recurrence,
        time_zone=ask.time_zone,
    )
    schedule = _checked(given if ask.starts_at is not None or ask.recurrence else Schedule())
    settings = ask.settings or SettingsIn()
    made = _new_meeting(meetings, actor.tenant_id, actor.member_id, actor.name, schedule, settings)
    return replace(made, title=_title(ask.title, actor.name))


def _new_meeting(
    meetings: Meetings, tenant_id: str, host_id: str, host_name: str, schedule: Schedule, settings: SettingsIn
) -> Meeting:
    now = meetings.clock.now()
    planned = schedule.starts_at is not None
    return Meeting(
        id=new_id(),
        tenant_id=tenant_id,
        host_id=host_id,
        host_name=host_name,
        kind=Kind.SCHEDULED if planned else Kind.INSTANT,
        title="",
        number=new_number(),
        link_id=new_link_id(),
        settings=_new_settings(settings),
        schedule=schedule,
        revision=0,
        created_at=now,
        until_at=until_of(schedule) if planned else now + _INSTANT_LIFE,
    )


async def do_create(meetings: Meetings, meeting: Meeting) -> Meeting:
    """Store a new meeting, under a number that is free.

    Raises:
        Refusal: 403 `not_allowed_here` with the market's rule; 409 `too_many_meetings`.

    """
    await meetings.sessions.bounds.check_host(meeting.tenant_id)
    async with meetings.db.write(meeting.tenant_id) as write:
        if await tables.count_of(write.connection, meeting.host_id) >= meetings.limits.meetings_per_member:
            raise Refusal(409, "too_many_meetings", "Delete some of your meetings before you make another one.")
        meeting = replace(meeting, number=await _free_number(meetings, meeting.number))
        await tables.add(write.connection, meeting)
        if meeting.kind is Kind.PERSONAL:
            await set_personal_meeting(write, meeting.host_id, meeting.id)
    return meeting


async def do_open_personal(meetings: Meetings, actor: Actor) -> Meeting:
    """The actor's personal room, made at the first call."""
    actor.must(Scope.MEETINGS_WRITE)
    async with meetings.db.read(actor.tenant_id) as connection:
        found = await tables.personal_of(connection, actor.member_id)
    if found is not None:
        return found
    made = check_create(meetings, actor, NewMeeting(title=actor.name))
    return await do_create(meetings, replace(made, kind=Kind.PERSONAL, until_at=None))


async def give_personal_room(meetings: Meetings, write: Transaction, member: Member) -> None:
    """A new member's personal room, in the transaction that makes them a member."""
    if member.personal_meeting_id is not None:
        return
    meeting = _new_meeting(meetings, member.tenant_id, member.id, member.name, Schedule(), SettingsIn())
    meeting = replace(meeting, title=_title(None, member.name), kind=Kind.PERSONAL, until_at=None)
    meeting = replace(meeting, number=await _free_number(meetings, meeting.number))
    await tables.add(write.connection, meeting)
    await set_personal_meeting(write, member.id, meeting.id)


async def find(meetings: Meetings, actor: Actor, meeting_id: str, scope: Scope = Scope.MEETINGS_READ) -> Meeting:
    """A meeting that the actor hosts, or manages as an administrator of its tenant.

    Raises:
        Refusal: 403 `missing_scope`, 404 `not_found`.

    """
    actor.must(scope)
    live = meetings.sessions.live_of(meeting_id)
    if live is None:
        async with meetings.db.read(actor.tenant_id) as connection:
            meeting = await tables.by_id(connection, meeting_id)
    else:
        meeting = live.meeting
    if meeting is None or not may_manage(actor, meeting):
        raise Refusal(404, "not_found", "There is no such meeting.")
    return meeting


def may_manage(actor: Actor, meeting: Meeting) -> bool:
    """Hosts manage their own meetings, administrators those of their tenant."""
    if actor.tenant_id != meeting.tenant_id:
        return False
    return actor.member_id == meeting.host_id or (actor.role is not Role.MEMBER and Scope.ADMIN in actor.scopes)


def check_change(meetings: Meetings, actor: Actor, meeting: Meeting, ask: MeetingChange) -> Meeting:
    """The meeting as `ask` wants it.

    Raises:
        Refusal: as `check_create`; 422 `invalid_schedule` also for a time of a meeting that has none.

    """
    meetings.limiter.hit("writes_per_member", meetings.limits.writes_per_member, actor.member_id)
    changed = meeting
    if ask.title is not UNSET:
        changed = replace(changed, title=_title(ask.title, actor.name))
    asked = {
        name: value
        for name in ("starts_at", "duration_minutes", "recurrence", "time_zone")
        if (value := getattr(ask, name)) is not UNSET
    }
    if asked:
        if meeting.kind is not Kind.SCHEDULED:
            raise Refusal(422, "invalid_schedule", "Only a scheduled meeting has a time.")
        schedule = _checked(replace(meeting.schedule, **asked))
        changed = replace(changed, schedule=schedule, until_at=until_of(schedule), ended_at=None)
    if ask.settings is not UNSET:
        changed = replace(changed, settings=_changed_settings(meeting.settings, ask.settings))
    if changed == meeting:
        return meeting
    return replace(changed, revision=meeting.revision + 1)


async def do_change(meetings: Meetings, meeting: Meeting) -> Meeting:
    """Store the change; who is in the meeting sees it."""
    live = meetings.sessions.live_of(meeting.id)
    if live is not None:
        try:
            await acts.put_meeting(live, meeting)
        except ActRefused:
            pass  # it ended while we asked: then only the plan is left to change
        else:
            return meeting
    async with meetings.db.write(meeting.tenant_id) as write:
        await tables.change(write.connection, meeting)
    return meeting


async def do_delete(meetings: Meetings, actor: Actor, meeting: Meeting) -> None:
    """End the meeting if it is held, and delete it with all that was said in it."""
    await end_now(meetings, meeting)
    now = meetings.clock.now()
    async with meetings.db.write(actor.tenant_id) as write:
        await tables.remove(write.connection, meeting.id)
        await people_tables.insert_audit(
            write.connection, actor.tenant_id, now, actor.member_id, "delete_meeting", meeting.id, {}
        )


async def end_now(meetings: Meetings, meeting: Meeting) -> None:
    """End what is held now, for all; what will not be held again is over for its guests."""
    now = meetings.clock.now()
    live = meetings.sessions.live_of(meeting.id)
    if live is not None:
        await acts.end_meeting(live, acts.OUTSIDE, now)
        return
    ended = acts.ended_meeting(meeting, now)
    if ended is not None and meeting.ended_at is None:
        async with meetings.db.write(meeting.tenant_id) as write:
            await tables.change(write.connection, ended)


async def listed(
    meetings: Meetings, actor: Actor, when: When, cursor: str, limit: int
) -> tuple[list[Meeting], str | None]:
    """A part of the actor's meetings and the cursor of the next.

    Raises:
        Refusal: 403 `missing_scope`, 400 `invalid_cursor`.

    """
    actor.must(Scope.MEETINGS_READ)
    now = meetings.clock.now()
    if when == "upcoming":
        return await _upcoming(meetings, actor, now, cursor, limit)
    async with meetings.db.read(actor.tenant_id) as connection:
        if when == "previous":
            found = await tables.previous_of(connection, actor.member_id, now, _read_cursor(cursor), limit + 1)
        else:
            found = await tables.all_of(connection, actor.member_id, cursor or None, limit + 1)
    if len(found) <= limit:
        return found, None
    last = found[limit - 1]
    return found[:limit], last.id if when == "all" else f"{_seconds(last.until_at)}~{last.id}"


async def calendar_url(meetings: Meetings, actor: Actor) -> str:
    """The secret address of the actor's calendar: who they are, and a mark that only this installation can make."""
    actor.must(Scope.MEETINGS_READ)
    url = (await meetings.houses.of(actor.tenant_id)).url
    return f"{url}/calendar/{actor.member_id}.{_calendar_mark(meetings, actor.member_id)}.ics"


async def subscribed_calendar(meetings: Meetings, name: str) -> bytes:
    """A member's calendar, for who knows its secret address; of those who may not sign in there is none.

    Raises:
        Refusal: 404 `not_found`.

    """
    member_id, _, mark = name.partition(".")
    genuine = hmac.compare_digest(mark.encode(), _calendar_mark(meetings, member_id).encode())
    async with meetings.db.read(Across.SIGN_IN) as connection:
        member = await people_tables.member(connection, member_id) if genuine else None
        if (
            member is None
            or member.status in {Status.DISABLED, Status.REMOVED}
            or not (await meetings.houses.here()).serves(member.tenant_id)
        ):
            raise Refusal(404, "not_found", "There is no such calendar.")
        since = meetings.clock.now() - _CALENDAR_PAST
        planned = await tables.on_calendar(connection, member_id, since, _LISTED)
    house = await meetings.houses.of(member.tenant_id)
    return calendar_of(planned, house, named=True)


def _calendar_mark(meetings: Meetings, member_id: str) -> str:
    return meetings.keys.mark("calendar address", member_id).hex()


def _checked(schedule: Schedule) -> Schedule:
    try:
        return check_schedule(schedule)
    except BadSchedule as bad:
        raise Refusal(422, "invalid_schedule", f"{bad.field}: {bad}") from None


def _title(text: str | None, host_name: str) -> str:
    return clean_name(text or "", TITLE_CHARACTERS) or clean_name(host_name, TITLE_CHARACTERS) or "Meeting"


def _new_settings(ask: SettingsIn) -> Settings:
    lobby = True if ask.lobby is None else ask.lobby
    start = Settings(lobby=lobby, passcode=new_passcode(), join_before_host=not lobby)
    return _changed_settings(start, ask)


def _changed_settings(settings: Settings, ask: SettingsIn) -> Settings:
    if ask.e2ee:
        raise Refusal(422, "not_available", "End-to-end encryption is not available in this version.")
    given: dict[str, Any] = {name: value for name, value in asdict(ask).items() if value is not None}
    passcode = given.pop("passcode", None)
    if passcode is False:
        given["passcode"] = None
    elif passcode is True:
        given["passcode"] = settings.passcode or new_passcode()
    elif isinstance(passcode, str):
        if not is_passcode(passcode):
            raise Refusal(422, "invalid_passcode", "A passcode is 6 to 10 digits.")
        given["passcode"] = passcode
    lobby = given.get("lobby", settings.lobby)
    if lobby is not settings.lobby and "join_before_host" not in given:
        given["join_before_host"] = not lobby
    return replace(settings, **given)


async def _free_number(meetings: Meetings, number: str) -> str:
    # Numbers are one space for all tenants. Who takes the same one at the same moment is refused by the table.
    async with meetings.db.read(Across.JOIN) as connection:
        for _ in range(_NUMBER_TRIES):
            if not await tables.number_is_taken(connection, number):
                return number
            number = new_number()
    raise Refusal(503, "no_free_number", "No free meeting number was found. Try again.")


async def _upcoming(
    meetings: Meetings, actor: Actor, now: datetime, cursor: str, limit: int
) -> tuple[list[Meeting], str | None]:
    """By the time they are held next, what is going on first. All of one person's fit in memory; the page is cut from them."""
    async with meetings.db.read(actor.tenant_id) as connection:
        found = await tables.upcoming_of(connection, actor.member_id, now, _LISTED)
    keyed = sorted(((_upcoming_key(meetings, meeting, now), meeting) for meeting in found), key=lambda pair: pair[0])
    begin = 0
    if cursor:
        begin = next((place for place, (key, _) in enumerate(keyed) if "~".join(key) > cursor), len(keyed))
    page = keyed[begin : begin + limit]
    more = begin + limit < len(keyed)
    return [meeting for _, meeting in page], "~".join(page[-1][0]) if more and page else None


def _upcoming_key(meetings: Meetings, meeting: Meeting, now: datetime) -> tuple[str, str]:
    if meetings.sessions.in_progress(meeting.id):
        return "0", meeting.id
    at = next_after(meeting.schedule, now) or meeting.created_at
    return f"1{at:%Y%m%d%H%M%S}", meeting.id


def _seconds(moment: datetime | None) -> str:
    return "" if moment is None else moment.isoformat()


def _read_cursor(cursor: str) -> tuple[datetime, str] | None:
    if not cursor:
        return None
    moment, _, identity = cursor.partition("~")
    try:
        at = datetime.fromisoformat(moment)
    except ValueError:
        raise Refusal(400, "invalid_cursor", "Give the `next` of the page before.") from None
    if at.tzinfo is None:
        raise Refusal(400, "invalid_cursor", "Give the `next` of the page before.")
    return at, identity

"""The HTTP API of meetings: parse, authenticate, call one action, encode.

`routes` go below `/api/v1`, `root_routes` to the root.
"""

from __future__ import annotations

from typing import Any, Final

from litestar import Request, Response, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody

from meetinghouse.meetings import actions, acts, joining
from meetinghouse.meetings.acts import ActRefused
from meetinghouse.meetings.calendar import MEDIA_TYPE, calendar_of
from meetinghouse.meetings.context import Meetings
from meetinghouse.meetings.details import detail_of
from meetinghouse.meetings.invitation import Invitation, invitation_to
from meetinghouse.meetings.live import LiveSession
from meetinghouse.meetings.model import Meeting, Presence
from meetinghouse.meetings.one_way_api import routes as one_way_routes
from meetinghouse.meetings.quality_api import routes as quality_routes
from meetinghouse.meetings.recurrence import next_after, occurrences
from meetinghouse.meetings.signalling import signal
from meetinghouse.meetings.wire import (
    CalendarView,
    JoinAsk,
    Joined,
    MeetingChange,
    MeetingView,
    NewMeeting,
    Occurrence,
    ParticipantView,
    StreamView,
    TicketAsk,
    TicketView,
    When,
    meeting_view,
)
from meetinghouse.people.model import Actor, Scope
from meetinghouse.people.wire import Page
from meetinghouse.security.refusal import Refusal

_ITEMS = 50
# What HTTP calls the noes of a running session.
_STATUS: Final = {"unknown_participant": 404, "meeting_full": 409, "ended": 409}


@post("/meetings")
async def create_meeting(
    meetings: NamedDependency[Meetings], actor: NamedDependency[Actor], data: JSONBody[NewMeeting]
) -> MeetingView:
    """Make a meeting: at once, or planned when `starts_at` is given."""
    return await _view(meetings, await actions.do_create(meetings, actions.check_create(meetings, actor, data)))


@get("/meetings")
async def list_meetings(
    meetings: NamedDependency[Meetings],
    actor: NamedDependency[Actor],
    when: FromQuery[When] = "upcoming",
    cursor: FromQuery[str] = "",
    limit: FromQuery[int] = _ITEMS,
) -> Page[MeetingView]:
    """One's own meetings."""
    found, following = await actions.listed(meetings, actor, when, cursor, _bounded(meetings, limit))
    return Page([await _view(meetings, meeting) for meeting in found], following)


@post("/meetings/personal", status_code=200)
async def open_personal(meetings: NamedDependency[Meetings], actor: NamedDependency[Actor]) -> MeetingView:
    """One's personal room, made at the first call."""
    return await _view(meetings, await actions.do_open_personal(meetings, actor))


@get("/meetings/{meeting_id:str}")
async def get_meeting(
    meetings: NamedDependency[Meetings], actor: NamedDependency[Actor], meeting_id: FromPath[str]
) -> MeetingView:
    """One meeting."""
    return await _view(meetings, await actions.find(meetings, actor, meeting_id))


@patch("/meetings/{meeting_id:str}")
async def change_meeting(
    meetings: NamedDependency[Meetings],
    actor: NamedDependency[Actor],
    meeting_id: FromPath[str],
    data: JSONBody[MeetingChange],
) -> MeetingView:
    """Change a meeting; link and number stay."""
    meeting = await actions.find(meetings, actor, meeting_id, Scope.MEETINGS_WRITE)
    changed = actions.check_change(meetings, actor, meeting, data)
    return await _view(meetings, await actions.do_change(meetings, changed))


@delete("/meetings/{meeting_id:str}", status_code=204)
async def delete_meeting(
    meetings: NamedDependency[Meetings], actor: NamedDependency[Actor], meeting_id: FromPath[str]
) -> None:
    """Delete a meeting with its chat; who is in it is sent out."""
    meeting = await actions.find(meetings, actor, meeting_id, Scope.MEETINGS_WRITE)
    await actions.do_delete(meetings, actor, meeting)


@get("/meetings/{meeting_id:str}/occurrences")
async def list_occurrences(
    meetings: NamedDependency[Meetings],
    actor: NamedDependency[Actor],
    meeting_id: FromPath[str],
    limit: FromQuery[int] = _ITEMS,
) -> Page[Occurrence]:
    """When a meeting is held, from now on."""
    meeting = await actions.find(meetings, actor, meeting_id)
    found = zip(range(_bounded(meetings, limit)), occurrences(meeting.schedule, meetings.clock.now()), strict=False)
    return Page([Occurrence(moment) for _, moment in found], None)


@get("/meetings/{meeting_id:str}/invitation")
async def get_invitation(
    meetings: NamedDependency[Meetings],
    actor: NamedDependency[Actor],
    meeting_id: FromPath[str],
    language: FromQuery[str] = "en",
) -> Invitation:
    """The text to invite with."""
    meeting = await actions.find(meetings, actor, meeting_id)
    url = (await meetings.houses.of(meeting.tenant_id)).url
    return invitation_to(meeting, url, language, next_after(meeting.schedule, meetings.clock.now()))


@get("/meetings/{meeting_id:str}/calendar.ics")
async def get_calendar_file(
    meetings: NamedDependency[Meetings], actor: NamedDependency[Actor], meeting_id: FromPath[str]
) -> Response[bytes]:
    """The meeting as an iCalendar file."""
    meeting = await actions.find(meetings, actor, meeting_id)
    if meeting.schedule.starts_at is None:
        raise Refusal(409, "not_scheduled", "Only a scheduled meeting has a place in a calendar.")
    name = f'attachment; filename="meeting-{meeting.number}.ics"'
    house = await meetings.houses.of(meeting.tenant_id)
    return Response(calendar_of([meeting], house), media_type=MEDIA_TYPE, headers={"Content-Disposition": name})


@get("/me/calendar")
async def get_calendar_url(meetings: NamedDependency[Meetings], actor: NamedDependency[Actor]) -> CalendarView:
    """The secret address at which one's calendar can be subscribed to."""
    return CalendarView(await actions.calendar_url(meetings, actor))


@get("/calendar/{file:str}", include_in_schema=False)
async def subscribed_calendar(meetings: NamedDependency[Meetings], file: FromPath[str]) -> Response[bytes]:
    """A subscribed calendar, for programs that can bring nothing but its address."""
    return Response(await actions.subscribed_calendar(meetings, file.removesuffix(".ics")), media_type=MEDIA_TYPE)


@post("/join")
async def join(
    request: Request[Any, Any, Any],
    meetings: NamedDependency[Meetings],
    optional_actor: NamedDependency[Actor | None],
    data: JSONBody[JoinAsk],
) -> Joined:
    """The way in of people: a ticket for who knows a meeting."""
    address = request.client.host if request.client is not None else ""
    ticket, state = await joining.join(meetings, optional_actor, data, address)
    return Joined(
        ticket=joining.signed(meetings, ticket),
        participant_id=ticket.participant_id,
        state=state,
        signalling_url=_signalling_url(request),
        expires_at=ticket.expires_at,
    )


@post("/meetings/{meeting_id:str}/tickets")
async def make_ticket(
    meetings: NamedDependency[Meetings],
    actor: NamedDependency[Actor],
    meeting_id: FromPath[str],
    data: JSONBody[TicketAsk],
) -> TicketView:
    """A ticket whose holder does not wait in the lobby."""
    ticket = await joining.make_ticket(meetings, actor, meeting_id, data)
    return TicketView(
        ticket=joining.signed(meetings, ticket), participant_id=ticket.participant_id, expires_at=ticket.expires_at
    )


@get("/meetings/{meeting_id:str}/participants")
async def list_participants(
    meetings: NamedDependency[Meetings], actor: NamedDependency[Actor], meeting_id: FromPath[str]
) -> Page[ParticipantView]:
    """Who is in the meeting and in its lobby now."""
    meeting = await actions.find(meetings, actor, meeting_id)
    live = meetings.sessions.live_of(meeting.id)
    return Page([] if live is None else _participants(meetings, live), None)


@post("/meetings/{meeting_id:str}/participants/{participant_id:str}/admit", status_code=204)
async def admit_participant(
    meetings: NamedDependency[Meetings],
    actor: NamedDependency[Actor],
    meeting_id: FromPath[str],
    participant_id: FromPath[str],
) -> None:
    """Let somebody in from the lobby."""
    live = await _live(meetings, actor, meeting_id)
    limit = await meetings.sessions.people_limit(live.meeting)
    try:
        await acts.admit(live, acts.OUTSIDE, participant_id, meetings.clock.now(), limit)
    except ActRefused as refused:
        raise _refusal(refused) from None


@post("/meetings/{meeting_id:str}/participants/{participant_id:str}/remove", status_code=204)
async def remove_participant(
    meetings: NamedDependency[Meetings],
    actor: NamedDependency[Actor],
    meeting_id: FromPath[str],
    participant_id: FromPath[str],
) -> None:
    """Send somebody out of the meeting or the lobby."""
    live = await _live(meetings, actor, meeting_id)
    try:
        await acts.remove(live, acts.OUTSIDE, participant_id, meetings.clock.now())
    except ActRefused as refused:
        raise _refusal(refused) from None


@post("/meetings/{meeting_id:str}/participants/{participant_id:str}/mute", status_code=204)
async def mute_participant(
    meetings: NamedDependency[Meetings],
    actor: NamedDependency[Actor],
    meeting_id: FromPath[str],
    participant_id: FromPath[str],
) -> None:
    """Mute somebody; only they can unmute themselves."""
    live = await _live(meetings, actor, meeting_id)
    try:
        await acts.mute(live, acts.OUTSIDE, participant_id)
    except ActRefused as refused:
        raise _refusal(refused) from None


@post("/meetings/{meeting_id:str}/end", status_code=204)
async def end_meeting(
    meetings: NamedDependency[Meetings], actor: NamedDependency[Actor], meeting_id: FromPath[str]
) -> None:
    """End the meeting for all."""
    meeting = await actions.find(meetings, actor, meeting_id, Scope.PARTICIPANTS_ADMIT)
    await actions.end_now(meetings, meeting)


async def _live(meetings: Meetings, actor: Actor, meeting_id: str) -> LiveSession:
    meeting = await actions.find(meetings, actor, meeting_id, Scope.PARTICIPANTS_ADMIT)
    live = meetings.sessions.live_of(meeting.id)
    if live is None:
        raise _refusal(ActRefused("unknown_participant"))
    return live


def _refusal(refused: ActRefused) -> Refusal:
    return Refusal(_STATUS.get(refused.code, 403), refused.code, detail_of(refused.code))


async def _view(meetings: Meetings, meeting: Meeting) -> MeetingView:
    url = (await meetings.houses.of(meeting.tenant_id)).url
    held = meetings.sessions.in_progress(meeting.id)
    return meeting_view(meeting, url, meetings.clock.now(), in_progress=held)


def _participants(meetings: Meetings, live: LiveSession) -> list[ParticipantView]:
    room = meetings.sessions.room_of(live)
    shown = []
    for person in live.people.values():
        codecs = room.codecs(person.id)
        if person.presence is Presence.WAITING:
            state = "lobby"
        else:
            state = "joined" if person.id in live.connections else "reconnecting"
        shown.append(
            ParticipantView(
                id=person.id,
                name=person.name,
                role=person.role,
                state=state,  # type: ignore[arg-type]
                streams=[StreamView(source.value, codecs.get(source)) for source in person.sources],
                node="local",
                region=meetings.region.id,
            )
        )
    return shown


def _signalling_url(request: Request[Any, Any, Any]) -> str:
    """On the host that the caller reached us by, which need not be the public one."""
    scheme = "wss" if request.scope.get("scheme") == "https" else "ws"
    return f"{scheme}://{request.headers.get('host', '')}/signal"


def _bounded(meetings: Meetings, limit: int) -> int:
    return max(1, min(limit, meetings.limits.list_items))


routes = [
    create_meeting,
    list_meetings,
    open_personal,
    get_meeting,
    change_meeting,
    delete_meeting,
    list_occurrences,
    get_invitation,
    get_calendar_file,
    get_calendar_url,
    join,
    make_ticket,
    list_participants,
    admit_participant,
    remove_participant,
    mute_participant,
    end_meeting,
    *quality_routes,
]
root_routes = [signal, subscribed_calendar, *one_way_routes]

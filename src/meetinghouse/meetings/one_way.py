"""Standard clients, which only publish (WHIP, RFC 9725) or only watch one person (WHEP, draft-ietf-wish-whep).

Who publishes is the participant of their ticket, on everybody's tiles, without a signalling line: the engine's connection
is their presence. Who watches is nobody in the meeting: a peer of the engine that belongs to the ticket of its opener and
ends with whom it watches. Their rules are those of every entry (`Sessions.check_entry`).
"""

from __future__ import annotations

import hmac
import sys

from msgspec import Struct
from msgspec.structs import replace

from meetinghouse.db.ids import new_id
from meetinghouse.meetings import acts, rules
from meetinghouse.meetings.context import Meetings
from meetinghouse.meetings.live import LiveSession, NoLine
from meetinghouse.meetings.media_room import MediaRefused, MediaRoom, OneWay
from meetinghouse.meetings.messages import Reason, Source
from meetinghouse.meetings.model import Attendance, Presence, Refused, Ticket
from meetinghouse.meetings.sdp_fragment import Credentials, credentials_of, fragment_of, sent_kinds, with_credentials
from meetinghouse.meetings.sessions import EntryRefused, Sessions, counted_entry
from meetinghouse.meetings.tickets import is_resume, read_ticket

_TICKET_MARK = "one-way ticket"
# One of each kind is served; the engine says so in better words, this only keeps it from reading hundreds.
_M_LINES = 16


class NotFound(Exception):  # noqa: N818 (an answer, not a fault)
    """There is no such person or connection; `code` says which."""

    def __init__(self, code: str) -> None:
        """`code` is stable."""
        super().__init__(code)
        self.code = code


class Stale(Exception):  # noqa: N818 (an answer, not a fault)
    """The request is about an ICE session that is not the current one."""


class Opened(Struct, frozen=True):
    """A new connection and the answer to its offer."""

    one_way: OneWay
    answer: str


class Restarted(Struct, frozen=True):
    """An ICE session that took another's place, as our side tells it."""

    entity_tag: str
    fragment: str
    holder: str


async def publish(meetings: Meetings, meeting_id: str, text: str, offer: str) -> Opened:
    """Let the holder of a ticket into the meeting with what they send.

    The ticket is redeemed once, and is also what its holder comes back with after a lost connection or a restart.

    Raises:
        TicketRefused: no valid ticket.
        EntryRefused: it does not let in here.
        MediaRefused: the offer cannot be used; the ticket is as it was.

    """
    sessions = meetings.sessions
    ticket = _ticket(meetings, meeting_id, text, offer)
    if not ticket.publish:
        raise EntryRefused("publish_not_allowed")
    with counted_entry():
        async with sessions.held(meeting_id) as live:
            _check_encryption(live)
            person = await _publisher(sessions, live, ticket, text)
            room = sessions.room_of(live)
            one_way = _one_way(meetings, text, offer, holder=person.id)
            answer = await room.offer(person.id, offer, fresh=True, publish=True, subscribe=False, one_way=True)
            try:
                await sessions.let_in(live, replace(person, sources=_sources(live, person, answer)), NoLine())
            except BaseException:
                room.forget(person.id)
                raise
            room.hold(one_way)
    return Opened(one_way, answer)


async def watch(meetings: Meetings, meeting_id: str, watched: str, text: str, offer: str) -> Opened:
    """Show one participant to the holder of a ticket; what they publish later shows when it comes.

    Raises:
        TicketRefused, EntryRefused, MediaRefused: as `publish`.
        NotFound: `unknown_participant`, nobody with that id is in the meeting.

    """
    ticket = _ticket(meetings, meeting_id, text, offer)
    if not ticket.subscribe:
        raise EntryRefused("subscribe_not_allowed")
    sessions = meetings.sessions
    live = sessions.live_of(meeting_id)
    if live is None:
        raise NotFound("unknown_participant")
    async with live.lock:
        _check_encryption(live)
        holder = await _watcher(sessions, live, ticket)
        target = live.people.get(watched)
        if live.over or target is None or target.presence is not Presence.JOINED:
            raise NotFound("unknown_participant")
        room = sessions.room_of(live)
        if room.watches >= meetings.limits.watches_per_meeting:
            raise EntryRefused("too_many_watches")
        one_way = _one_way(meetings, text, offer, holder=holder.id, watched=watched)
        answer = await room.watch(one_way)
        live.watchers[holder.id] = holder
    return Opened(one_way, answer)


async def change(
    meetings: Meetings, meeting_id: str, identity: str, text: str, *, if_match: str, fragment: str
) -> Restarted | None:
    """Take further candidates (None), or restart ICE for who brings other credentials.

    Candidates themselves are not needed: our side is lite and learns addresses from authenticated checks (RFC 8445 §7.3).

    Raises:
        NotFound: `unknown_session`.
        EntryRefused: another ticket than the connection's.
        Stale: `if_match` does not name the current ICE session.
        MediaRefused: `bad_fragment`, or the engine did not take it; the connection goes on as before.

    """
    live, one_way = _find(meetings, meeting_id, identity, text)
    async with live.lock:
        room = meetings.sessions.room_of(live) if not live.over else None
        if room is None or room.one_way(identity) is not one_way:
            raise NotFound("unknown_session")
        if not _matches(if_match, one_way.entity_tag):
            raise Stale
        given = credentials_of(fragment)
        if given is None:
            raise MediaRefused("bad_fragment", "")
        if given == credentials_of(one_way.offer):
            return None
        return await _restart(room, one_way, given)


async def end(meetings: Meetings, meeting_id: str, identity: str, text: str) -> None:
    """Leave, or stop watching.

    Raises:
        NotFound, EntryRefused: as `change`.

    """
    live, one_way = _find(meetings, meeting_id, identity, text)
    if one_way.watched is None:
        await acts.leave(live, one_way.peer, Reason.LEFT, meetings.clock.now())
    else:
        meetings.sessions.room_of(live).forget(one_way.peer)


def _ticket(meetings: Meetings, meeting_id: str, text: str, offer: str) -> Ticket:
    """The ticket of who opens a connection, and the checks that cost nothing."""
    ticket = read_ticket(meetings.keys, text, meetings.clock.now())
    if ticket.meeting_id != meeting_id:
        raise EntryRefused("ticket_elsewhere")
    meetings.limiter.hit("offers_per_ticket", meetings.limits.offers_per_ticket, ticket.participant_id)
    if len(offer.encode()) > meetings.limits.offer_bytes:
        raise MediaRefused("offer_too_large", "")
    if offer.count("\nm=") > _M_LINES:
        raise MediaRefused("bad_offer", "it has more than one audio and one video m-line")
    return ticket


def _check_encryption(live: LiveSession) -> None:
    if live.meeting.settings.e2ee:
        raise EntryRefused("end_to_end_encrypted")


async def _publisher(sessions: Sessions, live: LiveSession, ticket: Ticket, text: str) -> Attendance:
    """Who publishes with this ticket: somebody new, or the same again whose connection is gone."""
    before = live.people.get(ticket.participant_id) or live.away.get(ticket.participant_id)
    if before is not None and before.id not in live.connections and is_resume(sessions.keys, text, before.resume_mark):
        await sessions.check_still_allowed(ticket)
        return replace(before, presence=Presence.JOINED, left_at=None, left_reason=None)
    presence = await sessions.check_entry(live, ticket)
    if presence is Presence.WAITING:
        raise EntryRefused("not_admitted")
    return sessions.newcomer(live, ticket, presence, text)


def _sources(live: LiveSession, person: Attendance, answer: str) -> tuple[Source, ...]:
    """What is on from the beginning: all that is sent, but for whom the meeting mutes on entry."""
    kinds = sent_kinds(answer)
    sources = [source for kind, source in (("audio", Source.MICROPHONE), ("video", Source.CAMERA)) if kind in kinds]
    muted = live.meeting.settings.mute_on_entry and not rules.may_moderate(person.role)
    return rules.without_microphone(sources) if muted else tuple(sources)


async def _watcher(sessions: Sessions, live: LiveSession, ticket: Ticket) -> Attendance:
    """Who watches with this ticket, as they stand or would stand in the rows."""
    await sessions.check_still_allowed(ticket)
    present = live.people.get(ticket.participant_id)
    if present is not None:
        if present.presence is Presence.WAITING:
            raise EntryRefused("not_admitted")
        return present
    row = await sessions.row_of(ticket.participant_id)
    if row is not None:
        live.known.add(row.id)
        if row.left_reason in {Reason.REMOVED, Reason.DENIED}:
            raise EntryRefused("ticket_revoked")
    # Watchers take nobody's place in the meeting.
    situation = live.situation(member_id=ticket.member_id, people_limit=sys.maxsize)
    presence = rules.check_entry(situation, ticket.role, admitted=ticket.admitted)
    if isinstance(presence, Refused):
        raise EntryRefused(presence.value)
    if presence is Presence.WAITING:
        raise EntryRefused("not_admitted")
    return row or sessions.newcomer(live, ticket, Presence.GONE, "")


def _one_way(meetings: Meetings, text: str, offer: str, *, holder: str, watched: str | None = None) -> OneWay:
    identity = new_id()
    return OneWay(
        id=identity,
        peer=holder if watched is None else identity,
        holder=holder,
        watched=watched,
        ticket_mark=meetings.keys.mark(_TICKET_MARK, text),
        offer=offer,
        entity_tag=new_id(),
    )


def _find(meetings: Meetings, meeting_id: str, identity: str, text: str) -> tuple[LiveSession, OneWay]:
    """The connection, for who holds its ticket; that the ticket's time is over does not end what it opened."""
    live = meetings.sessions.live_of(meeting_id)
    one_way = None if live is None else meetings.sessions.room_of(live).one_way(identity)
    if live is None or one_way is None:
        raise NotFound("unknown_session")
    if not hmac.compare_digest(meetings.keys.mark(_TICKET_MARK, text), one_way.ticket_mark):
        raise EntryRefused("ticket_elsewhere")
    return live, one_way


def _matches(if_match: str, entity_tag: str) -> bool:
    """RFC 9110 §13.1.1: `*`, or a list of strong entity tags."""
    given = [tag.strip() for tag in if_match.split(",")]
    return given == ["*"] or f'"{entity_tag}"' in given


async def _restart(room: MediaRoom, one_way: OneWay, given: Credentials) -> Restarted:
    offer = with_credentials(one_way.offer, given)
    answer = await room.offer(one_way.peer, offer, fresh=False, publish=False, subscribe=False)
    one_way.offer, one_way.entity_tag = offer, new_id()
    return Restarted(one_way.entity_tag, fragment_of(answer), one_way.holder)

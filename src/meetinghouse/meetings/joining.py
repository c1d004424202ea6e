"""The ways in: by number, link or full link, and by a ticket from somebody who may admit people.

What a guesser learns (interfaces.md, "Guessing"): nothing. Without a valid full link every no is the same 403 `join_refused`,
made with the same work: one look-up, two marks of a passcode, one decision, one count of the attempt.
"""

from __future__ import annotations

import hmac
from datetime import timedelta
from typing import Literal

from meetinghouse.db.tenancy import Across
from meetinghouse.meetings import rules, tables
from meetinghouse.meetings.actions import find
from meetinghouse.meetings.context import Meetings
from meetinghouse.meetings.details import detail_of
from meetinghouse.meetings.links import Asked, read_asked
from meetinghouse.meetings.messages import Role
from meetinghouse.meetings.model import Meeting, Presence, Refused, Situation, Ticket
from meetinghouse.meetings.sessions import EntryRefused
from meetinghouse.meetings.tickets import new_ticket, sign_ticket
from meetinghouse.meetings.wire import JoinAsk, TicketAsk
from meetinghouse.people.model import Actor, Scope
from meetinghouse.security.names import clean_name
from meetinghouse.security.networks import limited_address, limited_network
from meetinghouse.security.refusal import Refusal

_PASSCODE = "meeting passcode"
# A number that no meeting has: what is asked for when somebody asks for nonsense, so that nonsense costs the same.
_NO_NUMBER = "0"
# Of a server that takes no new meetings: about what its successor needs to answer.
_RETRY_SECONDS = "10"


async def join(
    meetings: Meetings, actor: Actor | None, ask: JoinAsk, address: str
) -> tuple[Ticket, Literal["lobby", "joined"]]:
    """A ticket for somebody who knows a meeting, and where it will lead.

    Raises:
        Refusal: 403 `join_refused`; 429 `too_many_attempts`; 503 `draining`; to who holds the full link, 403 with the reason;
            422 `bad_name`.

    """
    name = clean_name(ask.name or (actor.name if actor is not None else ""))
    if not name:
        raise Refusal(422, "bad_name", detail_of("bad_name"))
    asked = read_asked(ask.meeting)
    guesses = _Guesses(meetings, asked, address)
    guesses.check_before()
    found = await _look_up(meetings, asked)
    if found is not None and not (await meetings.houses.here()).serves(found.tenant_id):
        # A tenant's own host name serves its own meetings: another's is absent there.
        found = None
    meeting = found or tables.decoy()
    is_host = actor is not None and found is not None and actor.member_id == found.host_id
    knows = _knows_passcode(meetings, meeting, ask.passcode or asked.passcode or "") or is_host
    decision = rules.check_entry(
        await _situation(meetings, meeting, actor), Role.HOST if is_host else Role.ATTENDEE, admitted=is_host
    )
    if found is None or not knows:
        raise guesses.refused()
    if isinstance(decision, Refused):
        if asked.link_id is None and not is_host:
            raise guesses.refused()
        raise Refusal(403, decision.value, detail_of(decision.value))
    await meetings.sessions.bounds.check_join(meeting.tenant_id)
    if meetings.sessions.live_of(meeting.id) is None:
        await meetings.sessions.bounds.check_begin(meeting.tenant_id)
    if actor is not None and actor.tenant_id != meeting.tenant_id:
        await meetings.sessions.bounds.check_visit(actor.tenant_id)
    try:
        meetings.sessions.check_begin(meeting.id)
    except EntryRefused as refused:
        raise Refusal(503, refused.code, detail_of(refused.code), headers={"Retry-After": _RETRY_SECONDS}) from None
    own = actor is not None and actor.tenant_id == meeting.tenant_id
    ticket = new_ticket(
        meeting,
        name,
        meetings.clock.now() + timedelta(seconds=meetings.settings.ticket_seconds),
        role=Role.HOST if is_host else Role.ATTENDEE,
        admitted=is_host,
        member_id=actor.member_id if actor is not None and own else None,
    )
    return ticket, "lobby" if decision is Presence.WAITING else "joined"


async def make_ticket(meetings: Meetings, actor: Actor, meeting_id: str, ask: TicketAsk) -> Ticket:
    """A ticket that skips the lobby; who makes it vouches for its holder.

    Raises:
        Refusal: 403 `missing_scope`, 404 `not_found`, 422 `bad_name` or `too_long`.

    """
    meeting = await find(meetings, actor, meeting_id, Scope.PARTICIPANTS_ADMIT)
    name = clean_name(ask.name if ask.name is not None else actor.name)
    if not name:
        raise Refusal(422, "bad_name", detail_of("bad_name"))
    seconds = meetings.settings.ticket_seconds if ask.expires_in_seconds is None else ask.expires_in_seconds
    if seconds > meetings.settings.ticket_seconds_max:
        raise Refusal(422, "too_long", f"A ticket lives for at most {meetings.settings.ticket_seconds_max} seconds.")
    await meetings.sessions.bounds.check_join(meeting.tenant_id)
    # A person who opens their own meeting is that member; a program makes tickets for others.
    for_self = actor.via == "session" and actor.member_id == meeting.host_id and ask.role is Role.HOST
    return new_ticket(
        meeting,
        name,
        meetings.clock.now() + timedelta(seconds=seconds),
        role=ask.role,
        admitted=True,
        publish=ask.publish,
        subscribe=ask.subscribe,
        member_id=actor.member_id if for_self else None,
    )


def signed(meetings: Meetings, ticket: Ticket) -> str:
    """The text of a ticket."""
    return sign_ticket(meetings.keys, ticket)


class _Guesses:
    """The counts of wrong attempts that one request touches."""

    def __init__(self, meetings: Meetings, asked: Asked, address: str) -> None:
        limits = meetings.limits
        network = limited_network(address)
        self._limiter = meetings.limiter
        self._asked = asked
        if asked.link_id is not None:
            # Somebody who has the link but not its passcode is kept from trying passcodes, without locking others out.
            self._asked_for = ("guesses_per_number", limits.guesses_per_number, f"{asked.link_id} {network}")
        else:
            self._asked_for = ("guesses_per_number", limits.guesses_per_number, asked.number or "")
        self._from = (
            ("guesses_per_address", limits.guesses_per_address, limited_address(address)),
            ("guesses_per_network", limits.guesses_per_network, network),
        )

    def check_before(self) -> None:
        """Refuse who has tried too often. A full link passes whatever was tried from its holder's address."""
        self._limiter.check(*self._asked_for)
        if self._asked.link_id is None:
            self._check_from()

    def refused(self) -> Refusal:
        """Count one more, and say no."""
        if self._asked.link_id is not None:
            self._check_from()
        for name, rate, key in (self._asked_for, *self._from):
            self._limiter.record(name, rate, key)
        return Refusal(403, "join_refused", "There is no meeting that you can join with this.")

    def _check_from(self) -> None:
        for name, rate, key in self._from:
            self._limiter.check(name, rate, key)


async def _look_up(meetings: Meetings, asked: Asked) -> Meeting | None:
    """The meeting; a held one is known by its link without asking the database, which only who has the link could notice."""
    live = None if asked.link_id is None else meetings.sessions.live_of_link(asked.link_id)
    if live is not None:
        return live.meeting
    async with meetings.db.read(Across.JOIN) as connection:
        if asked.link_id is not None:
            return await tables.by_link(connection, asked.link_id)
        return await tables.by_number(connection, asked.number or _NO_NUMBER)


def _knows_passcode(meetings: Meetings, meeting: Meeting, given: str) -> bool:
    """Compared by marks: the time says nothing about how much of a guess is right."""
    expected = meeting.settings.passcode
    same = hmac.compare_digest(meetings.keys.mark(_PASSCODE, given), meetings.keys.mark(_PASSCODE, expected or ""))
    return same or expected is None


async def _situation(meetings: Meetings, meeting: Meeting, actor: Actor | None) -> Situation:
    live = meetings.sessions.live_of(meeting.id)
    limit = meetings.limits.participants_per_meeting
    if live is not None:
        limit = await meetings.sessions.people_limit(meeting)
        return live.situation(member_id=None if actor is None else actor.member_id, people_limit=limit)
    return Situation(settings=meeting.settings, ended=meeting.ended_at is not None, people_limit=limit)

"""What people do in a running session: one function an act. Each takes the session's lock, asks `rules`, commits.

An `Actor` is a participant, or somebody who acts from outside through the HTTP API with a host's power. A no is an
`ActRefused`; its code is stable and listed in `protocol/README.md`.
"""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from meetinghouse.db.ids import new_id
from meetinghouse.meetings import rules
from meetinghouse.meetings.live import Change, LiveSession, gone
from meetinghouse.meetings.messages import (
    AskedToUnmute,
    ChangeMeeting,
    ChatMessage,
    Participant,
    Reacted,
    Reason,
    Role,
    SendChat,
    Source,
)
from meetinghouse.meetings.model import Attendance, Kind, Meeting, Presence
from meetinghouse.meetings.times import rfc3339
from meetinghouse.security.names import TITLE_CHARACTERS, clean_name

# Lines of chat in one session. A session's whole chat is kept in memory; this bounds it to some ten megabytes.
_LINES = 10_000


class ActRefused(Exception):  # noqa: N818 (an answer, not a fault)
    """The act changed nothing."""

    def __init__(self, code: str) -> None:
        """`code` is stable; `DETAILS` has the sentence."""
        super().__init__(code)
        self.code = code


class Actor(Struct, frozen=True):
    """Who acts: their role, and their participant id unless they act from outside."""

    role: Role
    id: str | None = None


# Somebody whom the HTTP API lets manage the meeting.
OUTSIDE = Actor(Role.HOST)


async def set_sources(live: LiveSession, me: str, wanted: tuple[Source, ...]) -> None:
    """Turn exactly these of one's own sources on."""
    async with live.lock:
        person = _joined(live, me)
        others = [one for one in live.roster if one.id != me]
        share = live.meeting.settings.share
        _check(rules.check_sources(_shown(live, me), wanted, others, share, publish=person.publish))
        changed = replace(person, sources=tuple(source for source in Source if source in wanted))
        if changed == person:
            return
        sharers = [replace(one, sources=changed.sources) if one.id == me else one for one in live.roster]
        stopped = rules.shares_to_stop(sharers, share, newest=me) if Source.SCREEN in wanted else ()
        await live.commit(Change(people=(changed, *(_without_screen(live, identity) for identity in stopped))))


async def send_chat(live: LiveSession, me: str, request: SendChat, now: datetime) -> None:
    """Write a line. The same key again is the same line, and no second one."""
    async with live.lock:
        person = _joined(live, me)
        if (me, request.key) in live.lines:
            return
        to = None if request.to is None else _joined(live, request.to)
        _check(rules.check_chat(live.meeting.settings.chat, person.role, None if to is None else to.role))
        if len(live.lines) >= _LINES:
            raise ActRefused("chat_full")
        line = ChatMessage(
            id=new_id(),
            sender=me,
            sender_name=person.name,
            to=None if to is None else to.id,
            to_name=None if to is None else to.name,
            sent_at=rfc3339(now),
            text=request.text,
            key=request.key,
        )
        await live.commit(Change(line=line, said_at=now))


async def raise_hand(live: LiveSession, me: str, *, raised: bool, participant: str | None, now: datetime) -> None:
    """Raise or lower one's own hand; moderators lower others'."""
    async with live.lock:
        target = _joined(live, participant or me)
        if target.id != me:
            _check("not_allowed" if raised else rules.check_act_on(_joined(live, me).role, target.role))
        if raised is (target.hand_raised_at is not None):
            return
        await live.commit(Change(people=(replace(target, hand_raised_at=now if raised else None),)))


async def rename(live: LiveSession, me: str, participant: str, name: str) -> None:
    """Give oneself another name; moderators may rename others."""
    cleaned = clean_name(name)
    if not cleaned:
        raise ActRefused("bad_name")
    async with live.lock:
        target = _joined(live, participant)
        if target.id != me:
            _check(rules.check_act_on(_joined(live, me).role, target.role))
        if target.name != cleaned:
            await live.commit(Change(people=(replace(target, name=cleaned),)))


def react(live: LiveSession, me: str, reaction: str) -> None:
    """Show a reaction to everybody."""
    _joined(live, me)
    live.send_all(Reacted(participant=me, reaction=reaction))


async def admit(live: LiveSession, actor: Actor, participant: str | None, now: datetime, people_limit: int) -> None:
    """Let one person in from the lobby, or everybody who waits."""
    async with live.lock:
        _check(None if rules.may_moderate(_role(live, actor)) else "not_allowed")
        waiting = [one for one in live.people.values() if one.presence is Presence.WAITING]
        if participant is not None:
            waiting = [one for one in waiting if one.id == participant]
            if not waiting:
                # Already in: whoever pressed second meant the same.
                _joined(live, participant)
                return
        if len(live.roster) + len(waiting) > people_limit:
            raise ActRefused("meeting_full")
        if waiting:
            await live.commit(
                Change(people=tuple(replace(one, presence=Presence.JOINED, joined_at=now) for one in waiting))
            )


async def remove(live: LiveSession, actor: Actor, participant: str, now: datetime) -> None:
    """Send somebody out of the meeting, refuse them in the lobby, or end what they watch from outside."""
    async with live.lock:
        role = _role(live, actor)
        target = live.people.get(participant) or live.watchers.get(participant)
        if target is None:
            raise ActRefused("unknown_participant")
        if target.presence is Presence.WAITING:
            _check(None if rules.may_moderate(role) else "not_allowed")
            await live.commit(Change(people=(gone(target, Reason.DENIED, now),)))
            return
        if actor.id is not None:
            _check(rules.check_remove(role, target.role))
        await live.commit(Change(people=(gone(target, Reason.REMOVED, now),)))


async def expel(live: LiveSession, member_id: str, now: datetime) -> None:
    """Send a member out whose account has ended, everywhere they are or may return to; nobody in the meeting decided it."""
    async with live.lock:
        everybody = {**live.watchers, **live.away, **live.people}
        here = [one for one in everybody.values() if one.member_id == member_id]
        if here and not live.over:
            await live.commit(Change(people=tuple(gone(one, Reason.REMOVED, now) for one in here)))


async def mute(live: LiveSession, actor: Actor, participant: str | None) -> None:
    """Close one person's microphone, or everybody's but the moderators'. Only its owner opens it again."""
    async with live.lock:
        role = _role(live, actor)
        if participant is None:
            _check(None if rules.may_moderate(role) else "not_allowed")
            targets = [one for one in _in_meeting(live) if not rules.may_moderate(one.role)]
        else:
            targets = [_joined(live, participant)]
            if participant != actor.id:
                _check(rules.check_act_on(role, targets[0].role))
        muted = tuple(
            replace(one, sources=rules.without_microphone(one.sources))
            for one in targets
            if Source.MICROPHONE in one.sources
        )
        if muted:
            await live.commit(Change(people=muted))


def ask_to_unmute(live: LiveSession, me: str, participant: str) -> None:
    """Ask; the answer is theirs."""
    target = _joined(live, participant)
    _check(rules.check_act_on(_joined(live, me).role, target.role))
    live.send(target.id, AskedToUnmute(by=me))


async def set_role(live: LiveSession, me: str, participant: str, role: Role) -> None:
    """Make somebody co-host or attendee, or hand the meeting over: then the giver stays as co-host."""
    async with live.lock:
        giver, target = _joined(live, me), _joined(live, participant)
        _check(rules.check_set_role(giver.role))
        if target.role is role:
            return
        if target.id == me:
            raise ActRefused("not_allowed")
        people = {target.id: replace(target, role=role)}
        if role is Role.HOST:
            people[me] = replace(giver, role=Role.COHOST)
        await live.commit(Change(people=_with_shares_stopped(live, people, live.meeting)))


async def change_meeting(live: LiveSession, actor: Actor, request: ChangeMeeting) -> None:
    """Change the running meeting's settings."""
    async with live.lock:
        _check(None if rules.may_moderate(_role(live, actor)) else "not_allowed")
        _check("ended" if live.over else None)
        meeting = _changed(live.meeting, request)
        change = Change(
            meeting=None if meeting == live.meeting else meeting, people=_with_shares_stopped(live, {}, meeting)
        )
        if request.spotlight is not None:
            if request.spotlight:
                _joined(live, request.spotlight)
            change = replace(change, spotlight=request.spotlight or None)
        await live.commit(change)


async def put_meeting(live: LiveSession, meeting: Meeting) -> None:
    """Take over what was changed from outside (the schedule's owner edited the meeting); stores it too."""
    async with live.lock:
        _check("ended" if live.over else None)
        await live.commit(Change(meeting=meeting, people=_with_shares_stopped(live, {}, meeting)))


async def end_meeting(live: LiveSession, actor: Actor, now: datetime) -> None:
    """End the session for all. What is not held again is over for guests, until its host opens it once more."""
    async with live.lock:
        _check(rules.check_end(_role(live, actor)))
        if live.over:
            return
        await live.commit(Change(ended=True, meeting=ended_meeting(live.meeting, now)))


async def leave(live: LiveSession, me: str, reason: Reason, now: datetime) -> None:
    """Leave for good, or be given up as lost."""
    async with live.lock:
        person = live.people.get(me)
        if person is not None:
            await live.commit(Change(people=(gone(person, reason, now),)))


def ended_meeting(meeting: Meeting, now: datetime) -> Meeting | None:
    """The meeting after its end for all; None when it will be held again. A rehearsal before the planned time ends nothing."""
    starts_at = meeting.schedule.starts_at
    again = meeting.kind is Kind.PERSONAL or meeting.schedule.recurrence or (starts_at is not None and starts_at > now)
    return None if again else replace(meeting, ended_at=now, until_at=now)


def _changed(meeting: Meeting, request: ChangeMeeting) -> Meeting:
    asked = {
        "locked": request.locked,
        "lobby": request.lobby,
        "share": request.share,
        "chat": request.chat,
        "mute_on_entry": request.mute_on_entry,
    }
    given = {name: value for name, value in asked.items() if value is not None}
    changed = replace(meeting, settings=replace(meeting.settings, **given))
    if request.title is not None:
        title = clean_name(request.title, TITLE_CHARACTERS)
        if not title:
            raise ActRefused("bad_name")
        if title != meeting.title:
            changed = replace(changed, title=title, revision=meeting.revision + 1)
    return changed


def _with_shares_stopped(live: LiveSession, changed: dict[str, Attendance], meeting: Meeting) -> tuple[Attendance, ...]:
    """`changed`, and those whose screens the meeting's policy ends once that is so."""
    roles = {identity: one.role for identity, one in changed.items()}
    sharers = [replace(one, role=roles.get(one.id, one.role)) for one in live.roster]
    for identity in rules.shares_to_stop(sharers, meeting.settings.share):
        person = changed.get(identity, live.people[identity])
        changed[identity] = replace(person, sources=rules.without_screen(person.sources))
    return tuple(changed.values())


def _without_screen(live: LiveSession, participant_id: str) -> Attendance:
    person = live.people[participant_id]
    return replace(person, sources=rules.without_screen(person.sources))


def _role(live: LiveSession, actor: Actor) -> Role:
    """The actor's role as it is now, not as it was when they asked."""
    return actor.role if actor.id is None else _joined(live, actor.id).role


def _joined(live: LiveSession, participant_id: str) -> Attendance:
    person = live.people.get(participant_id)
    if person is None or person.presence is not Presence.JOINED:
        raise ActRefused("unknown_participant")
    return person


def _in_meeting(live: LiveSession) -> list[Attendance]:
    return [one for one in live.people.values() if one.presence is Presence.JOINED]


def _shown(live: LiveSession, participant_id: str) -> Participant:
    return next(one for one in live.roster if one.id == participant_id)


def _check(code: str | None) -> None:
    if code is not None:
        raise ActRefused(code)

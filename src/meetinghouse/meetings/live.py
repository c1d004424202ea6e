"""One running session: who is in it, what happened last, and who is told.

The way of every change: a caller holds `lock`, decides by `rules`, and hands a `Change` to `commit`. Commit stores it, and only
then changes memory and announces it. The events are the difference between before and after, so they cannot disagree with the
state (`state.py` says what a client makes of them).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Protocol

import msgspec
from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import replace

from meetinghouse.db.clock import Clock
from meetinghouse.meetings import live_tables, messages, state
from meetinghouse.meetings.journal import Journal
from meetinghouse.meetings.links import join_url
from meetinghouse.meetings.messages import (
    ChatMessage,
    Closed,
    MeetingPut,
    MessagePut,
    Participant,
    ParticipantGone,
    ParticipantPut,
    Reason,
    Role,
    Sequenced,
    ServerMessage,
    Snapshot,
    Source,
    State,
    Waiting,
    WaitingGone,
    WaitingPut,
)
from meetinghouse.meetings.model import Attendance, Kind, Meeting, Presence, Session, Situation
from meetinghouse.meetings.times import rfc3339

# Events kept for those who come back. Someone who missed more gets a snapshot, which then is the smaller answer anyway.
_RING = 1024
# Sequence numbers are stored ahead in blocks, so that a change costs one row and not two; a restart skips the rest of a block.
_SEQUENCE_BLOCK = 1000

_encoder = msgspec.json.Encoder()


class Connection(Protocol):
    """Somebody's open line. Neither call waits: what cannot be sent soon is the connection's own trouble."""

    def send(self, frame: str) -> None:
        """Queue one message."""
        ...

    def finish(self, last: Closed) -> None:
        """Queue the last message, and close after it."""
        ...


class NoLine:
    """Stands for somebody who takes part by media alone (WHIP): nothing is said to them."""

    def send(self, frame: str) -> None:
        """Say nothing."""

    def finish(self, last: Closed) -> None:
        """Their media ends with their place."""


class Media(Protocol):
    """What follows the session in the engine."""

    def follow(self, participant_id: str, sources: tuple[Source, ...]) -> None:
        """These sources are on now."""
        ...

    def drop(self, participant_id: str) -> None:
        """They are gone."""
        ...

    def revoke(self, participant_id: str) -> None:
        """What was opened with their ticket ends."""
        ...

    def close(self) -> None:
        """The session is over."""
        ...


class Change(Struct, frozen=True, kw_only=True):
    """What becomes different: whole new values of what changed, nothing else. `said_at` is when `line` was sent."""

    people: tuple[Attendance, ...] = ()
    meeting: Meeting | None = None
    spotlight: str | UnsetType | None = UNSET
    line: ChatMessage | None = None
    said_at: datetime | None = None
    ended: bool = False


class LiveSession:
    """A session that is being held."""

    def __init__(
        self,
        session: Session,
        meeting: Meeting,
        *,
        public_url: str,
        journal: Journal,
        clock: Clock,
        media: Media,
        ended: Callable[[LiveSession], None],
        entered: Callable[[LiveSession, str], None],
    ) -> None:
        """A session in which nobody is yet; its row is written with the first change.

        `ended` hears of its end, `entered` of who is in the meeting just before they are told.
        """
        self.session = session
        self.meeting = meeting
        self.media = media
        self.lock = asyncio.Lock()
        self.over = False
        self.stored = False
        self.sequence = 0
        self.people: dict[str, Attendance] = {}
        self.away: dict[str, Attendance] = {}
        self.former_roles: dict[str, Role] = {}
        self.removed_members: set[str] = set()
        # Holders of tickets who watch from outside (WHEP), as they would stand in the rows: for removing them.
        self.watchers: dict[str, Attendance] = {}
        # Whose row is stored, in this session or an earlier one.
        self.known: set[str] = set()
        self.connections: dict[str, Connection] = {}
        self.lines: dict[tuple[str, str], ChatMessage] = {}
        self._public_url = public_url
        self._journal = journal
        self._clock = clock
        self._ended = ended
        self._entered = entered
        self._roster: dict[str, Participant] = {}
        self._lobby: dict[str, Waiting] = {}
        self._ring: deque[Sequenced] = deque(maxlen=_RING)
        self._role_since: dict[str, int] = {}
        self._spotlight = session.spotlight
        self._shown = self._show_meeting()

    # --- asking ------------------------------------------------------------------------------------------------------

    @property
    def in_progress(self) -> bool:
        """Whether somebody is in the meeting itself; a lobby alone is not a meeting."""
        return bool(self._roster)

    @property
    def roster(self) -> tuple[Participant, ...]:
        """Who is in the meeting, in the order of joining."""
        return tuple(self._roster.values())

    @property
    def lobby(self) -> tuple[Waiting, ...]:
        """Who waits, in the order of asking."""
        return tuple(self._lobby.values())

    def situation(self, *, member_id: str | None, people_limit: int) -> Situation:
        """What is so for somebody who asks to come in now."""
        return Situation(
            settings=self.meeting.settings,
            ended=self.meeting.ended_at is not None,
            in_progress=self.in_progress,
            people=len(self._roster),
            people_limit=people_limit,
            removed_before=member_id in self.removed_members,
        )

    def view(self, participant_id: str) -> State:
        """The whole state as one participant may see it."""
        return state.view(participant_id, self._shown, self.roster, self.lobby, tuple(self.lines.values()))

    def snapshot(self, participant_id: str) -> Snapshot:
        """What a participant needs to begin, or to begin again."""
        return Snapshot(sequence=self.sequence, state=self.view(participant_id))

    def missed(self, participant_id: str, last_sequence: int) -> list[Sequenced] | None:
        """The events after `last_sequence` that a participant may see; None when only a snapshot will do."""
        oldest = self._ring[0].sequence if self._ring else self.sequence + 1
        known_from = max(oldest - 1, self._role_since.get(participant_id, 0))
        if not known_from <= last_sequence <= self.sequence:
            return None
        role = self.people[participant_id].role
        later = (event for event in self._ring if event.sequence > last_sequence)
        return [event for event in later if state.may_see(event, participant_id, role)]

    # --- changing (the caller holds the lock) ------------------------------------------------------------------------

    async def commit(self, change: Change, *, first: Callable[[], None] | None = None) -> None:
        """Store the change, then let it be so, then say so; `first` is called just before the saying.

        Raises whatever the database raises; then nothing has changed.
        """
        now = self._clock.now()
        change = self._complete(change, now)
        events = [] if change.ended else self._difference(change)
        await self._store(change, len(events), now)
        crossed = self._crossed(change)
        self._apply(change)
        if first is not None:
            first()
        self._announce(events, crossed)
        self._part(change)

    async def show_presence(self, participant_id: str) -> None:
        """Say to the others whether a participant's line is open; not stored, for a restart finds out anew."""
        attendance = self.people.get(participant_id)
        if attendance is None or attendance.presence is not Presence.JOINED:
            return
        shown = self._show(attendance)
        if shown == self._roster[participant_id]:
            return
        await self._store(Change(), 1, self._clock.now())
        self._roster[participant_id] = shown
        self._announce([ParticipantPut(sequence=self.sequence + 1, participant=shown)], set(), besides=participant_id)

    def restore(self, people: Iterable[Attendance], lines: Iterable[ChatMessage]) -> None:
        """Rebuild from what was stored before a restart. Everybody's line is broken until they are back."""
        self.stored = True
        self.sequence = self.session.sequence_reserved + 1
        for attendance in people:
            self._place(attendance)
        self.lines = {(line.sender, line.key): line for line in lines}

    def send(self, participant_id: str, message: ServerMessage) -> None:
        """Tell one participant, if their line is open."""
        connection = self.connections.get(participant_id)
        if connection is not None:
            connection.send(encode(message))

    def send_all(self, message: ServerMessage) -> None:
        """Tell everybody in the meeting something that is not part of its state."""
        frame = encode(message)
        for participant_id in self._roster:
            connection = self.connections.get(participant_id)
            if connection is not None:
                connection.send(frame)

    # --- inside ------------------------------------------------------------------------------------------------------

    def _complete(self, change: Change, now: datetime) -> Change:
        """Add what follows of itself: the order of joining, the spotlight of who left, the end when nobody is left."""
        people = tuple(
            replace(one, joined_sequence=self.sequence + 1 + place) if self._joins(one) else one
            for place, one in enumerate(change.people)
        )
        change = replace(change, people=people)
        gone = {one.id for one in people if one.presence is Presence.GONE}
        if self._spotlight in gone:
            change = replace(change, spotlight=None)
        staying = (self.people.keys() | {one.id for one in people}) - gone
        lost = {one.id for one in people if one.left_reason is Reason.LOST}
        returning = ((self.away.keys() - gone) | lost) - staying
        if not staying and not returning:
            change = replace(change, ended=True)
        if change.ended:
            change = replace(change, people=self._all_out(people, now), meeting=self._closed_meeting(change, now))
        return change

    def _all_out(self, people: tuple[Attendance, ...], now: datetime) -> tuple[Attendance, ...]:
        changed = {one.id for one in people}
        rest = (one for one in self.people.values() if one.id not in changed)
        return (*people, *(gone(one, Reason.ENDED, now) for one in rest))

    def _closed_meeting(self, change: Change, now: datetime) -> Meeting | None:
        """What the end of a session leaves of the meeting: unlocked, and an instant one among the previous ones."""
        before = change.meeting or self.meeting
        after = replace(before, settings=replace(before.settings, locked=False))
        if before.kind is Kind.INSTANT:
            after = replace(after, until_at=now)
        return after if after != self.meeting else change.meeting

    def _joins(self, attendance: Attendance) -> bool:
        return attendance.presence is Presence.JOINED and attendance.id not in self._roster

    def _difference(self, change: Change) -> list[Sequenced]:
        """The events that turn the state before into the state after, numbered."""
        events: list[Sequenced] = []

        def number() -> int:
            return self.sequence + 1 + len(events)

        for one in change.people:
            if one.id in self._lobby and one.presence is not Presence.WAITING:
                events.append(WaitingGone(sequence=number(), waiting=one.id))
            event = self._put(one, number())
            if event is not None:
                events.append(event)
        meeting = self._show_meeting(change)
        if meeting != self._shown:
            events.append(MeetingPut(sequence=number(), meeting=meeting))
        if change.line is not None:
            events.append(MessagePut(sequence=number(), message=change.line))
        return events

    def _put(self, one: Attendance, sequence: int) -> Sequenced | None:
        """What is to be said of one person's new row, if that changes what is seen."""
        if one.presence is Presence.WAITING:
            waiting = _show_waiting(one)
            return None if waiting == self._lobby.get(one.id) else WaitingPut(sequence=sequence, waiting=waiting)
        if one.presence is Presence.JOINED:
            person = self._show(one)
            return None if person == self._roster.get(one.id) else ParticipantPut(sequence=sequence, participant=person)
        if one.id not in self._roster:
            return None
        return ParticipantGone(sequence=sequence, participant=one.id, reason=one.left_reason or Reason.LEFT)

    async def _store(self, change: Change, events: int, now: datetime) -> None:
        session = self.session
        if self.sequence + events > session.sequence_reserved:
            session = replace(session, sequence_reserved=self.sequence + events + _SEQUENCE_BLOCK)
        writes = self._writes(change, session, now, events)
        if writes:
            await self._journal.write(writes)
        self.session = session
        self.stored = True

    def _writes(self, change: Change, session: Session, now: datetime, events: int) -> list[live_tables.Write]:
        writes: list[live_tables.Write] = []
        if not self.stored:
            writes.append(live_tables.add_session(session))
        elif session is not self.session:
            writes.append(live_tables.reserve_sequence(session.id, session.sequence_reserved))
        for one in change.people:
            write = live_tables.change_participant if one.id in self.known else live_tables.add_participant
            writes.append(write(one))
        if change.meeting is not None:
            writes.append(live_tables.change_meeting(change.meeting))
        if change.spotlight is not UNSET:
            writes.append(live_tables.set_spotlight(session.id, change.spotlight))
        if change.line is not None:
            said_at = change.said_at or now
            writes.append(live_tables.add_message(session, change.line, said_at, self.sequence + events))
        if change.ended:
            writes.append(live_tables.end_session(session.id, now))
        return writes

    def _crossed(self, change: Change) -> set[str]:
        """Who now sees more or less than before: they get a snapshot in place of the events."""
        return {
            one.id
            for one in change.people
            if one.presence is Presence.JOINED
            and (
                one.id not in self._roster
                or state.sees_lobby(one.role) is not state.sees_lobby(self._roster[one.id].role)
            )
        }

    def _apply(self, change: Change) -> None:
        for one in change.people:
            self._place(one)
        if change.meeting is not None:
            self.meeting = change.meeting
        if change.spotlight is not UNSET:
            self._spotlight = change.spotlight
        self._shown = self._show_meeting()
        if change.line is not None:
            self.lines[change.line.sender, change.line.key] = change.line
        self.over = change.ended

    def _place(self, attendance: Attendance) -> None:
        """Put somebody where their row says they are."""
        identity = attendance.id
        self.known.add(identity)
        self.away.pop(identity, None)
        if attendance.presence is Presence.WAITING:
            self.people[identity] = attendance
            self._lobby[identity] = _show_waiting(attendance)
            return
        self._lobby.pop(identity, None)
        if attendance.presence is Presence.JOINED:
            self.people[identity] = attendance
            self._roster[identity] = self._show(attendance)
            return
        self.people.pop(identity, None)
        self._roster.pop(identity, None)
        self._role_since.pop(identity, None)
        if attendance.left_reason is Reason.REMOVED:
            self.watchers.pop(identity, None)
        self._remember(attendance)

    def _remember(self, attendance: Attendance) -> None:
        """What matters about those who are gone: the lost may return, members get their role back, the removed stay out."""
        if attendance.left_reason is Reason.LOST:
            self.away[attendance.id] = attendance
        if attendance.member_id is None:
            return
        if attendance.left_reason is Reason.REMOVED:
            self.removed_members.add(attendance.member_id)
            self.former_roles.pop(attendance.member_id, None)
        else:
            self.former_roles[attendance.member_id] = attendance.role

    def _announce(self, events: list[Sequenced], crossed: set[str], besides: str | None = None) -> None:
        if events:
            self.sequence = events[-1].sequence
            self._ring.extend(events)
        frames = [(event, encode(event)) for event in events]
        for participant_id, person in self._roster.items():
            if participant_id in crossed:
                self._role_since[participant_id] = self.sequence
            connection = self.connections.get(participant_id)
            if connection is None or participant_id == besides:
                continue
            if participant_id in crossed:
                self._entered(self, participant_id)
                connection.send(encode(self.snapshot(participant_id)))
                continue
            for event, frame in frames:
                if state.may_see(event, participant_id, person.role):
                    connection.send(frame)

    def _part(self, change: Change) -> None:
        """Let the engine follow, and close the lines of those who are gone."""
        for one in change.people:
            if one.presence is Presence.JOINED:
                self.media.follow(one.id, one.sources)
            elif one.presence is Presence.GONE:
                self.media.drop(one.id)
                if one.left_reason is Reason.REMOVED:
                    self.media.revoke(one.id)
                connection = self.connections.pop(one.id, None)
                if connection is not None:
                    connection.finish(Closed(reason=one.left_reason or Reason.LEFT))
        if change.ended:
            self.media.close()
            self._ended(self)

    def _show(self, attendance: Attendance) -> Participant:
        return Participant(
            id=attendance.id,
            name=attendance.name,
            role=attendance.role,
            joined_at=rfc3339(attendance.joined_at or attendance.asked_at),
            sources=attendance.sources,
            hand_raised_at=None if attendance.hand_raised_at is None else rfc3339(attendance.hand_raised_at),
            reconnecting=attendance.id not in self.connections,
            guest=attendance.member_id is None,
        )

    def _show_meeting(self, change: Change | None = None) -> messages.Meeting:
        meeting = (change and change.meeting) or self.meeting
        spotlight = self._spotlight if change is None or change.spotlight is UNSET else change.spotlight
        settings = meeting.settings
        return messages.Meeting(
            id=meeting.id,
            title=meeting.title,
            number=meeting.number,
            join_url=join_url(self._public_url, meeting.link_id, settings.passcode),
            passcode=settings.passcode,
            started_at=rfc3339(self.session.started_at),
            locked=settings.locked,
            lobby=settings.lobby,
            share=settings.share,
            chat=settings.chat,
            mute_on_entry=settings.mute_on_entry,
            spotlight=spotlight,
        )


def encode(message: ServerMessage) -> str:
    """One message as it goes over the line."""
    return _encoder.encode(message).decode()


def gone(attendance: Attendance, reason: Reason, now: datetime) -> Attendance:
    """Somebody's row once they are out: nothing is on, no hand is up."""
    return replace(attendance, presence=Presence.GONE, left_at=now, left_reason=reason, sources=(), hand_raised_at=None)


def _show_waiting(attendance: Attendance) -> Waiting:
    return Waiting(id=attendance.id, name=attendance.name, asked_at=rfc3339(attendance.asked_at))

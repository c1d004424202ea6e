"""What one participant knows of a meeting, and how a sequenced event changes it.

The rule that everything rests on: *a snapshot plus the later events that its owner may see equals a fresh snapshot*. Each event
replaces one whole thing, so applying it needs no knowledge but the state itself. `web/src/call/state.ts` is the same function;
both are held to `protocol/vectors/`.
"""

from __future__ import annotations

from typing import Protocol, TypeVar, assert_never

from msgspec.structs import replace

from meetinghouse.meetings.messages import (
    ChatMessage,
    Meeting,
    MeetingPut,
    MessagePut,
    Participant,
    ParticipantGone,
    ParticipantPut,
    Role,
    Sequenced,
    Snapshot,
    State,
    Waiting,
    WaitingGone,
    WaitingPut,
)

# Lines of chat in a state: a long meeting must neither make a snapshot of megabytes nor a client that grows for ever. Higher
# lets latecomers scroll further back and makes each reconnect heavier.
MESSAGES_KEPT = 500


class _Identified(Protocol):
    @property
    def id(self) -> str: ...


_Thing = TypeVar("_Thing", bound=_Identified)


def apply(snapshot: Snapshot, event: Sequenced) -> Snapshot:
    """The snapshot after `event`. An event that the snapshot already holds (by its sequence) changes nothing."""
    if event.sequence <= snapshot.sequence:
        return snapshot
    return Snapshot(sequence=event.sequence, state=_change(snapshot.state, event))


def view(
    you: str,
    meeting: Meeting,
    participants: tuple[Participant, ...],
    waiting: tuple[Waiting, ...],
    messages: tuple[ChatMessage, ...],
) -> State:
    """The part of a session's whole state that participant `you` may see."""
    role = next((one.role for one in participants if one.id == you), Role.ATTENDEE)
    return State(
        you=you,
        meeting=meeting,
        participants=participants,
        waiting=waiting if sees_lobby(role) else (),
        messages=tuple(line for line in messages if may_read(line, you))[-MESSAGES_KEPT:],
    )


def may_see(event: Sequenced, you: str, role: Role) -> bool:
    """Whether `event` goes to participant `you`, whose role is `role` when it happens."""
    match event:
        case WaitingPut() | WaitingGone():
            return sees_lobby(role)
        case MessagePut():
            return may_read(event.message, you)
        case ParticipantPut() | ParticipantGone() | MeetingPut():
            return True
        case _:
            assert_never(event)


def sees_lobby(role: Role) -> bool:
    """Who waits is told to those who can admit, and to nobody else."""
    return role is not Role.ATTENDEE


def may_read(line: ChatMessage, you: str) -> bool:
    """A line to one person is read by its sender and that person only."""
    return line.to is None or you in (line.to, line.sender)


def _change(state: State, event: Sequenced) -> State:
    match event:
        case ParticipantPut():
            return replace(state, participants=_put(state.participants, event.participant))
        case ParticipantGone():
            return replace(state, participants=_without(state.participants, event.participant))
        case WaitingPut():
            return replace(state, waiting=_put(state.waiting, event.waiting))
        case WaitingGone():
            return replace(state, waiting=_without(state.waiting, event.waiting))
        case MeetingPut():
            return replace(state, meeting=event.meeting)
        case MessagePut():
            return replace(state, messages=_put(state.messages, event.message)[-MESSAGES_KEPT:])
        case _:
            assert_never(event)


def _put(things: tuple[_Thing, ...], thing: _Thing) -> tuple[_Thing, ...]:
    """Replaces in place what has the same id, so that nobody's tile jumps; else appends."""
    if not any(one.id == thing.id for one in things):
        return (*things, thing)
    return tuple(thing if one.id == thing.id else one for one in things)


def _without(things: tuple[_Thing, ...], identity: str) -> tuple[_Thing, ...]:
    return tuple(one for one in things if one.id != identity)

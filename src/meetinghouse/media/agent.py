"""The control plane's hand on the engine: commands as awaitable calls, events as callbacks, on one asyncio loop.

Errors: `EngineRefused` is for the caller, who asked for something that cannot be; `EngineStopped` is fatal to the
media role, which restarts. A subscriber that raises is logged and the others still hear.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import count
from typing import TypeAlias

import structlog

from meetinghouse.media.engine import (
    Accepted,
    AddPeer,
    Answered,
    CloseRoom,
    Command,
    Event,
    MediaEngine,
    PeerFailed,
    Rejected,
    RemovePeer,
    Renegotiate,
    RoomSnapshot,
    SetSources,
    SetView,
    Source,
    Tile,
)

Subscriber: TypeAlias = Callable[[Event], None]

# Events handled before the loop turns to its other work again: about 2 ms. More delays HTTP behind a storm of events,
# less turns the loop more often than needed.
DRAIN_LIMIT = 256

log = structlog.get_logger(__name__)


class EngineRefused(Exception):  # noqa: N818  # a refusal is an answer, not a fault
    """The engine refused a command; nothing has changed. `code` is one of `Rejected.code`, `message` is for the log."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


class EngineStopped(Exception):  # noqa: N818  # a state, not a fault of the call
    """The engine is closed or has died: no command is answered any more."""


@dataclass(frozen=True)
class _Pending:
    """A command that is not accepted yet. `answered` names the peer whose `Answered` follows, if one does."""

    result: asyncio.Future[str]
    answered: tuple[str, str] | None


class Agent:
    """Speaks to one engine from the running loop. Made inside the loop; `close` it there as well."""

    def __init__(self, engine: MediaEngine) -> None:
        self._engine = engine
        self._loop = asyncio.get_running_loop()
        self._ids = count(1)
        self._pending: dict[int, _Pending] = {}
        self._answers: defaultdict[tuple[str, str], deque[asyncio.Future[str]]] = defaultdict(deque)
        self._subscribers: list[Subscriber] = []
        self._alive = True
        self._loop.add_reader(engine.wake_fd(), self._turn)

    @property
    def alive(self) -> bool:
        """Whether the engine answers; for the health check."""
        return self._alive

    @property
    def media_addresses(self) -> list[tuple[str, int]]:
        """Where clients are told to send."""
        return self._engine.media_addresses

    def subscribe(self, subscriber: Subscriber) -> Callable[[], None]:
        """Call `subscriber` with every event, in order, on the loop. Returns what ends it."""
        self._subscribers.append(subscriber)
        return lambda: self._subscribers.remove(subscriber)

    async def add_peer(
        self, room: str, peer: str, offer: str, *, publish: bool = True, subscribe: bool = True, one_way: bool = False
    ) -> str:
        """Bring a client in with its one offer; returns the SDP answer. `one_way` is a WHIP or WHEP client."""
        command = AddPeer(
            id=next(self._ids),
            room=room,
            peer=peer,
            offer=offer,
            publish=publish,
            subscribe=subscribe,
            one_way=one_way,
        )
        return await self._do(command, answered=(room, peer))

    async def renegotiate(self, room: str, peer: str, offer: str) -> str:
        """Answer a later offer of the same connection: an ICE restart or added slots."""
        return await self._do(Renegotiate(id=next(self._ids), room=room, peer=peer, offer=offer), answered=(room, peer))

    async def remove_peer(self, room: str, peer: str) -> None:
        """Forget a participant; nothing more is sent to it."""
        await self._do(RemovePeer(id=next(self._ids), room=room, peer=peer))

    async def set_view(self, room: str, peer: str, tiles: Iterable[Tile]) -> None:
        """Replace what the participant's layout shows."""
        await self._do(SetView(id=next(self._ids), room=room, peer=peer, tiles=list(tiles)))

    async def set_sources(self, room: str, peer: str, sources: Iterable[Source]) -> None:
        """Replace the set of the participant's sources that are on."""
        await self._do(SetSources(id=next(self._ids), room=room, peer=peer, sources=list(sources)))

    async def close_room(self, room: str) -> None:
        """End the room and every peer in it."""
        await self._do(CloseRoom(id=next(self._ids), room=room))

    def snapshot(self, room: str) -> RoomSnapshot | None:
        """Return the room as the engine has it now."""
        self._check_alive()
        return self._engine.snapshot(room)

    async def close(self) -> None:
        """Stop the engine, after a last look at its events. Doing it again does nothing."""
        if not self._alive:
            return
        self._loop.remove_reader(self._engine.wake_fd())
        await asyncio.to_thread(self._engine.close)
        self._deliver(self._engine.drain(2**31))
        self._stop("the media engine is closed")

    async def _do(self, command: Command, answered: tuple[str, str] | None = None) -> str:
        self._check_alive()
        pending = _Pending(self._loop.create_future(), answered)
        self._pending[command.id] = pending
        try:
            self._engine.submit([command])
        except RuntimeError as error:
            del self._pending[command.id]
            raise EngineStopped(str(error)) from error
        return await pending.result

    def _check_alive(self) -> None:
        if not self._alive:
            raise EngineStopped("the media engine is closed")

    def _turn(self) -> None:
        try:
            events = self._engine.drain(DRAIN_LIMIT)
        except RuntimeError as error:
            log.critical("media_engine_died", error=str(error))
            self._loop.remove_reader(self._engine.wake_fd())
            self._stop(str(error))
            return
        self._deliver(events)

    def _deliver(self, events: Iterable[Event]) -> None:
        for event in events:
            self._settle(event)
            for subscriber in tuple(self._subscribers):
                try:
                    subscriber(event)
                except Exception:
                    log.exception("media_subscriber_failed", kind=type(event).__name__)

    def _settle(self, event: Event) -> None:
        """Wake whoever waits for this event. Who was cancelled meanwhile is passed over."""
        match event:
            case Accepted():
                pending = self._pending.pop(event.id)
                if pending.answered is None:
                    _resolve(pending.result, "")
                else:
                    self._answers[pending.answered].append(pending.result)
            case Rejected():
                _fail(self._pending.pop(event.id).result, EngineRefused(event.code, event.message))
            case Answered():
                place = (event.room, event.peer)
                waiting = self._answers[place]
                _resolve(waiting.popleft(), event.sdp)
                if not waiting:
                    del self._answers[place]
            case PeerFailed():
                for result in self._answers.pop((event.room, event.peer), ()):
                    _fail(result, EngineRefused("peer_failed", event.reason))
            case _:
                pass

    def _stop(self, reason: str) -> None:
        self._alive = False
        waiting = [pending.result for pending in self._pending.values()]
        waiting += [result for results in self._answers.values() for result in results]
        self._pending.clear()
        self._answers.clear()
        for result in waiting:
            _fail(result, EngineStopped(reason))


def _resolve(future: asyncio.Future[str], value: str) -> None:
    if not future.done():
        future.set_result(value)


def _fail(future: asyncio.Future[str], error: Exception) -> None:
    if not future.done():
        future.set_exception(error)

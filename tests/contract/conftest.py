from __future__ import annotations

import select
import time
from collections.abc import Callable, Iterator

import pytest

from meetinghouse.media.engine import Accepted, Command, EngineConfig, Event, MediaEngine, Rejected, native_engine
from meetinghouse.media.fake import FakeEngine

MakeEngine = Callable[[EngineConfig], MediaEngine]

# Only reached when an engine hangs: the tests wait for events, not for time.
PATIENCE_SECONDS = 30.0


class Driver:
    """An engine and everything that it has said."""

    def __init__(self, engine: MediaEngine) -> None:
        self.engine = engine
        self.events: list[Event] = []

    def do(self, *commands: Command) -> list[Accepted | Rejected]:
        """Submit, and wait for the verdicts: those for one participant in the order of the events, else of the commands."""
        first = len(self.events)
        self.engine.submit(list(commands))
        ids = {command.id for command in commands}
        verdicts: list[Accepted | Rejected] = []
        self.wait(lambda: ids <= {event.id for event in self.events[first:] if isinstance(event, Accepted | Rejected)})
        verdicts = [event for event in self.events[first:] if isinstance(event, Accepted | Rejected)]
        whose = {command.id: (command.room, getattr(command, "peer", None)) for command in commands}
        by_person = {one: iter([it for it in verdicts if whose.get(it.id) == one]) for one in whose.values()}
        return [next(by_person[whose[command.id]]) for command in commands]

    def settle(self, room: str) -> None:
        """Take every event of what was submitted so far: a snapshot is answered after all of it."""
        snapshot = self.engine.snapshot(room)
        if snapshot is not None:
            self.wait(lambda: self.sequence(room) >= snapshot.sequence)

    def sequence(self, room: str) -> int:
        return max((event.sequence for event in self.of(room)), default=0)  # type: ignore[union-attr]

    def of(self, room: str, kind: type[Event] | None = None) -> list[Event]:
        """Return the room's events, of one kind if named."""
        events = [event for event in self.events if getattr(event, "room", None) == room]
        return [event for event in events if kind is None or isinstance(event, kind)]

    def wait(self, condition: Callable[[], bool]) -> None:
        """Drain whenever the descriptor is readable, until the condition holds."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not condition():
            left = deadline - time.monotonic()
            assert left > 0, f"gave up waiting; events so far: {self.events}"
            if select.select([self.engine.wake_fd()], [], [], left)[0]:
                self.events += self.engine.drain(1000)


@pytest.fixture(params=["fake", "native", "workers", "spread"])
def make_engine(request: pytest.FixtureRequest) -> Iterator[MakeEngine]:
    engines: list[MediaEngine] = []

    def make(config: EngineConfig) -> MediaEngine:
        if request.param in {"workers", "spread"}:
            config = with_workers(config, 3, spread_peers=1 if request.param == "spread" else 200)
        engine = FakeEngine(config) if request.param == "fake" else native_engine(config)
        engines.append(engine)
        return engine

    yield make
    for engine in engines:
        engine.close()


def with_workers(config: EngineConfig, workers: int, spread_peers: int) -> EngineConfig:
    """Return the same with so many workers and people of a room on each; the limits are those of one."""
    return EngineConfig(
        listen=config.listen,
        workers=workers,
        spread_peers=spread_peers,
        offer_bytes=config.offer_bytes,
        peers=config.peers,
        peers_per_room=config.peers_per_room,
        tiles=config.tiles,
        pictures=config.pictures,
    )


@pytest.fixture
def driver(make_engine: MakeEngine) -> Driver:
    return Driver(make_engine(EngineConfig(listen="127.0.0.1:0")))

"""What every media engine promises: six calls and typed values (DESIGN §7).

`native_engine` starts the real one (Rust, in threads of its own, a large room in several); `fake.FakeEngine` is that of tests.
Both pass `tests/contract/test_engine.py`, which is the promise in full. In short:

* Each command gets exactly one `Accepted` or `Rejected`; for a participant in the order of `submit`.
* `Accepted` of an `AddPeer` or `Renegotiate` is followed by `Answered` of the same peer.
* A room's events carry `sequence` 1, 2, 3, … without gaps, and a snapshot says which one it includes.
* `wake_fd` is readable exactly while events wait.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol, TypeAlias

import structlog

from meetinghouse.media._native import (
    Accepted,
    AddPeer,
    Answered,
    CloseRoom,
    Engine,
    EngineConfig,
    LayersWanted,
    PeerConnected,
    PeerFailed,
    PeerSnapshot,
    PeerStatistics,
    Rejected,
    RemovePeer,
    Renegotiate,
    RoomSnapshot,
    SetSources,
    SetView,
    Slot,
    SlotsChanged,
    SpeakersChanged,
    Statistics,
    StreamStarted,
    StreamStatistics,
    Tile,
    default_workers,
)
from meetinghouse.media.build import is_stale

log = structlog.get_logger(__name__)

Source: TypeAlias = Literal["microphone", "camera", "screen", "screen_audio"]
Command: TypeAlias = AddPeer | Renegotiate | RemovePeer | SetView | SetSources | CloseRoom
RoomEvent: TypeAlias = (
    Answered | PeerConnected | PeerFailed | StreamStarted | SlotsChanged | LayersWanted | SpeakersChanged
)
Event: TypeAlias = Accepted | Rejected | RoomEvent | Statistics


class MediaEngine(Protocol):
    """The six calls. They never block on the network and may be made from any thread."""

    def submit(self, commands: list[Command]) -> None:
        """Hand commands to the engine. Raises `RuntimeError` after `close`."""

    def drain(self, limit: int) -> Sequence[Event]:
        """Take at most `limit` events, oldest first. Raises `RuntimeError` once the engine has died."""

    def wake_fd(self) -> int:
        """Return a descriptor that is readable while events wait; the engine owns it and `drain` reads it."""

    def snapshot(self, room: str) -> RoomSnapshot | None:
        """Return the room as it is after every command submitted before, `None` when there is none."""

    def close(self) -> None:
        """Stop. Doing it again does nothing; events that were not taken yet stay."""

    @property
    def media_addresses(self) -> list[tuple[str, int]]:
        """Where clients are told to send."""

    @property
    def media_routes(self) -> list[tuple[tuple[str, int], tuple[str, int]]]:
        """How each of them is reached from this machine itself, as pairs of both."""


def native_engine(config: EngineConfig) -> MediaEngine:
    """Start the real engine.

    Raises `OSError` when it cannot listen and `ValueError` for a bad address, with a sentence for the operator. In a
    checkout whose Rust sources are newer than the binary, a warning says so.
    """
    if is_stale():
        log.warning("media_engine_stale", advice="run `make install`: the Rust sources have changed since it was built")
    return Engine(config)


__all__ = [
    "Accepted",
    "AddPeer",
    "Answered",
    "CloseRoom",
    "Command",
    "EngineConfig",
    "Event",
    "LayersWanted",
    "MediaEngine",
    "PeerConnected",
    "PeerFailed",
    "PeerSnapshot",
    "PeerStatistics",
    "Rejected",
    "RemovePeer",
    "Renegotiate",
    "RoomEvent",
    "RoomSnapshot",
    "SetSources",
    "SetView",
    "Slot",
    "SlotsChanged",
    "Source",
    "SpeakersChanged",
    "Statistics",
    "StreamStarted",
    "StreamStatistics",
    "Tile",
    "default_workers",
    "native_engine",
]

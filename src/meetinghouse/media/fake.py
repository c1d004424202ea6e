"""An engine without media: the same six calls, values and order of events, answered at once.

Peers connect as soon as they are answered. Slots are filled from `SetView` and `SetSources` as the real engine fills
them, with audio chosen by `speak` instead of loudness. Tests make things happen with `speak`, `fail` and `measure`.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from meetinghouse.media.engine import (
    Accepted,
    AddPeer,
    Answered,
    CloseRoom,
    Command,
    EngineConfig,
    Event,
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
    Source,
    SpeakersChanged,
    Statistics,
    StreamStarted,
    Tile,
)
from meetinghouse.media.fake_sdp import Offer, OfferError, Shape, answer, parse

_CODECS: dict[Source, str] = {"microphone": "opus", "camera": "vp8", "screen": "vp8", "screen_audio": "opus"}
_SOUNDS = frozenset({"microphone", "screen_audio"})


class _Refusal(Exception):  # noqa: N818  # becomes `Rejected`
    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass
class _Peer:
    offer: Offer
    publish: bool
    subscribe: bool
    tiles: list[Tile] = field(default_factory=list)
    sources: list[Source] = field(default_factory=list)
    slots: list[Slot] = field(default_factory=list)


@dataclass
class _Room:
    sequence: int = 0
    peers: dict[str, _Peer] = field(default_factory=dict)
    speakers: list[str] = field(default_factory=list)

    def next(self) -> int:
        self.sequence += 1
        return self.sequence


class FakeEngine:
    """The engine of tests. Not thread-safe: everything happens inside the calls."""

    def __init__(self, config: EngineConfig | None = None) -> None:
        self.config = config or EngineConfig()
        self._rooms: dict[str, _Room] = {}
        self._events: deque[Event] = deque()
        self._closed = False
        self._read, self._write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._woken = False

    # --- the six calls -----------------------------------------------------------------------------------------------

    def submit(self, commands: list[Command]) -> None:
        """Carry commands out, one after the other."""
        if self._closed:
            raise RuntimeError("the media engine is closed")
        for command in commands:
            try:
                events = list(self._carry_out(command))
            except _Refusal as refusal:
                self._emit(Rejected(id=command.id, code=refusal.code, message=str(refusal)))
            else:
                self._emit(Accepted(id=command.id), *events)
                self._fill_slots(command.room)

    def drain(self, limit: int) -> Sequence[Event]:
        """Take at most `limit` events."""
        taken = [self._events.popleft() for _ in range(min(limit, len(self._events)))]
        if self._woken and not self._events:
            self._woken = False
            os.read(self._read, 1)
        return taken

    def wake_fd(self) -> int:
        """Return the reading end of a pipe that holds one byte while events wait."""
        return self._read

    def snapshot(self, room: str) -> RoomSnapshot | None:
        """Return the room as it is."""
        if self._closed:
            raise RuntimeError("the media engine is closed")
        state = self._rooms.get(room)
        if state is None:
            return None
        peers = [
            PeerSnapshot(
                peer=name,
                connected=True,
                publish=peer.publish,
                subscribe=peer.subscribe,
                sources=peer.sources,
                slots=peer.slots,
            )
            for name, peer in state.peers.items()
        ]
        return RoomSnapshot(room=room, sequence=state.sequence, peers=peers)

    def close(self) -> None:
        """Stop."""
        self._closed = True
        self._rooms.clear()

    @property
    def media_addresses(self) -> list[tuple[str, int]]:
        """Where nobody listens: the discard port."""
        return [("127.0.0.1", 9)]

    @property
    def media_routes(self) -> list[tuple[tuple[str, int], tuple[str, int]]]:
        """The same from here."""
        return [(address, address) for address in self.media_addresses]

    def __del__(self) -> None:
        os.close(self._read)
        os.close(self._write)

    # --- what tests make happen --------------------------------------------------------------------------------------

    def speak(self, room: str, *speakers: str) -> None:
        """Let these peers be the loudest, the dominant one first."""
        state = self._rooms[room]
        state.speakers = list(speakers)
        self._emit(SpeakersChanged(room=room, sequence=state.next(), speakers=state.speakers))
        self._fill_slots(room)

    def fail(self, room: str, peer: str, reason: str = "consent") -> None:
        """Give a peer up, as after half a minute of silence."""
        state = self._rooms[room]
        self._emit(PeerFailed(room=room, sequence=state.next(), peer=peer, reason=reason))
        self._forget(room, peer)
        self._fill_slots(room)

    def measure(self, *peers: PeerStatistics, drops: Mapping[str, int] | None = None, worker: int = 0) -> None:
        """Report statistics of a worker."""
        interval = self.config.statistics_interval_ms
        self._emit(Statistics(worker=worker, interval_ms=interval, peers=list(peers), drops={**(drops or {})}))

    # --- commands ----------------------------------------------------------------------------------------------------

    def _carry_out(self, command: Command) -> Iterator[Event]:
        match command:
            case AddPeer():
                yield from self._add(command)
            case Renegotiate():
                room, peer = self._find(command)
                peer.offer = self._read_offer(command.offer, peer.offer.shape)
                sdp = answer(peer.offer)
                yield Answered(room=command.room, sequence=room.next(), peer=command.peer, sdp=sdp)
            case RemovePeer():
                self._find(command)
                self._forget(command.room, command.peer)
            case SetView():
                _, peer = self._find(command)
                if len(command.tiles) > self.config.tiles:
                    raise _Refusal("limit_reached", f"tiles: at most {self.config.tiles}")
                peer.tiles = command.tiles
            case SetSources():
                yield from self._set_sources(command)
            case CloseRoom():
                if self._rooms.pop(command.room, None) is None:
                    raise _Refusal("unknown_room", "there is no such room")

    def _add(self, command: AddPeer) -> Iterator[Event]:
        room = self._rooms.get(command.room, _Room())
        if command.peer in room.peers:
            raise _Refusal("duplicate_peer", "the peer is in the room already")
        if len(room.peers) >= self.config.peers_per_room:
            raise _Refusal("limit_reached", f"peers_per_room: at most {self.config.peers_per_room}")
        if sum(len(other.peers) for other in self._rooms.values()) >= self.config.peers:
            raise _Refusal("limit_reached", f"peers: at most {self.config.peers}")
        one_way: Shape = "publisher" if command.publish else "watcher"
        offer = self._read_offer(command.offer, one_way if command.one_way else "meeting")
        room.peers[command.peer] = _Peer(offer, command.publish, command.subscribe)
        self._rooms[command.room] = room
        yield Answered(room=command.room, sequence=room.next(), peer=command.peer, sdp=answer(offer))
        yield PeerConnected(room=command.room, sequence=room.next(), peer=command.peer)

    def _set_sources(self, command: SetSources) -> Iterator[Event]:
        room, peer = self._find(command)
        before, peer.sources = peer.sources, sorted(set(command.sources), key=list(_CODECS).index)
        if not peer.publish:
            return
        for source in peer.sources:
            if source not in before and source in peer.offer.sends:
                yield StreamStarted(
                    room=command.room,
                    sequence=room.next(),
                    peer=command.peer,
                    source=source,
                    codec=_CODECS[source],
                )

    def _read_offer(self, sdp: str, shape: Shape) -> Offer:
        if len(sdp.encode()) > self.config.offer_bytes:
            raise _Refusal("limit_reached", f"offer_bytes: at most {self.config.offer_bytes}")
        try:
            offer = parse(sdp, shape)
        except OfferError as error:
            raise _Refusal("bad_offer", str(error)) from error
        if len(offer.lines) > self.config.m_lines:
            raise _Refusal("limit_reached", f"m_lines: at most {self.config.m_lines}")
        return offer

    def _find(self, command: Renegotiate | RemovePeer | SetView | SetSources) -> tuple[_Room, _Peer]:
        room = self._rooms.get(command.room)
        if room is None:
            raise _Refusal("unknown_room", "there is no such room")
        peer = room.peers.get(command.peer)
        if peer is None:
            raise _Refusal("unknown_peer", "the room has no such peer")
        return room, peer

    def _forget(self, room: str, peer: str) -> None:
        state = self._rooms[room]
        del state.peers[peer]
        if not state.peers:
            del self._rooms[room]

    # --- slots -------------------------------------------------------------------------------------------------------

    def _fill_slots(self, name: str) -> None:
        room = self._rooms.get(name)
        if room is None:
            return
        for peer_name, peer in room.peers.items():
            slots = _slots(room, peer_name, peer, self.config.pictures)
            if slots != (peer.slots or _empty(peer.offer)):
                peer.slots = slots
                self._emit(SlotsChanged(room=name, sequence=room.next(), peer=peer_name, slots=slots))

    def _emit(self, *events: Event) -> None:
        self._events.extend(events)
        if events and not self._woken:
            self._woken = True
            os.write(self._write, b"\0")


def _empty(offer: Offer) -> list[Slot]:
    return [Slot(mid=mid, source=source) for mid, source in offer.slots]


def _slots(room: _Room, name: str, peer: _Peer, pictures: int) -> list[Slot]:
    """Fill a peer's slots: a stream that stays keeps its slot, new ones take the first that is free."""
    tiles: list[tuple[str, Source]] = [(tile.peer, tile.source) for tile in peer.tiles if tile.peer != name]
    named = [stream for stream in tiles if stream[1] in _SOUNDS]
    speakers: list[tuple[str, Source]] = [(speaker, "microphone") for speaker in room.speakers if speaker != name]
    wanted: dict[Source, list[tuple[str, Source]]] = {
        "microphone": named if named or peer.offer.shape == "watcher" else speakers,
        "screen_audio": [(other, "screen_audio") for other in room.peers if other != name],
        "camera": [stream for stream in tiles if stream[1] not in _SOUNDS],
    }
    before = {slot.mid: (slot.peer, slot.source) for slot in peer.slots}
    filled: dict[str, tuple[str, Source]] = {}
    for kind, streams in wanted.items():
        mids = [mid for mid, source in peer.offer.slots if source == kind]
        most = min(len(mids), pictures) if kind == "camera" else len(mids)
        live = [stream for stream in dict.fromkeys(streams) if peer.subscribe and _flows(room, *stream)][:most]
        kept = {mid: stream for mid in mids for stream in live if before.get(mid) == stream}
        free = (mid for mid in mids if mid not in kept)
        filled |= kept | {mid: stream for stream, mid in zip(_without(live, kept), free, strict=False)}
    return [
        Slot(mid=mid, peer=filled[mid][0], source=filled[mid][1]) if mid in filled else Slot(mid=mid, source=source)
        for mid, source in peer.offer.slots
    ]


def _without(streams: list[tuple[str, Source]], kept: dict[str, tuple[str, Source]]) -> list[tuple[str, Source]]:
    taken = set(kept.values())
    return [stream for stream in streams if stream not in taken]


def _flows(room: _Room, name: str, source: Source) -> bool:
    peer = room.peers.get(name)
    return peer is not None and peer.publish and source in peer.sources and source in peer.offer.sends

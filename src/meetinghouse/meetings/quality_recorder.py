"""Turns the engine's statistics and the clients' reports into samples, and writes them down once a minute.

Nothing here waits for anything while media flows: events are added up in memory, and a background task stores them. What was
not stored yet is a minute at most, and a clean stop stores it.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterable

import structlog
from msgspec import Struct
from msgspec.structs import replace

from meetinghouse.db.clock import Clock
from meetinghouse.db.engine import Database
from meetinghouse.db.tenancy import Across
from meetinghouse.media.engine import (
    Event,
    PeerConnected,
    PeerFailed,
    PeerStatistics,
    SpeakersChanged,
    Statistics,
    StreamStatistics,
)
from meetinghouse.meetings import quality_tables
from meetinghouse.meetings.messages import ReportQuality
from meetinghouse.meetings.quality import Limited, Sample
from meetinghouse.meetings.quality_tables import Happening, Record
from meetinghouse.meetings.settings import MeetingsSettings

_log = structlog.get_logger(__name__)

# Between two writes. Longer loses more to a power cut, shorter costs the disk more.
_WRITE_SECONDS = 60.0
# Old records are looked for so often.
# What happened in one session between two writes and is kept; a session that does more is not read line by line anyway.
_HAPPENINGS = 2_000


class _Counts(Struct, frozen=True):
    """What one stream counted since its peer came."""

    bytes: int
    sent: int
    lost: int


class _Open:
    """The sample of one participant that is being added up."""

    def __init__(self, began: float) -> None:
        self.began = began
        self.up_bytes = self.down_bytes = 0
        self.up_packets = self.down_packets = 0
        self.up_lost = self.down_lost = 0
        self.rtt_ms: float | None = None
        self.estimate_bps: int | None = None
        self.pacer_delay_ms = 0.0
        self.no_room = self.reduced = 0
        self.frozen_ms = self.concealed_ms = 0
        self.limited: Limited = "none"

    def closed(self, now: float) -> Sample:
        seconds = max(1, round(now - self.began))
        return Sample(
            at=round(now),
            seconds=seconds,
            rtt_ms=None if self.rtt_ms is None else round(self.rtt_ms),
            up_bps=8 * self.up_bytes // seconds,
            up_loss=_share(self.up_lost, self.up_packets),
            down_bps=8 * self.down_bytes // seconds,
            down_loss=_share(self.down_lost, self.down_packets),
            estimate_bps=self.estimate_bps or 0,
            pacer_delay_ms=math.ceil(self.pacer_delay_ms),
            no_room=self.no_room,
            reduced=self.reduced,
            frozen_ms=min(self.frozen_ms, 1000 * seconds),
            concealed_ms=min(self.concealed_ms, 1000 * seconds),
            limited=self.limited,
        )


class _Person:
    """What is known of one participant's connection."""

    def __init__(self, now: float, worker: int) -> None:
        self.worker = worker
        self.open = _Open(now)
        self.counts: dict[tuple[str, str, str], _Counts] = {}
        self.layers: dict[tuple[str, str], tuple[str, str]] = {}
        self.latest: PeerStatistics | None = None


class QualityRecorder:
    """Subscribes to an agent: `agent.subscribe(recorder.observe)`."""

    def __init__(self, db: Database, clock: Clock, settings: MeetingsSettings) -> None:
        """Nothing is recorded before `start`."""
        self._db = db
        self._clock = clock
        self._settings = settings
        self._people: dict[tuple[str, str], _Person] = {}
        self._pending: dict[str, Record] = {}
        self._writing: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Write what is recorded from now on."""
        self._writing = asyncio.create_task(self._write_on(), name="quality-recorder")

    async def stop(self) -> None:
        """Write what is left."""
        if self._writing is not None:
            self._writing.cancel()
            await asyncio.gather(self._writing, return_exceptions=True)
        now = self._now()
        for key in list(self._people):
            self._end(key, now)
        await self.write()

    def observe(self, event: Event) -> None:
        """Take what an event says."""
        match event:
            case Statistics():
                self._take(event.worker, event.peers)
            case SpeakersChanged():
                self._happened(event.room, "speakers", names=tuple(event.speakers))
            case PeerConnected():
                self._happened(event.room, "connected", peer=event.peer)
            case PeerFailed():
                self._happened(event.room, "failed", peer=event.peer, detail=event.reason)
            case _:
                pass

    def report(self, session_id: str, participant_id: str, report: ReportQuality) -> None:
        """Take what a participant's client saw and heard since its last report."""
        person = self._people.get((session_id, participant_id))
        if person is None:
            return
        person.open.frozen_ms += report.frozen_ms
        person.open.concealed_ms += report.concealed_ms
        if report.limited != "none":
            person.open.limited = report.limited

    def latest(self, session_id: str, participant_id: str) -> PeerStatistics | None:
        """The last statistics of a participant's connection."""
        person = self._people.get((session_id, participant_id))
        return None if person is None else person.latest

    async def records(self, session_id: str) -> list[Record]:
        """Everything that is known of a session, oldest first."""
        async with self._db.read(Across.SESSIONS) as connection:
            stored = await quality_tables.of_session(connection, session_id)
        pending = self._pending.get(session_id)
        return stored if pending is None else [*stored, pending]

    # --- inside ------------------------------------------------------------------------------------------------------

    def _now(self) -> float:
        return self._clock.now().timestamp()

    def _take(self, worker: int, peers: Iterable[PeerStatistics]) -> None:
        now = self._now()
        seen = set()
        for peer in peers:
            key = (peer.room, peer.peer)
            seen.add(key)
            person = self._people.get(key)
            if person is None:
                # What it counted before belongs to no interval that we know the length of.
                person = self._people[key] = _Person(now, worker)
                self._count(person, peer)
                person.open = _Open(now)
                self._note_layers(peer, person)
                continue
            person.worker = worker
            self._count(person, peer)
            self._note_layers(peer, person)
            if now - person.open.began >= self._settings.quality_seconds:
                self._close(key, person, now)
        gone = [key for key, person in self._people.items() if person.worker == worker and key not in seen]
        for key in gone:
            self._end(key, now)

    def _count(self, person: _Person, peer: PeerStatistics) -> None:
        open_ = person.open
        counts: dict[tuple[str, str, str], _Counts] = {}
        for direction, streams in (("up", peer.up), ("down", peer.down)):
            for stream in streams:
                key = (direction, stream.peer, stream.source)
                counts[key] = count = _counts(stream, direction)
                before = person.counts.get(key)
                if before is None or count.bytes < before.bytes:
                    continue
                sent, lost = max(0, count.sent - before.sent), max(0, count.lost - before.lost)
                if direction == "up":
                    open_.up_bytes += count.bytes - before.bytes
                    open_.up_packets += sent
                    open_.up_lost += lost
                else:
                    open_.down_bytes += count.bytes - before.bytes
                    open_.down_packets += sent
                    open_.down_lost += lost
        person.counts = counts
        person.latest = peer
        if peer.rtt_ms is not None:
            open_.rtt_ms = max(open_.rtt_ms or 0.0, peer.rtt_ms)
        if peer.estimate_bps:
            open_.estimate_bps = min(open_.estimate_bps or peer.estimate_bps, peer.estimate_bps)
        open_.pacer_delay_ms = max(open_.pacer_delay_ms, peer.pacer_delay_ms)
        reasons = [stream.reason for stream in peer.down]
        open_.no_room = max(open_.no_room, reasons.count("no_room"))
        open_.reduced = max(open_.reduced, reasons.count("bandwidth"))

    def _note_layers(self, peer: PeerStatistics, person: _Person) -> None:
        layers: dict[tuple[str, str], tuple[str, str]] = {
            (stream.peer, stream.source): (stream.layer or "", stream.reason)
            for stream in peer.down
            if stream.reason is not None
        }
        for (about, source), (layer, reason) in layers.items():
            if person.layers.get((about, source)) != (layer, reason):
                self._happened(
                    peer.room, "layer", peer=peer.peer, about=about, source=source, detail=layer, reason=reason
                )
        for gone, what in person.layers.keys() - layers.keys():
            self._happened(peer.room, "layer", peer=peer.peer, about=gone, source=what, reason="gone")
        person.layers = layers

    def _close(self, key: tuple[str, str], person: _Person, now: float) -> None:
        session_id, participant_id = key
        samples = self._record(session_id).samples
        samples.setdefault(participant_id, []).append(person.open.closed(now))
        person.open = _Open(now)

    def _end(self, key: tuple[str, str], now: float) -> None:
        """A participant's connection is gone: what was added up of it is the last sample."""
        person = self._people.pop(key)
        if now - person.open.began >= 1:
            self._close(key, person, now)

    def _happened(self, session_id: str, kind: str, **what: str | tuple[str, ...]) -> None:
        happenings = self._record(session_id).happenings
        if len(happenings) < _HAPPENINGS:
            happening = Happening(round(self._now() * 1000), kind)
            happenings.append(replace(happening, **what))

    def _record(self, session_id: str) -> Record:
        return self._pending.setdefault(session_id, Record(samples={}, happenings=[]))

    async def _write_on(self) -> None:
        while True:
            await asyncio.sleep(_WRITE_SECONDS)
            await self.write()

    async def write(self) -> None:
        """Store what is not stored yet."""
        records, self._pending = self._pending, {}
        try:
            if records:
                async with self._db.write(Across.SESSIONS) as write:
                    await quality_tables.add(write.connection, records, self._clock.now())
        except Exception:  # noqa: BLE001 (the disk may be full: a minute of measurements is lost, no meeting)
            _log.exception("quality_not_stored")


def _counts(stream: StreamStatistics, direction: str) -> _Counts:
    """Packets that were sent and those of them that the network lost, whether or not they were sent again."""
    if direction == "up":
        lost = stream.lost + stream.retransmitted
        return _Counts(stream.bytes, stream.packets + lost, lost)
    return _Counts(stream.bytes, stream.packets, stream.lost)


def _share(part: int, whole: int) -> float:
    return round(min(1.0, part / whole), 4) if whole > 0 else 0.0

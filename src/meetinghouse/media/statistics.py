"""The engine's statistics as Prometheus metrics. No label names a person, a room or an address.

A node with 500 meetings of four tells of 16,000 streams every two seconds, on the loop that serves everybody: what comes is
added up in plain numbers, and becomes metrics when somebody asks.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import accumulate
from typing import TypeAlias

from msgspec import Struct, field
from prometheus_client import CollectorRegistry
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

from meetinghouse.media.engine import Event, PeerFailed, Rejected, Statistics

# A room, a peer, a direction, whose stream, which: what the engine counts from the peer's coming on.
_Stream: TypeAlias = tuple[str, str, str, str, str]
_Counts: TypeAlias = tuple[int, int, int, int]
# A direction and a source.
_Labels: TypeAlias = tuple[str, str]

_BY_STREAM = ("direction", "source")
_MILLISECOND = 0.001
# From one switch to half around the world and a bad radio link.
_RTT_BUCKETS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 1.0, 2.0)
_JITTER_BUCKETS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.5)
# Of a stream, in the order of `_Counts`.
_COUNTERS = (
    ("packets", "RTP packets without retransmissions"),
    ("bytes", "Bytes of these packets"),
    ("lost_packets", "Packets that never arrived (up) or were reported lost (down)"),
    ("retransmitted_packets", "Packets sent again"),
)


class _Worker(Struct):
    """What one worker said last."""

    peers: int = 0
    # A room may have people on several workers.
    rooms: set[str] = field(default_factory=set)
    streams: Counter[_Labels] = field(default_factory=Counter)
    bitrate_bps: Counter[_Labels] = field(default_factory=Counter)
    # By the reason for their layer.
    pictures: Counter[str] = field(default_factory=Counter)
    seen_streams: dict[_Stream, _Counts] = {}
    seen_drops: dict[tuple[str, str], dict[str, int]] = {}


class _Histogram:
    """Counts of values up to each bound, and beyond the last."""

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self._bounds = bounds
        self._counts = [0] * (len(bounds) + 1)
        self._sum = 0.0

    def observe(self, value: float) -> None:
        self._counts[bisect_left(self._bounds, value)] += 1
        self._sum += value

    def add_to(self, family: HistogramMetricFamily, labels: tuple[str, ...] = ()) -> None:
        names = [*map(floatToGoString, self._bounds), "+Inf"]
        buckets = list(zip(names, map(float, accumulate(self._counts)), strict=True))
        family.add_metric(labels, buckets, self._sum)


class _Sum:
    """All streams of a direction and a source: totals for ever, and of the batch at hand."""

    __slots__ = ("bitrate_bps", "bytes", "jitter", "lost", "packets", "retransmitted", "streams")

    def __init__(self) -> None:
        self.packets = self.bytes = self.lost = self.retransmitted = 0
        self.jitter = _Histogram(_JITTER_BUCKETS)
        self.begin()

    def begin(self) -> None:
        """Another batch begins."""
        self.streams = self.bitrate_bps = 0

    def add(self, now: _Counts, then: _Counts, bitrate_bps: int, jitter_ms: float) -> None:
        """One stream of the batch, which was `then` in the one before."""
        self.packets += _growth(now[0], then[0])
        self.bytes += _growth(now[1], then[1])
        self.lost += _growth(now[2], then[2])
        self.retransmitted += _growth(now[3], then[3])
        self.streams += 1
        self.bitrate_bps += bitrate_bps
        self.jitter.observe(jitter_ms * _MILLISECOND)

    def counts(self) -> _Counts:
        return self.packets, self.bytes, self.lost, self.retransmitted


class MediaMetrics(Collector):
    """Subscribes to an agent: `agent.subscribe(metrics.observe)`.

    The engine counts per peer from its coming on; Prometheus wants totals that only grow, so differences are added.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self._workers: defaultdict[int, _Worker] = defaultdict(_Worker)
        self._sums: defaultdict[_Labels, _Sum] = defaultdict(_Sum)
        self._drops: Counter[str] = Counter()
        self._failures: Counter[str] = Counter()
        self._refusals: Counter[str] = Counter()
        self._rtt = _Histogram(_RTT_BUCKETS)
        registry.register(self)

    def observe(self, event: Event) -> None:
        """Take what an event says about the engine as a whole."""
        match event:
            case Statistics():
                self._take(event)
            case PeerFailed():
                self._failures[event.reason] += 1
            case Rejected():
                self._refusals[event.code] += 1
            case _:
                pass

    def collect(self) -> Iterator[Metric]:
        """Everything, as it is now."""
        workers = sorted(self._workers.items())
        yield _gauge("peers", "Connected peers", sum(worker.peers for _, worker in workers))
        yield _gauge(
            "rooms", "Rooms with a connected peer", len(set[str]().union(*(worker.rooms for _, worker in workers)))
        )
        by_worker = [((str(number),), worker) for number, worker in workers]
        yield _gauges(
            "worker_peers", "Connected peers of a worker", ("worker",), ((at, it.peers) for at, it in by_worker)
        )
        sent = ((at, sum(n for (way, _), n in it.streams.items() if way == "down")) for at, it in by_worker)
        yield _gauges("worker_streams", "Streams that a worker sends", ("worker",), sent)
        streams, bitrate_bps = Counter[_Labels](), Counter[_Labels]()
        for _, worker in workers:
            streams += worker.streams
            bitrate_bps += worker.bitrate_bps
        yield _gauges("streams", "Streams received (up) and sent (down)", _BY_STREAM, streams.items())
        yield _gauges("bitrate_bps", "Bits per second over the last interval", _BY_STREAM, bitrate_bps.items())
        pictures = Counter[str]()
        for _, worker in workers:
            pictures += worker.pictures
        text = "Pictures that somebody is to see, by why they get the layer that they get"
        yield _gauges("pictures", text, ("reason",), (((reason,), count) for reason, count in pictures.items()))
        for at, (name, text) in enumerate(_COUNTERS):
            yield _counters(name, text, _BY_STREAM, ((labels, it.counts()[at]) for labels, it in self._sums.items()))
        for name, text, label, counts in (
            ("dropped_packets", "Packets not forwarded, by reason", "reason", self._drops),
            ("peer_failures", "Peers that the engine gave up, by reason", "reason", self._failures),
            ("refused_commands", "Commands that the engine refused, by code", "code", self._refusals),
        ):
            yield _counters(name, text, (label,), (((value,), count) for value, count in counts.items()))
        rtt = HistogramMetricFamily("meetinghouse_media_rtt_seconds", "Round trip to a peer")
        self._rtt.add_to(rtt)
        yield rtt
        text = "Interarrival jitter of a stream"
        jitter = HistogramMetricFamily("meetinghouse_media_jitter_seconds", text, labels=_BY_STREAM)
        for labels, total in self._sums.items():
            total.jitter.add_to(jitter, labels)
        yield jitter

    def _take(self, statistics: Statistics) -> None:
        worker, peers, sums = _Worker(), statistics.peers, self._sums
        for total in sums.values():
            total.begin()
        before = self._workers[statistics.worker]
        rooms = set[str]()
        for peer in peers:
            room, name, rtt_ms = peer.room, peer.peer, peer.rtt_ms
            rooms.add(room)
            worker.seen_drops[room, name] = peer.drops
            if rtt_ms is not None:
                self._rtt.observe(rtt_ms * _MILLISECOND)
            for way, streams in (("up", peer.up), ("down", peer.down)):
                for stream in streams:
                    source = stream.source
                    key = (room, name, way, stream.peer, source)
                    seen = (stream.packets, stream.bytes, stream.lost, stream.retransmitted)
                    worker.seen_streams[key] = seen
                    then = before.seen_streams.get(key, _NOTHING)
                    sums[way, source].add(seen, then, stream.bitrate_bps, stream.jitter_ms)
                    reason = stream.reason
                    if reason is not None:
                        worker.pictures[reason] += 1
        for labels, total in sums.items():
            if total.streams:
                worker.streams[labels], worker.bitrate_bps[labels] = total.streams, total.bitrate_bps
        worker.peers, worker.rooms = len(peers), rooms
        worker.seen_drops["", ""] = statistics.drops
        for place, drops in worker.seen_drops.items():
            self._count_drops(drops, before.seen_drops.get(place, {}))
        self._workers[statistics.worker] = worker

    def _count_drops(self, drops: Mapping[str, int], before: Mapping[str, int]) -> None:
        for reason, now in drops.items():
            self._drops[reason] += _growth(now, before.get(reason, 0))


_NOTHING: _Counts = (0, 0, 0, 0)


def _growth(now: int, then: int) -> int:
    """Return what came on top: a peer that came back counts from 0 again, and a late packet makes a loss good."""
    return now - then if now >= then else 0


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(f"meetinghouse_media_{name}", text, value=value)


def _gauges(name: str, text: str, labels: tuple[str, ...], values: Iterable[tuple[tuple[str, ...], float]]) -> Metric:
    family = GaugeMetricFamily(f"meetinghouse_media_{name}", text, labels=labels)
    for at, value in values:
        family.add_metric(at, value)
    return family


def _counters(name: str, text: str, labels: tuple[str, ...], values: Iterable[tuple[tuple[str, ...], float]]) -> Metric:
    family = CounterMetricFamily(f"meetinghouse_media_{name}", text, labels=labels)
    for at, value in values:
        family.add_metric(at, value)
    return family

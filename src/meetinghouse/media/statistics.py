"""The engine's statistics as Prometheus metrics. No label names a person, a room or an address."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeAlias

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from meetinghouse.media.engine import Event, PeerFailed, PeerStatistics, Rejected, Statistics, StreamStatistics

# A room, a peer, a direction, whose stream, which: what the engine counts from the peer's coming on.
_Stream: TypeAlias = tuple[str, str, str, str, str]
_Counts: TypeAlias = tuple[int, int, int, int]

_BY_STREAM = ("direction", "source")
_MILLISECOND = 0.001
# From one switch to half around the world and a bad radio link.
_RTT_BUCKETS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 1.0, 2.0)
_JITTER_BUCKETS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.5)


class MediaMetrics:
    """Subscribes to an agent: `agent.subscribe(metrics.observe)`.

    The engine counts per peer from its coming on; Prometheus wants totals that only grow, so differences are added.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        def counter(name: str, text: str, labels: tuple[str, ...]) -> Counter:
            return Counter(f"meetinghouse_media_{name}", text, labels, registry=registry)

        def gauge(name: str, text: str, labels: tuple[str, ...] = ()) -> Gauge:
            return Gauge(f"meetinghouse_media_{name}", text, labels, registry=registry)

        self._peers = gauge("peers", "Connected peers")
        self._rooms = gauge("rooms", "Rooms with a connected peer")
        self._streams = gauge("streams", "Streams received (up) and sent (down)", _BY_STREAM)
        self._bitrate = gauge("bitrate_bps", "Bits per second over the last interval", _BY_STREAM)
        self._counters = (
            counter("packets_total", "RTP packets without retransmissions", _BY_STREAM),
            counter("bytes_total", "Bytes of these packets", _BY_STREAM),
            counter("lost_packets_total", "Packets that never arrived (up) or were reported lost (down)", _BY_STREAM),
            counter("retransmitted_packets_total", "Packets sent again", _BY_STREAM),
        )
        self._drops = counter("dropped_packets_total", "Packets not forwarded, by reason", ("reason",))
        self._failures = counter("peer_failures_total", "Peers that the engine gave up, by reason", ("reason",))
        self._refusals = counter("refused_commands_total", "Commands that the engine refused, by code", ("code",))
        self._rtt = Histogram(
            "meetinghouse_media_rtt_seconds", "Round trip to a peer", buckets=_RTT_BUCKETS, registry=registry
        )
        self._jitter = Histogram(
            "meetinghouse_media_jitter_seconds",
            "Interarrival jitter of a stream",
            _BY_STREAM,
            buckets=_JITTER_BUCKETS,
            registry=registry,
        )
        self._seen_streams: dict[_Stream, _Counts] = {}
        self._seen_drops: dict[tuple[str, str], dict[str, int]] = {}

    def observe(self, event: Event) -> None:
        """Take what an event says about the engine as a whole."""
        match event:
            case Statistics():
                self._take(event)
            case PeerFailed():
                self._failures.labels(event.reason).inc()
            case Rejected():
                self._refusals.labels(event.code).inc()
            case _:
                pass

    def _take(self, statistics: Statistics) -> None:
        peers = statistics.peers
        self._peers.set(len(peers))
        self._rooms.set(len({peer.room for peer in peers}))
        self._take_streams(peers)
        self._take_drops(statistics.drops, peers)
        for peer in peers:
            if peer.rtt_ms is not None:
                self._rtt.observe(peer.rtt_ms * _MILLISECOND)

    def _take_streams(self, peers: list[PeerStatistics]) -> None:
        seen: dict[_Stream, _Counts] = {}
        self._streams.clear()
        self._bitrate.clear()
        for key, stream in _streams(peers):
            labels = (key[2], stream.source)
            seen[key] = counts = (stream.packets, stream.bytes, stream.lost, stream.retransmitted)
            before = self._seen_streams.get(key, (0, 0, 0, 0))
            for counter, now, then in zip(self._counters, counts, before, strict=True):
                counter.labels(*labels).inc(_growth(now, then))
            self._streams.labels(*labels).inc()
            self._bitrate.labels(*labels).inc(stream.bitrate_bps)
            self._jitter.labels(*labels).observe(stream.jitter_ms * _MILLISECOND)
        self._seen_streams = seen

    def _take_drops(self, engine: Mapping[str, int], peers: list[PeerStatistics]) -> None:
        seen: dict[tuple[str, str], dict[str, int]] = {("", ""): dict(engine)}
        seen |= {(peer.room, peer.peer): peer.drops for peer in peers}
        for key, drops in seen.items():
            before = self._seen_drops.get(key, {})
            for reason, now in drops.items():
                self._drops.labels(reason).inc(_growth(now, before.get(reason, 0)))
        self._seen_drops = seen


def _streams(peers: list[PeerStatistics]) -> Iterator[tuple[_Stream, StreamStatistics]]:
    for peer in peers:
        for direction, streams in (("up", peer.up), ("down", peer.down)):
            for stream in streams:
                yield (peer.room, peer.peer, direction, stream.peer, stream.source), stream


def _growth(now: int, then: int) -> int:
    """Return what came on top: a peer that came back counts from 0 again, and a late packet makes a loss good."""
    return now - then if now >= then else 0

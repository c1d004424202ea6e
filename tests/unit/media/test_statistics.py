from __future__ import annotations

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from meetinghouse.media.engine import PeerFailed, PeerStatistics, Rejected, Statistics, StreamStatistics
from meetinghouse.media.statistics import MediaMetrics


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


def statistics(packets: int, *, peer: str = "person-ana", drops: int = 0, worker: int = 0) -> Statistics:
    stream = StreamStatistics(
        peer=peer, source="camera", packets=packets, bytes=100 * packets, lost=2, jitter_ms=3.0, bitrate_bps=8000
    )
    ana = PeerStatistics(room="room-secret", peer=peer, rtt_ms=40.0, up=[stream], drops={"source_off": drops})
    return Statistics(worker=worker, interval_ms=2000, peers=[ana], drops={"unknown_address": drops})


def value(registry: CollectorRegistry, name: str, **labels: str) -> float | None:
    return registry.get_sample_value(f"meetinghouse_media_{name}", labels)


def test_totals_grow_by_what_came_on_top(registry: CollectorRegistry) -> None:
    metrics = MediaMetrics(registry)
    for packets, drops in ((10, 1), (25, 4)):
        metrics.observe(statistics(packets, drops=drops))
    assert value(registry, "packets_total", direction="up", source="camera") == 25
    assert value(registry, "bytes_total", direction="up", source="camera") == 2500
    assert value(registry, "lost_packets_total", direction="up", source="camera") == 2
    assert value(registry, "dropped_packets_total", reason="source_off") == 4
    assert value(registry, "dropped_packets_total", reason="unknown_address") == 4


def test_who_comes_back_counts_anew(registry: CollectorRegistry) -> None:
    metrics = MediaMetrics(registry)
    metrics.observe(statistics(10))
    metrics.observe(Statistics(interval_ms=2000, peers=[], drops={}))
    metrics.observe(statistics(5))
    assert value(registry, "packets_total", direction="up", source="camera") == 15


def test_gauges_show_the_last_interval(registry: CollectorRegistry) -> None:
    metrics = MediaMetrics(registry)
    metrics.observe(statistics(10))
    assert value(registry, "peers") == 1
    assert value(registry, "bitrate_bps", direction="up", source="camera") == 8000
    metrics.observe(Statistics(interval_ms=2000, peers=[], drops={}))
    assert value(registry, "peers") == 0
    assert value(registry, "streams", direction="up", source="camera") is None


def test_workers_tell_of_themselves_and_are_added_up(registry: CollectorRegistry) -> None:
    metrics = MediaMetrics(registry)
    metrics.observe(statistics(10, drops=1))
    metrics.observe(statistics(20, peer="person-ben", drops=2, worker=1))
    metrics.observe(statistics(15, drops=3))
    assert value(registry, "packets_total", direction="up", source="camera") == 35
    assert value(registry, "dropped_packets_total", reason="unknown_address") == 5
    assert value(registry, "peers") == 2
    assert value(registry, "bitrate_bps", direction="up", source="camera") == 16000
    assert [value(registry, "worker_peers", worker=number) for number in ("0", "1")] == [1, 1]


def test_failures_and_refusals_are_counted_by_reason(registry: CollectorRegistry) -> None:
    metrics = MediaMetrics(registry)
    metrics.observe(PeerFailed(room="room-secret", sequence=1, peer="person-ana", reason="consent"))
    metrics.observe(Rejected(id=1, code="bad_offer", message="line 3"))
    assert value(registry, "peer_failures_total", reason="consent") == 1
    assert value(registry, "refused_commands_total", code="bad_offer") == 1


def test_no_metric_names_a_person_or_a_room(registry: CollectorRegistry) -> None:
    MediaMetrics(registry).observe(statistics(10, drops=3))
    text = generate_latest(registry).decode()
    assert "person-ana" not in text
    assert "room-secret" not in text


def test_pictures_are_counted_by_the_reason_for_their_layer(registry: CollectorRegistry) -> None:
    metrics = MediaMetrics(registry)
    for worker, reasons in enumerate((["tile", "bandwidth"], ["tile"])):
        down = [StreamStatistics(peer=f"p{at}", source="camera", reason=reason) for at, reason in enumerate(reasons)]
        peer = PeerStatistics(room="room-secret", peer="person-ana", down=down)
        metrics.observe(Statistics(worker=worker, interval_ms=2000, peers=[peer], drops={}))
    assert value(registry, "pictures", reason="tile") == 2
    assert value(registry, "pictures", reason="bandwidth") == 1

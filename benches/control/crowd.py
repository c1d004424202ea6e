"""What the engine's statistics cost the control plane: a batch of each of two crowds, as it comes every two seconds.

`python benches/control/crowd.py` prints the process time of one batch in what listens to it (the metrics, and what is
recorded of each person's quality), the median of 20 batches, and the memory that the recorder keeps for a person.
"""

from __future__ import annotations

import statistics
import time
import tracemalloc
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

from prometheus_client import CollectorRegistry

from meetinghouse.media.engine import PeerStatistics, Source, Statistics, StreamStatistics
from meetinghouse.media.statistics import MediaMetrics
from meetinghouse.meetings.quality_recorder import QualityRecorder
from meetinghouse.meetings.settings import MeetingsSettings

BATCHES = 20
INTERVAL_MS = 2000
SOURCES: tuple[Source, ...] = ("microphone", "camera")


@dataclass
class Clock:
    """Moved by hand."""

    seconds: float = 0.0

    def now(self) -> datetime:
        """The wall clock."""
        return datetime.fromtimestamp(1_800_000_000 + self.seconds, UTC)

    def monotonic(self) -> float:
        """Seconds since the start."""
        return self.seconds


def main() -> None:
    """Measure both crowds."""
    for name, rooms, people, watched in (
        ("500 rooms of four", 500, 4, 3),
        ("1,000 watchers of one speaker", 1, 1000, 1),
    ):
        print(f"{name}:", measure(rooms, people, watched))


def measure(rooms: int, people: int, watched: int) -> str:
    """Feed batches of so many rooms, in which everybody gets the sound and picture of so many others."""
    clock = Clock()
    recorder = QualityRecorder(cast("Any", None), clock, MeetingsSettings())
    metrics = MediaMetrics(CollectorRegistry())
    costs: dict[str, list[float]] = {"recorder": [], "metrics": []}
    tracemalloc.start()
    recorder.observe(batch(rooms, people, watched, 0))
    kept = tracemalloc.get_traced_memory()[0] / (rooms * people)
    tracemalloc.stop()
    for number in range(1, BATCHES + 1):
        clock.seconds += INTERVAL_MS / 1000
        event = batch(rooms, people, watched, number)
        for part, listener in (("recorder", recorder.observe), ("metrics", metrics.observe)):
            began = time.process_time()
            listener(event)
            costs[part].append(time.process_time() - began)
    shares = [f"{part} {1000 * statistics.median(times):.1f} ms" for part, times in costs.items()]
    return f"{', '.join(shares)} a batch of {rooms * people} people; {kept / 1000:.1f} kB kept for each, with the last batch"


def batch(rooms: int, people: int, watched: int, number: int) -> Statistics:
    """Everybody's numbers after so many intervals."""
    names = [f"participant-{at:04}" for at in range(people)]
    peers = [
        PeerStatistics(
            room=f"session-{room:04}",
            peer=name,
            rtt_ms=20.0,
            estimate_bps=3_000_000,
            up=[stream(name, source, number) for source in SOURCES],
            down=[
                stream(other, source, number)
                for other in [it for it in names[: watched + 1] if it != name][:watched]
                for source in SOURCES
            ],
        )
        for room in range(rooms)
        for name in names
    ]
    return Statistics(interval_ms=INTERVAL_MS, peers=peers, drops={})


def stream(peer: str, source: Source, number: int) -> StreamStatistics:
    """One stream of a hundred packets a second."""
    packets = 200 * number
    return StreamStatistics(
        peer=peer,
        source=source,
        packets=packets,
        bytes=1000 * packets,
        bitrate_bps=800_000,
        layer="m" if source == "camera" else None,
        reason="tile" if source == "camera" else None,
    )


if __name__ == "__main__":
    main()

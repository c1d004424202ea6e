"""A session as a trace: what people did and what their connections did, on one time line.

The form is the Trace Event Format ("JSON Object Format"), which https://ui.perfetto.dev opens: a *process* for each participant
with a *thread* for each stream that they received, slices for what lasts and counters for what is measured.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, TypeAlias

from meetinghouse.meetings.model import Attendance
from meetinghouse.meetings.quality_tables import Happening, Record

Trace: TypeAlias = dict[str, Any]

# The process of what belongs to nobody alone.
_ROOM = 0
# The thread of a participant's own stay; the streams that they received follow.
_STAY = 0
_GONE = "gone"


def trace_of(people: Sequence[Attendance], records: Iterable[Record], end: datetime) -> Trace:
    """The trace of a session until `end`. Who is not among `people` (watchers of WHEP) is named by id."""
    return {"traceEvents": list(_Trace(people, end).events(list(records))), "displayTimeUnit": "ms"}


class _Trace:
    def __init__(self, people: Sequence[Attendance], end: datetime) -> None:
        self._people = people
        self._end = _micros(end)
        self._names = {person.id: person.name for person in people}
        self._numbers: dict[str, int] = {}

    def events(self, records: list[Record]) -> Iterator[Trace]:
        yield _named("process_name", _ROOM, 0, "Meeting")
        for person in self._people:
            yield from self._stay(person)
        happenings = [one for record in records for one in record.happenings]
        yield from self._speakers([one for one in happenings if one.kind == "speakers"])
        yield from self._instants(one for one in happenings if one.kind in {"connected", "failed"})
        yield from self._layers([one for one in happenings if one.kind == "layer"])
        for record in records:
            yield from self._counters(record)

    def _process(self, who: str) -> int:
        return self._numbers.setdefault(who, len(self._numbers) + 1)

    def _name(self, who: str) -> str:
        return self._names.get(who, who)

    def _stay(self, person: Attendance) -> Iterator[Trace]:
        process = self._process(person.id)
        yield _named("process_name", process, 0, person.name)
        yield _named("thread_name", process, _STAY, "Stay")
        if person.joined_at is not None:
            until = self._end if person.left_at is None else _micros(person.left_at)
            yield _slice(process, _STAY, "In the meeting", _micros(person.joined_at), until)

    def _speakers(self, happenings: list[Happening]) -> Iterator[Trace]:
        """A thread for each who spoke."""
        since: dict[str, int] = {}
        threads: dict[str, int] = {}
        for one in [*happenings, Happening(self._end // 1000, "speakers")]:
            now = one.at * 1000
            for who in one.names:
                if who not in threads:
                    threads[who] = len(threads) + 1
                    yield _named("thread_name", _ROOM, threads[who], f"{self._name(who)} speaks")
                since.setdefault(who, now)
            for who in since.keys() - set(one.names):
                yield _slice(_ROOM, threads[who], self._name(who), since.pop(who), now)

    def _instants(self, happenings: Iterable[Happening]) -> Iterator[Trace]:
        for one in happenings:
            name = "Connected" if one.kind == "connected" else f"Connection failed: {one.detail}"
            process = self._process(one.peer)
            yield {"ph": "i", "s": "p", "name": name, "ts": one.at * 1000, "pid": process, "tid": _STAY}

    def _layers(self, happenings: list[Happening]) -> Iterator[Trace]:
        """A thread for each stream that somebody received; its slices are the layer and why."""
        threads: dict[tuple[str, str, str], int] = {}
        shown: dict[tuple[str, str, str], tuple[int, str]] = {}
        for one in happenings:
            key = (one.peer, one.about, one.source)
            process = self._process(one.peer)
            if key not in threads:
                threads[key] = sum(peer == one.peer for peer, *_ in threads) + 1
                yield _named("thread_name", process, threads[key], f"{one.source} of {self._name(one.about)}")
            if key in shown:
                since, name = shown.pop(key)
                yield _slice(process, threads[key], name, since, one.at * 1000)
            if one.reason != _GONE:
                shown[key] = (one.at * 1000, f"{one.detail} ({one.reason})" if one.detail else one.reason)
        for key, (since, name) in shown.items():
            yield _slice(self._process(key[0]), threads[key], name, since, self._end)

    def _counters(self, record: Record) -> Iterator[Trace]:
        for who, samples in record.samples.items():
            process = self._process(who)
            for one in samples:
                # A counter holds from its moment on, and a sample is of what came before.
                at = (one.at - one.seconds) * 1_000_000
                values: dict[str, dict[str, float]] = {
                    "bitrate (kbit/s)": {"up": one.up_bps / 1000, "down": one.down_bps / 1000},
                    "estimate (kbit/s)": {"down": one.estimate_bps / 1000},
                    "lost (%)": {"up": 100 * one.up_loss, "down": 100 * one.down_loss},
                    "round trip (ms)": {"ms": one.rtt_ms or 0},
                    "frozen (ms)": {"picture": one.frozen_ms, "sound": one.concealed_ms},
                }
                for name, args in values.items():
                    yield {"ph": "C", "name": name, "ts": at, "pid": process, "tid": _STAY, "args": args}


def _named(kind: str, process: int, thread: int, name: str) -> Trace:
    return {"ph": "M", "name": kind, "pid": process, "tid": thread, "args": {"name": name}}


def _slice(process: int, thread: int, name: str, since: int, until: int) -> Trace:
    return {"ph": "X", "name": name, "ts": since, "dur": max(0, until - since), "pid": process, "tid": thread}


def _micros(moment: datetime) -> int:
    return round(moment.timestamp() * 1_000_000)

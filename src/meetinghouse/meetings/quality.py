"""How well a session went: samples of every participant, and what they mean. Pure: time and numbers come in.

A sample covers some seconds of one participant. Its cause is what hindered them most in it; a verdict says which cause hindered
somebody longest, from when to when and how badly, and is what a person reads as one sentence.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Literal

from msgspec import Struct

Limited = Literal["none", "cpu", "bandwidth", "other"]

# From where on a person notices; the same as the client's (`web/src/call/stats.ts`).
NOTICED_LOSS = 0.03
NOTICED_ROUND_TRIP_MS = 300
# A second of ten is what people call "it hung".
_NOTICED_FROZEN_SHARE = 0.1
# Less than this much of somebody's stay is forgotten; more is worth a sentence.
_WORTH_SAYING = 0.05
# Trouble that so many people have at once is not theirs.
_CROWD = 3


class Cause(StrEnum):
    """What hindered somebody, the most hindering first."""

    LOSS_DOWN = "loss_down"
    BANDWIDTH_DOWN = "bandwidth_down"
    LOSS_UP = "loss_up"
    DELAY = "delay"
    COMPUTER = "computer"
    BANDWIDTH_UP = "bandwidth_up"
    # Pictures stood still though nothing of their own was wrong, while somebody else lost packets on the way up.
    OTHERS = "others"
    # Pictures stood still and nothing that is measured says why.
    UNKNOWN = "unknown"


class Sample(Struct, frozen=True, array_like=True):
    """Some seconds of one participant. `at` is their end, in Unix seconds; losses are shares, 0…1.

    Frozen and concealed milliseconds are what the participant's own client saw and heard, 0 from one that tells nothing.
    """

    at: int
    seconds: int
    rtt_ms: int | None
    up_bps: int
    up_loss: float
    down_bps: int
    down_loss: float
    estimate_bps: int
    pacer_delay_ms: int
    no_room: int
    reduced: int
    frozen_ms: int
    concealed_ms: int
    limited: Limited


class Verdict(Struct, frozen=True, kw_only=True):
    """What hindered somebody longest; `cause` None when nothing was worth saying. Times are Unix seconds.

    `worst` is the largest share lost or the longest round trip in milliseconds, where the cause has such a number.
    """

    cause: Cause | None
    since: int | None
    until: int | None
    bad_seconds: int
    seconds: int
    worst: float | None
    frozen_ms: int
    concealed_ms: int


def cause_of(sample: Sample, *, others_lose: bool) -> Cause | None:
    """What hindered somebody in these seconds. `others_lose`: somebody else lost packets on the way up meanwhile."""
    frozen = sample.frozen_ms >= _NOTICED_FROZEN_SHARE * sample.seconds * 1000
    tests = (
        (Cause.LOSS_DOWN, sample.down_loss >= NOTICED_LOSS),
        (Cause.BANDWIDTH_DOWN, sample.no_room > 0),
        (Cause.LOSS_UP, sample.up_loss >= NOTICED_LOSS),
        (Cause.DELAY, sample.rtt_ms is not None and sample.rtt_ms >= NOTICED_ROUND_TRIP_MS),
        (Cause.COMPUTER, sample.limited == "cpu"),
        (Cause.BANDWIDTH_UP, sample.limited == "bandwidth"),
        (Cause.OTHERS, frozen and others_lose),
        (Cause.UNKNOWN, frozen),
    )
    return next((cause for cause, holds in tests if holds), None)


def verdicts(samples: Mapping[str, Sequence[Sample]]) -> dict[str, Verdict]:
    """One verdict a participant. Samples are ordered by time."""
    losing = {
        one.at // one.seconds: who
        for who, theirs in samples.items()
        for one in theirs
        if one.seconds and one.up_loss >= NOTICED_LOSS
    }
    found = {}
    for who, theirs in samples.items():
        causes = [cause_of(one, others_lose=losing.get(one.at // max(1, one.seconds), who) != who) for one in theirs]
        found[who] = _verdict(list(zip(theirs, causes, strict=True)))
    return found


def _verdict(judged: list[tuple[Sample, Cause | None]]) -> Verdict:
    seconds = sum(sample.seconds for sample, _ in judged)
    by_cause: dict[Cause, int] = {}
    for sample, cause in judged:
        if cause is not None:
            by_cause[cause] = by_cause.get(cause, 0) + sample.seconds
    bad = sum(by_cause.values())
    cause = max(by_cause, key=lambda one: by_cause[one]) if bad > _WORTH_SAYING * seconds else None
    theirs = [sample for sample, what in judged if what is cause] if cause is not None else []
    return Verdict(
        cause=cause,
        since=theirs[0].at - theirs[0].seconds if theirs else None,
        until=theirs[-1].at if theirs else None,
        bad_seconds=bad,
        seconds=seconds,
        worst=_worst(cause, theirs),
        frozen_ms=sum(sample.frozen_ms for sample, _ in judged),
        concealed_ms=sum(sample.concealed_ms for sample, _ in judged),
    )


def _worst(cause: Cause | None, samples: Iterable[Sample]) -> float | None:
    if cause is Cause.LOSS_DOWN:
        return max(sample.down_loss for sample in samples)
    if cause is Cause.LOSS_UP:
        return max(sample.up_loss for sample in samples)
    if cause is Cause.DELAY:
        return max(float(sample.rtt_ms or 0) for sample in samples)
    return None


def is_everybodys(found: Iterable[Verdict]) -> bool:
    """Whether most people had trouble of one kind at one time, so that it is to be looked for at the server's side."""
    found = list(found)
    for cause in (Cause.LOSS_DOWN, Cause.LOSS_UP, Cause.DELAY, Cause.BANDWIDTH_DOWN):
        spans = [(one.since or 0, one.until or 0) for one in found if one.cause is cause]
        if len(spans) < _CROWD or 2 * len(spans) <= len(found):
            continue
        if max(since for since, _ in spans) < min(until for _, until in spans):
            return True
    return False


def thinned(samples: Sequence[Sample], most: int) -> list[Sample]:
    """At most `most` samples that cover the same time: neighbours become one, which keeps what was worst in them."""
    step = -(-len(samples) // most)
    if step <= 1:
        return list(samples)
    return [_merged(samples[start : start + step]) for start in range(0, len(samples), step)]


def _merged(parts: Sequence[Sample]) -> Sample:
    trips = [part.rtt_ms for part in parts if part.rtt_ms is not None]
    limits = [part.limited for part in parts]
    return Sample(
        at=parts[-1].at,
        seconds=sum(part.seconds for part in parts),
        rtt_ms=max(trips) if trips else None,
        up_bps=sum(part.up_bps for part in parts) // len(parts),
        up_loss=max(part.up_loss for part in parts),
        down_bps=sum(part.down_bps for part in parts) // len(parts),
        down_loss=max(part.down_loss for part in parts),
        estimate_bps=min(part.estimate_bps for part in parts),
        pacer_delay_ms=max(part.pacer_delay_ms for part in parts),
        no_room=max(part.no_room for part in parts),
        reduced=max(part.reduced for part in parts),
        frozen_ms=sum(part.frozen_ms for part in parts),
        concealed_ms=sum(part.concealed_ms for part in parts),
        limited=next((one for one in ("cpu", "bandwidth", "other") if one in limits), "none"),
    )

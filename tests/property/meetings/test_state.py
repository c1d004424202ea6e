"""Snapshot + later events = fresh snapshot: the vectors shared with the web client, and the reducer alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from meetinghouse.meetings import state
from meetinghouse.meetings.messages import Sequenced, Snapshot

_VECTORS = Path(__file__).parents[3] / "protocol" / "vectors"


class Vector(msgspec.Struct):
    name: str
    snapshot: Snapshot
    events: list[Sequenced]
    expect: Snapshot


def vectors() -> list[Any]:
    read = msgspec.json.Decoder(list[Vector]).decode
    found = [vector for file in sorted(_VECTORS.glob("*.json")) for vector in read(file.read_bytes())]
    return [pytest.param(vector, id=vector.name) for vector in found]


@pytest.mark.parametrize("vector", vectors())
def test_vectors(vector: Vector) -> None:
    reached = vector.snapshot
    for event in vector.events:
        reached = state.apply(reached, event)
    assert reached == vector.expect


@pytest.mark.parametrize("vector", vectors())
def test_events_may_come_again_after_any_of_them(vector: Vector) -> None:
    reached = vector.snapshot
    for place, event in enumerate(vector.events):
        reached = state.apply(reached, event)
        for earlier in vector.events[: place + 1]:
            assert state.apply(reached, earlier) == reached

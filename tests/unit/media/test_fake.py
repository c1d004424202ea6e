from __future__ import annotations

from contract.media_offers import offer
from meetinghouse.media.engine import (
    AddPeer,
    PeerFailed,
    RemovePeer,
    SetSources,
    SetView,
    Slot,
    SlotsChanged,
    Source,
    Tile,
)
from meetinghouse.media.fake import FakeEngine


class Room:
    """Three people in a fake room, each with everything on."""

    def __init__(self, *people: str) -> None:
        self.engine = FakeEngine()
        for person in people:
            self.engine.submit([AddPeer(id=1, room="r", peer=person, offer=offer())])
            self.publish(person, "microphone", "camera")
        self.engine.drain(1000)

    def publish(self, person: str, *sources: Source) -> None:
        self.engine.submit([SetSources(id=2, room="r", peer=person, sources=list(sources))])

    def view(self, person: str, *tiles: tuple[str, Source]) -> None:
        wanted = [Tile(peer=peer, source=source, width=640, height=360) for peer, source in tiles]
        self.engine.submit([SetView(id=3, room="r", peer=person, tiles=wanted)])

    def filled(self, person: str) -> dict[str, tuple[str | None, Source]]:
        snapshot = self.engine.snapshot("r")
        assert snapshot is not None
        (slots,) = [peer.slots for peer in snapshot.peers if peer.peer == person]
        return {slot.mid: (slot.peer, slot.source) for slot in slots if slot.peer}


def test_a_tile_that_stays_keeps_its_slot() -> None:
    room = Room("ana", "ben", "cleo")
    room.view("ana", ("ben", "camera"), ("cleo", "camera"))
    before = room.filled("ana")
    room.view("ana", ("cleo", "camera"))
    assert room.filled("ana").items() <= before.items()
    room.view("ana", ("cleo", "camera"), ("ben", "camera"))
    assert room.filled("ana") == before


def test_a_stopped_camera_empties_its_slot_and_a_started_one_fills_it() -> None:
    room = Room("ana", "ben")
    room.view("ana", ("ben", "camera"))
    room.publish("ben", "microphone")
    assert room.filled("ana") == {}
    room.publish("ben", "camera", "screen")
    assert list(room.filled("ana").values()) == [("ben", "camera")]


def test_speakers_fill_the_audio_slots_of_the_others() -> None:
    room = Room("ana", "ben", "cleo")
    room.engine.speak("r", "ben", "ana")
    assert list(room.filled("ana").values()) == [("ben", "microphone")]
    assert list(room.filled("cleo").values()) == [("ben", "microphone"), ("ana", "microphone")]


def test_shared_sound_has_a_slot_of_its_own() -> None:
    room = Room("ana", "ben")
    room.publish("ben", "screen", "screen_audio")
    assert list(room.filled("ana").values()) == [("ben", "screen_audio")]


def test_who_leaves_or_fails_leaves_the_slots_of_the_others() -> None:
    room = Room("ana", "ben", "cleo")
    room.view("ana", ("ben", "camera"), ("cleo", "camera"))
    room.engine.submit([RemovePeer(id=9, room="r", peer="ben")])
    room.engine.fail("r", "cleo", "timeout")
    assert room.filled("ana") == {}
    failed = [event for event in room.engine.drain(1000) if isinstance(event, PeerFailed)]
    assert [(event.peer, event.reason) for event in failed] == [("cleo", "timeout")]


def test_slots_are_told_whole_and_only_when_they_change() -> None:
    room = Room("ana", "ben")
    room.view("ana", ("ben", "camera"))
    room.view("ana", ("ben", "camera"))
    changes = [event for event in room.engine.drain(1000) if isinstance(event, SlotsChanged)]
    assert [(event.peer, len(event.slots)) for event in changes] == [("ana", 7)]
    assert changes[0].slots[4] == Slot(mid="8", peer="ben", source="camera")

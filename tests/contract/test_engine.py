"""What every media engine promises (`meetinghouse.media.engine`), asked of the fake and of the native one."""

from __future__ import annotations

import os
import select
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from contract.conftest import Driver, MakeEngine
from contract.media_offers import offer, one_way
from meetinghouse.media.engine import (
    Accepted,
    AddPeer,
    Answered,
    CloseRoom,
    Command,
    EngineConfig,
    MediaEngine,
    Rejected,
    RemovePeer,
    Renegotiate,
    SetSources,
    SetView,
    Source,
    Statistics,
    Tile,
    native_engine,
)

FIXTURES = Path(__file__).resolve().parents[2] / "crates" / "sfu" / "tests" / "fixtures"


def add(number: int, peer: str, room: str = "r", sdp: str | None = None, **access: bool) -> AddPeer:
    return AddPeer(id=number, room=room, peer=peer, offer=offer() if sdp is None else sdp, **access)


def codes(verdicts: list[Accepted | Rejected]) -> list[str]:
    return [verdict.code if isinstance(verdict, Rejected) else "accepted" for verdict in verdicts]


# --- coming and going ------------------------------------------------------------------------------------------------


def test_a_peer_is_accepted_and_then_answered(driver: Driver) -> None:
    assert codes(driver.do(add(7, "ana"))) == ["accepted"]
    driver.settle("r")
    kinds = [type(event) for event in driver.events]
    assert kinds.index(Accepted) < kinds.index(Answered)
    answered = driver.of("r", Answered)[0]
    assert isinstance(answered, Answered)
    assert (answered.peer, answered.sequence) == ("ana", 1)


def test_the_answer_mirrors_the_offer_line_by_line(driver: Driver) -> None:
    driver.do(add(1, "ana"))
    driver.settle("r")
    (answered,) = driver.of("r", Answered)
    assert isinstance(answered, Answered)
    sections = answered.sdp.split("\r\nm=")[1:]
    media = [section.split()[0] for section in sections]
    assert media == ["audio", "video", "video", "audio", *["audio"] * 4, *["video"] * 3]
    for mid, section in enumerate(sections):
        assert f"a=mid:{mid}\r\n" in section
        assert ("a=recvonly" if mid < 4 else "a=sendonly") in section
        assert "a=setup:passive" in section
    assert "a=ice-lite" in answered.sdp


@pytest.mark.parametrize("browser", ["chromium", "firefox", "safari"])
def test_real_offers_are_answered(driver: Driver, browser: str) -> None:
    sdp = (FIXTURES / f"{browser}.sdp").read_bytes().decode()
    assert codes(driver.do(add(1, "ana", sdp=sdp))) == ["accepted"]
    driver.settle("r")
    (answered,) = driver.of("r", Answered)
    assert isinstance(answered, Answered)
    assert answered.sdp.count("\r\nm=") == sdp.count("\nm=")


def test_a_peer_comes_once(driver: Driver) -> None:
    assert codes(driver.do(add(1, "ana"), add(2, "ana"), add(3, "ana", room="other"))) == [
        "accepted",
        "duplicate_peer",
        "accepted",
    ]


def test_who_left_can_come_back(driver: Driver) -> None:
    leave = RemovePeer(id=2, room="r", peer="ana")
    assert codes(driver.do(add(1, "ana"), leave, add(3, "ana"))) == ["accepted"] * 3


def test_commands_to_nobody_are_refused(driver: Driver) -> None:
    driver.do(add(1, "ana"))
    in_room: list[Command] = [
        Renegotiate(id=10, room="r", peer="ben", offer=offer()),
        RemovePeer(id=11, room="r", peer="ben"),
        SetView(id=12, room="r", peer="ben", tiles=[]),
        SetSources(id=13, room="r", peer="ben", sources=[]),
    ]
    nowhere: list[Command] = [
        Renegotiate(id=20, room="x", peer="ana", offer=offer()),
        RemovePeer(id=21, room="x", peer="ana"),
        SetView(id=22, room="x", peer="ana", tiles=[]),
        SetSources(id=23, room="x", peer="ana", sources=[]),
        CloseRoom(id=24, room="x"),
    ]
    assert codes(driver.do(*in_room, *nowhere)) == ["unknown_peer"] * 4 + ["unknown_room"] * 5


def test_a_closed_room_is_gone_with_everybody(driver: Driver) -> None:
    driver.do(add(1, "ana"), add(2, "ben"), CloseRoom(id=3, room="r"))
    assert driver.engine.snapshot("r") is None
    assert codes(driver.do(RemovePeer(id=4, room="r", peer="ana"), add(5, "ana"))) == ["unknown_room", "accepted"]


def test_a_room_ends_with_its_last_peer(driver: Driver) -> None:
    driver.do(add(1, "ana"), add(2, "ben"), RemovePeer(id=3, room="r", peer="ana"))
    assert driver.engine.snapshot("r") is not None
    driver.do(RemovePeer(id=4, room="r", peer="ben"))
    assert driver.engine.snapshot("r") is None


def test_an_ice_restart_is_answered(driver: Driver) -> None:
    driver.do(add(1, "ana"), Renegotiate(id=2, room="r", peer="ana", offer=offer(ufrag="Nu5x")))
    driver.settle("r")
    answers = driver.of("r", Answered)
    assert [answer.peer for answer in answers if isinstance(answer, Answered)] == ["ana", "ana"]


# --- bad input -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "sdp",
    [
        "",
        "hello",
        "v=0\r\n",
        "\0" * 100,
        "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n",
        offer().replace("a=ice-ufrag:Uf4g\r\n", ""),
        offer().replace("a=fingerprint:sha-256", "a=finger:sha-256"),
        offer().replace("m=audio", "m=application"),
        offer().replace("a=sendonly", "a=sendrecv"),
        offer().replace("\r\na=mid:3", ""),
    ],
    ids=[
        "empty",
        "prose",
        "one line",
        "zeros",
        "no media",
        "no ice",
        "no fingerprint",
        "data channel",
        "both ways",
        "no mid",
    ],
)
def test_bad_offers_are_refused_and_change_nothing(driver: Driver, sdp: str) -> None:
    (verdict,) = driver.do(add(1, "ana", sdp=sdp))
    assert isinstance(verdict, Rejected)
    assert verdict.code == "bad_offer"
    assert verdict.message
    assert driver.engine.snapshot("r") is None
    assert codes(driver.do(add(2, "ana"))) == ["accepted"]


def test_a_bad_later_offer_keeps_the_peer(driver: Driver) -> None:
    driver.do(add(1, "ana"))
    assert codes(driver.do(Renegotiate(id=2, room="r", peer="ana", offer="v=0"))) == ["bad_offer"]
    assert driver.engine.snapshot("r") is not None


def test_an_offer_of_a_megabyte_is_refused(driver: Driver) -> None:
    sdp = offer() + "a=x-padding:" + "x" * 1_000_000 + "\r\n"
    (verdict,) = driver.do(add(1, "ana", sdp=sdp))
    assert isinstance(verdict, Rejected)
    assert verdict.code == "limit_reached"
    assert "262144" in verdict.message


def test_an_offer_of_a_thousand_lines_is_refused(make_engine: MakeEngine) -> None:
    driver = Driver(make_engine(EngineConfig(listen="127.0.0.1:0", offer_bytes=10_000_000)))
    (verdict,) = driver.do(add(1, "ana", sdp=offer(video_slots=1000)))
    assert isinstance(verdict, Rejected)
    assert verdict.code == "limit_reached"
    assert "64" in verdict.message


# --- standard clients ------------------------------------------------------------------------------------------------


def publisher(number: int, sdp: str) -> AddPeer:
    return AddPeer(id=number, room="r", peer="cam", offer=sdp, subscribe=False, one_way=True)


def watcher(number: int, sdp: str) -> AddPeer:
    return AddPeer(id=number, room="r", peer="w", offer=sdp, publish=False, one_way=True)


@pytest.mark.parametrize("direction", ["sendonly", "sendrecv"])
def test_who_only_publishes_is_received(driver: Driver, direction: str) -> None:
    assert codes(driver.do(publisher(1, one_way(direction)))) == ["accepted"]
    driver.settle("r")
    (answered,) = driver.of("r", Answered)
    assert isinstance(answered, Answered)
    assert answered.sdp.count("a=recvonly") == 2
    driver.do(SetSources(id=2, room="r", peer="cam", sources=["microphone", "camera"]))
    snapshot = driver.engine.snapshot("r")
    assert snapshot is not None
    assert sorted(snapshot.peers[0].sources) == ["camera", "microphone"]


@pytest.mark.parametrize("direction", ["recvonly", "sendrecv"])
def test_who_only_watches_gets_the_screen_before_the_camera_and_one_voice(driver: Driver, direction: str) -> None:
    driver.do(
        add(1, "ana"),
        watcher(2, one_way(direction)),
        SetView(id=3, room="r", peer="w", tiles=[view("ana", source) for source in ANY]),
        SetSources(id=4, room="r", peer="ana", sources=["microphone", "camera"]),
    )
    driver.settle("r")
    answers = [event for event in driver.of("r", Answered) if isinstance(event, Answered)]
    (answered,) = [event for event in answers if event.peer == "w"]
    assert isinstance(answered, Answered)
    assert answered.sdp.count("a=sendonly") == 2
    driver.wait(lambda: watched(driver) == ["microphone", "camera"])
    driver.do(SetSources(id=5, room="r", peer="ana", sources=["microphone", "camera", "screen", "screen_audio"]))
    driver.wait(lambda: watched(driver) == ["microphone", "screen"])
    driver.do(SetSources(id=6, room="r", peer="ana", sources=["camera", "screen", "screen_audio"]))
    driver.wait(lambda: watched(driver) == ["screen_audio", "screen"])
    driver.do(SetSources(id=7, room="r", peer="ana", sources=["microphone", "camera"]))
    driver.wait(lambda: watched(driver) == ["microphone", "camera"])
    driver.do(RemovePeer(id=8, room="r", peer="ana"))
    driver.wait(lambda: watched(driver) == [])


def test_a_standard_client_restarts_ice(driver: Driver) -> None:
    again = Renegotiate(id=2, room="r", peer="cam", offer=one_way("sendrecv", ufrag="Nu5x"))
    assert codes(driver.do(publisher(1, one_way("sendrecv")), again)) == ["accepted"] * 2


@pytest.mark.parametrize(
    ("sdp", "word"),
    [
        (one_way("recvonly"), "sendonly"),
        (one_way("sendonly", ["audio", "audio"]), "more lines"),
        (one_way("sendonly", ["video", "video"]), "more lines"),
        (one_way("inactive"), "no m-line"),
        (one_way("sendonly").replace("VP8/90000", "H263/90000"), "VP8, H264"),
        (one_way("sendonly").replace("opus/48000/2", "PCMU/8000"), "codecs"),
        (one_way("sendonly").replace("a=group:BUNDLE 0 1\r\n", ""), "BUNDLE"),
    ],
    ids=["watches", "two voices", "two pictures", "nothing", "no known picture", "no known sound", "no bundle"],
)
def test_a_standard_client_is_served_as_a_whole_or_told_what_to_change(driver: Driver, sdp: str, word: str) -> None:
    (verdict,) = driver.do(publisher(1, sdp))
    assert isinstance(verdict, Rejected)
    assert (verdict.code, word in verdict.message) == ("bad_offer", True), verdict.message
    assert driver.engine.snapshot("r") is None


ANY: list[Source] = ["screen", "camera", "microphone", "screen_audio"]


def view(peer: str, source: Source) -> Tile:
    return Tile(peer=peer, source=source, width=1920, height=1080)


def watched(driver: Driver) -> list[str]:
    snapshot = driver.engine.snapshot("r")
    assert snapshot is not None
    (watcher,) = [peer for peer in snapshot.peers if peer.peer == "w"]
    return [slot.source for slot in watcher.slots if slot.peer == "ana"]


# --- limits ----------------------------------------------------------------------------------------------------------


def test_a_room_is_full_at_its_limit(make_engine: MakeEngine) -> None:
    driver = Driver(make_engine(EngineConfig(listen="127.0.0.1:0", peers_per_room=2)))
    verdicts = driver.do(add(1, "ana"), add(2, "ben"), add(3, "cleo"), add(4, "dora", room="s"))
    assert codes(verdicts) == ["accepted", "accepted", "limit_reached", "accepted"]
    assert isinstance(verdicts[2], Rejected)
    assert "2" in verdicts[2].message


def test_a_worker_is_full_at_its_limit(make_engine: MakeEngine) -> None:
    driver = Driver(make_engine(EngineConfig(listen="127.0.0.1:0", peers=1)))
    workers = len(driver.engine.media_addresses)
    verdicts = driver.do(*[add(number, "ana", room=f"r{number}") for number in range(workers + 1)])
    assert codes(verdicts) == ["accepted"] * workers + ["limit_reached"]
    assert isinstance(verdicts[-1], Rejected)
    assert "1" in verdicts[-1].message
    assert driver.engine.snapshot(f"r{workers}") is None


def test_a_view_has_a_limit(make_engine: MakeEngine) -> None:
    driver = Driver(make_engine(EngineConfig(listen="127.0.0.1:0", tiles=2)))
    driver.do(add(1, "ana"))
    tiles = [Tile(peer=f"p{number}", source="camera", width=320, height=180) for number in range(3)]
    verdicts = driver.do(
        SetView(id=2, room="r", peer="ana", tiles=tiles[:2]), SetView(id=3, room="r", peer="ana", tiles=tiles)
    )
    assert codes(verdicts) == ["accepted", "limit_reached"]


def test_nobody_gets_more_pictures_than_the_limit(make_engine: MakeEngine) -> None:
    driver = Driver(make_engine(EngineConfig(listen="127.0.0.1:0", pictures=1)))
    driver.do(
        add(1, "w"),
        *[add(number, f"p{number}") for number in (2, 3)],
        *[SetSources(id=number + 10, room="r", peer=f"p{number}", sources=["camera"]) for number in (2, 3)],
        SetView(id=20, room="r", peer="w", tiles=[view("p2", "camera"), view("p3", "camera")]),
    )
    driver.wait(lambda: shown(driver) == ["p2"])
    driver.do(SetView(id=21, room="r", peer="w", tiles=[view("p3", "camera"), view("p2", "camera")]))
    driver.wait(lambda: shown(driver) == ["p3"])


def shown(driver: Driver) -> list[str]:
    snapshot = driver.engine.snapshot("r")
    assert snapshot is not None
    (watcher,) = [peer for peer in snapshot.peers if peer.peer == "w"]
    return [slot.peer for slot in watcher.slots if slot.source == "camera" and slot.peer]


# --- what a room holds -----------------------------------------------------------------------------------------------


def test_a_snapshot_tells_who_is_there_and_with_which_sources(driver: Driver) -> None:
    driver.do(
        add(1, "ana"),
        add(2, "ben", publish=False),
        add(3, "cleo", subscribe=False),
        SetSources(id=4, room="r", peer="ana", sources=["screen", "microphone"]),
        SetSources(id=5, room="r", peer="cleo", sources=["camera"]),
    )
    snapshot = driver.engine.snapshot("r")
    assert snapshot is not None
    assert snapshot.room == "r"
    rows = [(peer.peer, peer.publish, peer.subscribe, sorted(peer.sources)) for peer in snapshot.peers]
    assert rows == [
        ("ana", True, True, ["microphone", "screen"]),
        ("ben", False, True, []),
        ("cleo", True, False, ["camera"]),
    ]


def test_a_view_may_name_who_is_not_there(driver: Driver) -> None:
    driver.do(add(1, "ana"))
    tiles = [Tile(peer="ghost", source="screen", width=1280, height=720, pinned=True)]
    assert codes(driver.do(SetView(id=2, room="r", peer="ana", tiles=tiles))) == ["accepted"]


def test_a_snapshot_counts_every_command_before_it(driver: Driver) -> None:
    driver.engine.submit([add(number, f"p{number}") for number in range(20)])
    snapshot = driver.engine.snapshot("r")
    assert snapshot is not None
    assert len(snapshot.peers) == 20


def test_there_is_no_snapshot_of_a_room_that_never_was(driver: Driver) -> None:
    assert driver.engine.snapshot("nowhere") is None


# --- events ----------------------------------------------------------------------------------------------------------


def test_each_command_gets_exactly_one_verdict_in_order(driver: Driver) -> None:
    commands = [add(number, f"p{number % 7}") for number in range(40)]
    verdicts = driver.do(*commands)
    assert [verdict.id for verdict in verdicts] == list(range(40))
    assert codes(verdicts) == ["accepted"] * 7 + ["duplicate_peer"] * 33


def test_the_events_of_a_room_count_without_gaps(driver: Driver) -> None:
    for number in range(5):
        driver.do(add(2 * number, f"p{number}"), add(2 * number + 1, f"p{number}", room="s"))
    driver.do(SetSources(id=20, room="r", peer="p0", sources=["microphone", "camera"]))
    driver.do(RemovePeer(id=21, room="r", peer="p1"))
    for room in ("r", "s"):
        driver.settle(room)
        snapshot = driver.engine.snapshot(room)
        assert snapshot is not None
        sequences = [event.sequence for event in driver.of(room)]  # type: ignore[union-attr]
        assert sequences == list(range(1, snapshot.sequence + 1))


def test_the_descriptor_is_readable_exactly_while_events_wait(driver: Driver) -> None:
    driver.engine.submit([add(number, f"p{number}") for number in range(10)])
    driver.engine.snapshot("r")
    while readable(driver.engine, seconds=0):
        assert len(driver.engine.drain(3)) in {1, 2, 3}
    assert driver.engine.drain(3) == []


def test_nothing_is_drained_where_nothing_happened(driver: Driver) -> None:
    assert driver.engine.drain(100) == []
    assert not readable(driver.engine, seconds=0)


def readable(engine: MediaEngine, *, seconds: float) -> bool:
    return bool(select.select([engine.wake_fd()], [], [], seconds)[0])


# --- the end ---------------------------------------------------------------------------------------------------------


def test_closing_twice_is_closing_once(driver: Driver) -> None:
    driver.do(add(1, "ana"))
    driver.engine.close()
    driver.engine.close()
    with pytest.raises(RuntimeError, match="closed"):
        driver.engine.submit([add(2, "ben")])
    with pytest.raises(RuntimeError, match="closed"):
        driver.engine.snapshot("r")


def test_events_before_the_end_are_not_lost(driver: Driver) -> None:
    driver.engine.submit([add(1, "ana"), CloseRoom(id=2, room="r")])
    driver.engine.close()
    events = driver.engine.drain(100)
    assert [event.id for event in events if isinstance(event, Accepted)] == [1, 2]
    assert driver.engine.drain(100) == []


# --- values ----------------------------------------------------------------------------------------------------------


def test_values_compare_and_never_show_what_an_offer_says() -> None:
    secret = add(1, "ana")
    assert secret == add(1, "ana")
    assert secret != add(2, "ana")
    assert "ice-pwd" not in repr(secret)
    assert "offer=<" in repr(secret)
    with pytest.raises(AttributeError):
        secret.peer = "ben"  # type: ignore[misc]


def test_a_source_has_one_of_four_names() -> None:
    with pytest.raises(ValueError, match="webcam"):
        SetSources(id=1, room="r", peer="ana", sources=["webcam"])  # type: ignore[list-item]


def test_the_native_engine_says_where_it_cannot_listen() -> None:
    first = native_engine(EngineConfig(listen="127.0.0.1:0"))
    ((host, port),) = first.media_addresses
    with pytest.raises(OSError, match=f"{host}:{port}.*choose another port"):
        native_engine(EngineConfig(listen=f"{host}:{port}"))
    first.close()
    native_engine(EngineConfig(listen=f"{host}:{port}")).close()


def test_each_worker_has_the_port_after_the_one_before() -> None:
    with two_free_ports() as (first, second):
        second.close()
        port = first.getsockname()[1]
        first.close()
        engine = native_engine(EngineConfig(listen=f"127.0.0.1:{port}", workers=2, tcp=False))
        assert engine.media_addresses == [("127.0.0.1", port), ("127.0.0.1", port + 1)]
        engine.close()


def test_a_workers_port_that_is_taken_is_named_with_what_to_do() -> None:
    with two_free_ports() as (first, taken):
        port = first.getsockname()[1]
        first.close()
        sentence = rf"127.0.0.1:{port + 1}.*choose another port.*2 workers.*{port} to {port + 1}.*media.workers"
        with pytest.raises(OSError, match=sentence):
            native_engine(EngineConfig(listen=f"127.0.0.1:{port}", workers=2))
        taken.close()
        native_engine(EngineConfig(listen=f"127.0.0.1:{port}", workers=2, tcp=False)).close()


@contextmanager
def two_free_ports() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Hold two ports in a row, below those that the system gives to connections of others."""
    for port in range(20_000 + os.getpid() % 1000, 32_000):
        with socket.socket(type=socket.SOCK_DGRAM) as first, socket.socket(type=socket.SOCK_DGRAM) as second:
            try:
                first.bind(("127.0.0.1", port))
                second.bind(("127.0.0.1", port + 1))
            except OSError:
                continue
            yield first, second
            return
    pytest.fail("no two free ports in a row")


def test_workers_beyond_the_last_port_are_refused() -> None:
    with pytest.raises(ValueError, match=r"65535.*media.workers"):
        native_engine(EngineConfig(listen="127.0.0.1:65535", workers=2))


def test_rooms_go_round_the_workers_and_each_answers_with_its_own_port() -> None:
    engine = native_engine(EngineConfig(listen="127.0.0.1:0", workers=3))
    try:
        driver = Driver(engine)
        driver.do(*[add(number, f"p{number}", room=f"r{number // 2}") for number in range(6)])
        for room, (_, port) in zip(("r0", "r1", "r2"), engine.media_addresses, strict=True):
            driver.settle(room)
            answers = [event.sdp for event in driver.of(room, Answered) if isinstance(event, Answered)]
            assert [f"127.0.0.1 {port} " in answer for answer in answers] == [True, True]
    finally:
        engine.close()


def test_each_worker_tells_statistics_of_its_own() -> None:
    engine = native_engine(EngineConfig(listen="127.0.0.1:0", workers=3, statistics_interval_ms=10))
    try:
        driver = Driver(engine)
        driver.wait(lambda: {it.worker for it in driver.events if isinstance(it, Statistics)} == {0, 1, 2})
    finally:
        engine.close()


@pytest.mark.parametrize("config", [{"listen": "localhost"}, {"advertise": ["example.org"]}])
def test_the_native_engine_names_a_bad_address(config: dict[str, str | list[str]]) -> None:
    with pytest.raises(ValueError, match=r"localhost|example\.org"):
        native_engine(EngineConfig(**config))  # type: ignore[arg-type]


def test_advertised_addresses_are_the_candidates() -> None:
    advertise = ["203.0.113.7:4000", "2001:db8::7"]
    engine = native_engine(EngineConfig(listen="127.0.0.1:0", advertise=advertise, workers=2))
    try:
        assert engine.media_addresses[0] == ("203.0.113.7", 4000)
        assert engine.media_addresses[1][0] == "2001:db8::7"
        assert engine.media_addresses[2] == ("203.0.113.7", 4001)
    finally:
        engine.close()

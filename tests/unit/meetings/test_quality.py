"""How sessions went: what the engine measured and the clients reported, as hosts read it."""
# ruff: noqa: ANN401 (JSON is any value)

from __future__ import annotations

from typing import Any

import pytest

from conftest import SetClock, StartServer
from meeting_people import House, Person, house_of
from meetinghouse.app.server import Running
from meetinghouse.media.engine import PeerStatistics, StreamStatistics
from meetinghouse.media.fake import FakeEngine
from meetinghouse.meetings.quality import Cause, Sample, cause_of, is_everybodys, thinned, verdicts

INTERVAL = 10


def sample(at: int = INTERVAL, **what: Any) -> Sample:
    good = {
        "seconds": INTERVAL,
        "rtt_ms": 20,
        "up_bps": 800_000,
        "up_loss": 0.0,
        "down_bps": 1_000_000,
        "down_loss": 0.0,
        "estimate_bps": 5_000_000,
        "pacer_delay_ms": 1,
        "no_room": 0,
        "reduced": 0,
        "frozen_ms": 0,
        "concealed_ms": 0,
        "limited": "none",
    }
    return Sample(at=at, **{**good, **what})


def minutes(count: int, **bad: Any) -> list[Sample]:
    """Ten good minutes of which the samples from the third on are bad for `count` of them."""
    return [sample(at * INTERVAL, **(bad if 18 <= at < 18 + 6 * count else {})) for at in range(1, 61)]


@pytest.mark.parametrize(
    ("what", "cause"),
    [
        ({}, None),
        ({"down_loss": 0.02, "up_loss": 0.02, "rtt_ms": 250}, None),
        ({"down_loss": 0.03, "up_loss": 0.5}, Cause.LOSS_DOWN),
        ({"up_loss": 0.03}, Cause.LOSS_UP),
        ({"no_room": 1}, Cause.BANDWIDTH_DOWN),
        ({"rtt_ms": 300}, Cause.DELAY),
        ({"rtt_ms": None}, None),
        ({"limited": "cpu"}, Cause.COMPUTER),
        ({"limited": "bandwidth"}, Cause.BANDWIDTH_UP),
        ({"frozen_ms": 999}, None),
        ({"frozen_ms": 1000}, Cause.UNKNOWN),
    ],
)
def test_what_hindered_somebody(what: dict[str, Any], cause: Cause | None) -> None:
    assert cause_of(sample(**what), others_lose=False) is cause


def test_the_verdict_names_what_lasted_longest_and_when() -> None:
    found = verdicts({"ana": minutes(2, down_loss=0.12), "bo": minutes(0)})
    ana = found["ana"]
    assert (ana.cause, ana.since, ana.until, ana.worst) == (Cause.LOSS_DOWN, 170, 290, 0.12)
    assert (ana.bad_seconds, ana.seconds) == (120, 600)
    assert found["bo"].cause is None
    assert found["bo"].since is None


def test_a_moment_is_forgotten() -> None:
    samples = minutes(0)
    samples[30] = sample(310, down_loss=0.5)
    found = verdicts({"ana": samples})["ana"]
    assert (found.cause, found.bad_seconds) == (None, INTERVAL)


def test_a_picture_that_froze_is_laid_at_the_door_of_who_lost_packets() -> None:
    samples = {"ana": minutes(2, frozen_ms=4000), "bo": minutes(2, up_loss=0.1)}
    found = verdicts(samples)
    assert found["ana"].cause is Cause.OTHERS
    assert found["ana"].frozen_ms == 48_000
    assert found["bo"].cause is Cause.LOSS_UP
    assert verdicts({"ana": samples["ana"]})["ana"].cause is Cause.UNKNOWN


def test_trouble_of_most_people_at_once_is_not_theirs() -> None:
    names = ["ana", "bo", "cy", "dee", "eve"]

    def crowd(troubled: int) -> bool:
        samples = {name: minutes(2 if at < troubled else 0, rtt_ms=500) for at, name in enumerate(names)}
        return is_everybodys(verdicts(samples).values())

    assert crowd(3)
    assert not crowd(2)
    apart = {name: minutes(0) for name in names[:2]}
    for at, name in enumerate(names[2:]):
        apart[name] = [sample(n * INTERVAL, rtt_ms=500 if n // 10 == at else 10) for n in range(1, 61)]
    assert not is_everybodys(verdicts(apart).values())


def test_many_samples_become_few_that_keep_the_worst() -> None:
    samples = minutes(1, down_loss=0.2, frozen_ms=500)
    few = thinned(samples, 7)
    assert len(few) <= 7
    assert sum(one.seconds for one in few) == 600
    assert max(one.down_loss for one in few) == 0.2
    assert sum(one.frozen_ms for one in few) == 3000
    assert few[-1].at == 600
    assert thinned(samples, 60) == samples


# --- the whole way ---------------------------------------------------------------------------------------------------


class Measured:
    """The connection of one person, as the engine would count it."""

    def __init__(self, room: str, person: Person) -> None:
        self.room = room
        self.peer = person.id
        self.packets = self.lost = self.sent = self.bytes = 0

    def next(
        self, *, lost: int = 0, reason: str = "tile", layer: str | None = "h", rtt_ms: float = 20
    ) -> PeerStatistics:
        """Two more seconds: 250 packets up, and as many down of which `lost` are lost."""
        self.packets += 250
        self.lost += lost
        self.bytes += 250_000
        up = StreamStatistics(peer=self.peer, source="camera", packets=self.packets, bytes=self.bytes)
        down = StreamStatistics(
            peer="somebody",
            source="camera",
            packets=self.packets,
            bytes=self.bytes,
            lost=self.lost,
            bitrate_bps=1_000_000,
            layer=layer,
            reason=reason,
        )
        return PeerStatistics(
            room=self.room, peer=self.peer, rtt_ms=rtt_ms, estimate_bps=4_000_000, up=[up], down=[down]
        )


class Meter:
    """Lets time pass in which everybody's connection is measured."""

    def __init__(self, running: Running, clock: SetClock, meeting: Any, *people: Person) -> None:
        live = running.services.sessions.live_of(meeting["id"])
        assert live is not None
        engine = running.services.agent._engine
        assert isinstance(engine, FakeEngine)
        self.engine, self.clock = engine, clock
        self.watch = people[0]
        self.session = live.session.id
        self.measured = {person.id: Measured(self.session, person) for person in people}

    async def run(self, seconds: int, **what: dict[str, Any]) -> None:
        for _ in range(seconds // 2):
            self.clock.advance(2)
            batch = [one.next(**what.get(who, {})) for who, one in self.measured.items()]
            self.engine.measure(*batch)
            # The loop turns to the engine's events before it comes to the second answer.
            await self.watch.caught_up()
            await self.watch.caught_up()


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


async def quality_of(house: House, meeting: Any) -> Any:
    base = f"/meetings/{meeting['id']}/sessions"
    (session,) = (await house.api.call("GET", base))["items"]
    return await house.api.call("GET", f"{base}/{session['id']}/quality")


async def test_a_host_reads_how_it_went_and_why(start_server: StartServer, clock: SetClock) -> None:
    async with start_server(clock=clock) as running, house_of(running) as house:
        meeting = await house.api.meeting()
        ana = await house.join(meeting, "Ana", "host")
        bo = await house.join(meeting, "Bo")
        meter = Meter(running, clock, meeting, ana, bo)
        await meter.run(60)
        await meter.run(40, **{bo.id: {"lost": 25}})
        await bo.ask("report_quality", frozen_ms=2500, concealed_ms=300)
        await meter.run(20)
        quality = await quality_of(house, meeting)
        first, second = quality["participants"]
        assert (first["name"], first["verdict"]["cause"]) == ("Ana", None)
        assert second["name"] == "Bo"
        verdict = second["verdict"]
        assert verdict["cause"] == "loss_down"
        assert verdict["worst"] == 0.1
        assert verdict["bad_seconds"] == pytest.approx(40, abs=10)
        assert (verdict["frozen_ms"], verdict["concealed_ms"]) == (2500, 300)
        assert verdict["since"] < verdict["until"]
        assert (quality["troubled"], quality["everybodys"]) == (1, False)
        series = second["series"]
        assert len(series["at"]) == len(series["down_loss"]) >= 11
        assert max(series["down_bps"]) == 1_000_000
        assert set(series["rtt_ms"]) == {20}
        assert quality["session"]["ended_at"] is None


async def test_a_restart_keeps_it_and_a_month_forgets_it(start_server: StartServer, clock: SetClock) -> None:
    async with start_server(clock=clock) as running, house_of(running) as house:
        meeting = await house.api.meeting()
        ana = await house.join(meeting, "Ana", "host")
        meter = Meter(running, clock, meeting, ana)
        await meter.run(60, **{ana.id: {"rtt_ms": 400.0}})
    async with start_server(clock=clock) as running:
        async with house_of(running) as house:
            (person,) = (await quality_of(house, meeting))["participants"]
            assert (person["verdict"]["cause"], person["verdict"]["worst"]) == ("delay", 400)
        clock.advance(31 * 86_400)
        await running.services.retention.do_round()
        async with house_of(running) as house:
            (person,) = (await quality_of(house, meeting))["participants"]
            assert person["series"]["at"] == []
            assert person["verdict"]["cause"] is None


async def test_batches_of_two_workers_do_not_end_each_other(start_server: StartServer, clock: SetClock) -> None:
    async with start_server(clock=clock) as running, house_of(running) as house:
        meeting = await house.api.meeting()
        ana = await house.join(meeting, "Ana", "host")
        meter = Meter(running, clock, meeting, ana)
        for _ in range(20):
            await meter.run(2)
            meter.engine.measure(worker=1)
        await ana.caught_up()
        (person,) = (await quality_of(house, meeting))["participants"]
        assert len(person["series"]["at"]) == 3  # the fourth is still being added up


async def test_somebody_asks_why_they_see_what_they_see(start_server: StartServer, clock: SetClock) -> None:
    async with start_server(clock=clock) as running, house_of(running) as house:
        meeting = await house.api.meeting()
        ana = await house.join(meeting, "Ana", "host")
        nothing = await ana.ask("get_statistics")
        assert (nothing.rtt_ms, nothing.streams) == (None, ())
        meter = Meter(running, clock, meeting, ana)
        await meter.run(4, **{ana.id: {"reason": "bandwidth", "layer": "l"}})
        answer = await ana.ask("get_statistics")
        assert (answer.rtt_ms, answer.estimate_bps) == (20, 4_000_000)
        (stream,) = answer.streams
        assert (stream.layer, stream.reason, stream.bitrate_bps) == ("l", "bandwidth", 1_000_000)


async def test_a_trace_shows_stays_speakers_layers_and_numbers(start_server: StartServer, clock: SetClock) -> None:
    async with start_server(clock=clock) as running, house_of(running) as house:
        meeting = await house.api.meeting()
        ana = await house.join(meeting, "Ana", "host")
        bo = await house.join(meeting, "Bo")
        meter = Meter(running, clock, meeting, ana, bo)
        await meter.run(20)
        await meter.run(20, **{bo.id: {"reason": "no_room", "layer": None}})
        base = f"/meetings/{meeting['id']}/sessions/{meter.session}/trace"
        answer = await house.api.http.get(f"/api/v1{base}")
        assert f"session-{meter.session}.json" in answer.headers["content-disposition"]
        events = answer.json()["traceEvents"]
        names = {event["args"]["name"]: event["pid"] for event in events if event["name"] == "process_name"}
        assert names.keys() == {"Meeting", "Ana", "Bo"}
        slices = [event for event in events if event["ph"] == "X"]
        assert {(one["pid"], one["name"]) for one in slices if one["tid"] == 0} == {
            (names["Ana"], "In the meeting"),
            (names["Bo"], "In the meeting"),
        }
        layers = [one["name"] for one in slices if one["pid"] == names["Bo"] and one["tid"] == 1]
        assert layers == ["h (tile)", "no_room"]
        counters = [event for event in events if event["ph"] == "C"]
        assert {event["pid"] for event in counters} == {names["Ana"], names["Bo"]}
        assert all(event["ts"] > 1e15 for event in (*slices, *counters))


async def test_only_who_manages_a_meeting_reads_it(house: House) -> None:
    meeting = await house.api.meeting()
    other = await house.api.meeting()
    ana = await house.join(meeting, "Ana", "host")
    (session,) = (await house.api.call("GET", f"/meetings/{meeting['id']}/sessions"))["items"]
    for path in (
        f"/meetings/{other['id']}/sessions/{session['id']}/quality",
        f"/meetings/{other['id']}/sessions/{session['id']}/trace",
        f"/meetings/{meeting['id']}/sessions/nothing/quality",
        "/meetings/nothing/sessions",
    ):
        await house.api.call("GET", path, expect=404)
    unknown = await house.api.http.get(
        f"/api/v1/meetings/{meeting['id']}/sessions", headers={"Authorization": "Bearer nobody"}
    )
    assert unknown.status_code == 401
    assert await ana.refused("report_quality", frozen_ms=-1) == "bad_message"
    assert await ana.refused("report_quality", limited="everything") == "bad_message"


async def test_sessions_come_in_pages(house: House) -> None:
    meeting = await house.api.meeting()
    for _ in range(3):
        ana = await house.join(meeting, "Ana", "host")
        await ana.ask("leave")
        await ana.gone()
    path = f"/meetings/{meeting['id']}/sessions"
    first = await house.api.call("GET", f"{path}?limit=2")
    second = await house.api.call("GET", f"{path}?limit=2&cursor={first['next']}")
    assert [len(first["items"]), len(second["items"]), second["next"]] == [2, 1, None]
    started = [one["started_at"] for one in (*first["items"], *second["items"])]
    assert started == sorted(started, reverse=True)
    assert all(one["ended_at"] for one in (*first["items"], *second["items"]))

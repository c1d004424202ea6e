"""A fault of one worker, as people in meetings meet it: theirs is back at once, and nobody else notices."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from conftest import StartServer
from contract.media_offers import offer
from meeting_people import House, Person, house_of
from meetinghouse.app.server import Running
from meetinghouse.media._native import Engine
from meetinghouse.meetings.messages import MediaLost

# How long people may be without a meeting; the rest of the machine may be slow.
REJOIN_SECONDS = 3


def engine_of(server: Running) -> Engine:
    engine = server.services.agent._engine
    assert isinstance(engine, Engine)
    return engine


async def begin(house: House, *names: str) -> list[Person]:
    meeting = await house.api.meeting(settings={"lobby": False, "join_before_host": True})
    people = [await house.join(meeting, name) for name in names]
    for person in people:
        await connect(person)
    return people


async def connect(person: Person) -> str:
    answer = await person.ask("offer", sdp=offer(), fresh=True)
    sdp: str = answer.sdp
    return sdp


def worker_of(server: Running, sdp: str) -> int:
    ports = [port for _, port in engine_of(server).media_addresses]
    return next(number for number, port in enumerate(ports) if f" {port} typ host" in sdp)


def lost(person: Person) -> int:
    return sum(isinstance(message, MediaLost) for message in person.heard)


def native(**media: int) -> dict[str, Any]:
    return {"engine": "native", "listen": "127.0.0.1:0", "workers": 2, **media}


async def test_a_workers_people_are_told_and_back_and_others_never_notice(start_server: StartServer) -> None:
    async with start_server(media=native()) as server, house_of(server) as house:
        broken = await begin(house, "Ana", "Ben")
        whole = await begin(house, "Cleo", "Dora")
        worker = worker_of(server, await connect(broken[0]))
        assert worker != worker_of(server, await connect(whole[0])), "the idlest"
        began = time.monotonic()
        engine_of(server).break_worker(worker)
        told = await asyncio.gather(*(person.hear(MediaLost) for person in broken))
        assert [message.reason for message in told] == ["worker", "worker"]
        answers = await asyncio.gather(*(connect(person) for person in broken))
        assert time.monotonic() - began < REJOIN_SECONDS
        assert len({worker_of(server, sdp) for sdp in answers}) == 1, "together again"
        for person in whole:
            await person.caught_up()
            assert lost(person) == 0
        assert {person.name for person in broken[0].state.participants} == {"Ana", "Ben"}, "nobody has left"


@pytest.mark.parametrize("at", [0, 1])
async def test_of_a_meeting_on_two_workers_half_are_told_and_back(start_server: StartServer, at: int) -> None:
    async with start_server(media=native(spread_peers=1)) as server, house_of(server) as house:
        people = await begin(house, "Ana", "Ben")
        workers = [worker_of(server, await connect(person)) for person in people]
        assert sorted(workers) == [0, 1]
        began = time.monotonic()
        engine_of(server).break_worker(workers[at])
        assert (await people[at].hear(MediaLost)).reason == "worker"
        await connect(people[at])
        assert time.monotonic() - began < REJOIN_SECONDS
        await people[1 - at].caught_up()
        assert lost(people[1 - at]) == 0


async def test_a_server_that_drains_keeps_a_meeting_on_two_workers_and_lets_people_into_it(
    start_server: StartServer,
) -> None:
    async with start_server(media=native(spread_peers=1)) as server, house_of(server) as house:
        running = await house.api.meeting(settings={"lobby": False})
        ana = await house.join(running, "Ana", "host")
        first = worker_of(server, await connect(ana))
        await house.api.call("POST", "/node/drain", {})
        ben = await house.join(running, "Ben")
        assert worker_of(server, await connect(ben)) != first
        live = server.services.sessions.live_of(running["id"])
        assert live is not None
        snapshot = engine_of(server).snapshot(live.session.id)
        assert snapshot is not None
        assert len(snapshot.peers) == 2

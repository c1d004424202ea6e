"""Comers and goers of every kind on a real server: the files that they opened are closed when they are gone."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from conftest import StartServer
from contract.media_offers import offer, one_way
from meeting_people import WAIT_SECONDS, House, house_of

CYCLES = 5
CROWD = 20
# Reasons of peers that a bug cost.
BUGS = ('reason="panic"', 'reason="worker"')
# A Binding request of STUN in a frame of media by TCP (RFC 4571), and as TURN has it.
BINDING = bytes.fromhex("000100002112a442") + b"abcdefghijkl"
FRAMED = len(BINDING).to_bytes(2, "big") + BINDING


def files() -> int:
    """Open files of this process, in which the server runs."""
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


async def settled(house: House) -> int:
    """Open files when an answer's time has closed no more of them."""
    before, now = 0, files()
    while now != before:
        await house.api.http.get("/healthz")
        before, now = now, files()
    return now


async def come_and_go(house: House, meeting: Any, turn: int) -> None:  # noqa: ANN401 (JSON)
    """An encoder, a watcher, somebody with a browser, and strangers who leave their connections open until they are done."""
    http = house.api.http
    made = await house.api.call("POST", f"/meetings/{meeting['id']}/tickets", {"name": "Camera"}, 201)
    headers = {"authorization": f"Bearer {made['ticket']}", "content-type": "application/sdp"}
    for path, direction in (
        (f"/whip/{meeting['id']}", "sendonly"),
        (f"/whep/{meeting['id']}/{made['participant_id']}", "recvonly"),
    ):
        answer = await http.post(path, content=one_way(direction), headers=headers)
        assert answer.status_code == 201, answer.text
    person = await house.join(meeting, "Bo")
    await person.ask("offer", sdp=offer(), fresh=True)
    media = house.running.services.agent.media_addresses[0][1]
    strangers = [await asyncio.open_connection("127.0.0.1", port) for port in (media, turn) for _ in range(CROWD)]
    for number, (_, writer) in enumerate(strangers):
        writer.write(FRAMED if number < CROWD else BINDING)
    for _, writer in strangers:
        writer.close()
        await writer.wait_closed()
    await person.ask("leave")
    await person.gone()
    assert (await http.delete(answer.headers["location"], headers=headers)).status_code == 200
    await house.api.call("POST", f"/meetings/{meeting['id']}/participants/{made['participant_id']}/remove")


async def test_files_are_closed_when_everybody_is_gone(start_server: StartServer) -> None:
    turn = {"host": "turn.example.org", "plain_listen": "127.0.0.1:0"}
    async with start_server(media={"engine": "native"}, turn=turn) as running, house_of(running) as house:
        meeting = await house.api.meeting()
        relay = running.services.turn
        assert relay is not None
        # The first opens what stays open: the database's files, the loop's, this client's connection.
        await come_and_go(house, meeting, relay.ports[0])
        async with asyncio.timeout(WAIT_SECONDS):
            baseline = await settled(house)
        for _ in range(CYCLES):
            await come_and_go(house, meeting, relay.ports[0])
        async with asyncio.timeout(WAIT_SECONDS):
            while files() > baseline:
                await house.api.http.get("/healthz")
        people = await house.api.call("GET", f"/meetings/{meeting['id']}/participants")
        assert people["items"] == []
        told = (await house.api.http.get("/metrics")).text.splitlines()
        assert not [line for line in told if any(bug in line for bug in BUGS) and not line.endswith(" 0.0")]

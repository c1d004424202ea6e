"""Who is told of TURN, and when."""

from __future__ import annotations

import base64
import hmac

from conftest import SetClock, StartServer
from meeting_people import house_of
from meetinghouse.media.ice import IceServers
from meetinghouse.meetings.messages import IceServers as Told
from meetinghouse.meetings.messages import Snapshot

URL = "turns:turn.example.org:443?transport=tcp"
TURN = {"host": "turn.example.org", "plain_listen": "127.0.0.1:0", "urls": [URL]}


def told(person: object) -> list[Told]:
    return [message for message in person.heard if isinstance(message, Told)]  # type: ignore[attr-defined]


async def test_who_is_in_is_told_before_the_state_and_again_before_it_is_too_late(start_server: StartServer) -> None:
    clock = SetClock()
    async with start_server(turn=TURN, clock=clock) as running, house_of(running) as house:
        meeting = await house.api.meeting()
        ana = await house.join(meeting, "Ana", "host")
        (first,) = told(ana)
        assert first.urls == (URL,)
        assert first.username == f"{int(clock.now().timestamp()) + 300}:{ana.id}"
        kinds = [type(message) for message in ana.heard]
        assert kinds.index(Told) < kinds.index(Snapshot)
        clock.advance(149)
        await ana.caught_up()
        assert len(told(ana)) == 1
        clock.advance(1)
        await ana.caught_up()
        await ana.caught_up()
        _, second = told(ana)
        assert second.username == f"{int(clock.now().timestamp()) + 300}:{ana.id}"


async def test_nobody_in_the_lobby_is_told(start_server: StartServer) -> None:
    clock = SetClock()
    async with start_server(turn=TURN, clock=clock) as running, house_of(running) as house:
        meeting = await house.api.meeting(settings={"lobby": True})
        host = await house.join(meeting, "Ana", "host")
        guest = await house.guest(meeting, "Bo")
        clock.advance(1000)
        await guest.caught_up()
        assert told(guest) == []
        await host.ask("admit", participant=guest.id)
        await guest.hear(Snapshot)
        assert len(told(guest)) == 1


async def test_without_turn_nobody_is_told(start_server: StartServer) -> None:
    async with start_server() as running, house_of(running) as house:
        ana = await house.join(await house.api.meeting(), "Ana", "host")
        await ana.caught_up()
        assert told(ana) == []


def test_credentials_are_those_that_coturn_and_others_know() -> None:
    clock = SetClock()
    server = IceServers((URL,), "north", 60).of("p_1", clock.now())
    assert server is not None
    assert server.username == f"{int(clock.now().timestamp()) + 60}:p_1"
    expected = hmac.digest(b"north", server.username.encode(), "sha1")
    assert base64.b64decode(server.credential) == expected
    assert server.credential not in repr(server)

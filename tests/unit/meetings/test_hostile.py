"""What strangers and broken clients send: each gets a clear answer, and the meeting goes on for everybody else."""

from __future__ import annotations

import asyncio
import json

import pytest
from websockets.exceptions import InvalidStatus

from conftest import StartServer
from contract.media_offers import offer
from meeting_people import House, Person, Turned, house_of
from meetinghouse.meetings.line import Line
from meetinghouse.meetings.messages import Error, Ok


async def heard_error(person: Person, message: object) -> Error:
    """What one bad message is answered with; the line stays open."""
    before = sum(isinstance(one, Error) for one in person.heard)
    await person.say(message)
    error = await person.hear(Error, before + 1)
    assert isinstance(error, Error)
    return error


@pytest.fixture
async def pair(house: House) -> tuple[Person, Person]:
    meeting = await house.api.meeting()
    return await house.join(meeting, "Ana", "host"), await house.join(meeting, "Bo")


@pytest.mark.parametrize(
    ("message", "code", "identity"),
    [
        ("", "bad_message", None),
        ("null", "bad_message", None),
        ("[]", "bad_message", None),
        ("{", "bad_message", None),
        ("\ud83d", "bad_message", None),
        ('{"type": "dance", "id": 7}', "unknown_message", 7),
        ('{"id": 7}', "unknown_message", 7),
        ('{"type": "ping"}', "bad_message", None),
        ('{"type": "ping", "id": "x"}', "bad_message", None),
        ('{"type": "ping", "id": -1}', "bad_message", None),
        ('{"type": "ping", "id": 1e400}', "bad_message", None),
        ('{"type": "set_sources", "id": 3, "sources": ["brain"]}', "bad_message", 3),
        ('{"type": "set_sources", "id": 3, "sources": {"a": 1}}', "bad_message", 3),
        ('{"type": "send_chat", "id": 4, "key": "", "text": "x"}', "bad_message", 4),
        ('{"type": "send_chat", "id": 4, "key": "k", "text": "' + "x" * 4001 + '"}', "bad_message", 4),
        ('{"type": "rename", "id": 5, "participant": "x", "name": "' + "n" * 100_000 + '"}', "bad_message", 5),
        ('{"type": "set_view", "id": 6, "tiles": ' + json.dumps([{}] * 1000) + "}", "bad_message", 6),
        ('{"type": "hello", "ticket": "again"}', "bad_message", None),
        ('{"type": "react", "id": 8, "reaction": "explode"}', "bad_message", 8),
        ("[" * 10_000 + "]" * 10_000, "bad_message", None),
        ('{"type": "ping", "id": 1, "x": ' + "[" * 10_000 + "]" * 10_000 + "}", "bad_message", None),
        ('{"type": "dance", "id": ' + '{"a":' * 10_000 + "1" + "}" * 10_000 + "}", "bad_message", None),
    ],
    ids=lambda value: str(value)[:30],
)
async def test_bad_messages_are_answered(
    pair: tuple[Person, Person], message: str, code: str, identity: int | None
) -> None:
    host, bo = pair
    if message == "\ud83d":
        message = '"\\ud83d"'
    error = await heard_error(bo, message)
    assert (error.code, error.id) == (code, identity)
    assert error.detail
    await bo.ask("send_chat", key="k", text="still here")
    await host.until(lambda me: me.state.messages)


async def test_binary_messages_are_refused(pair: tuple[Person, Person]) -> None:
    _, bo = pair
    await bo.socket.send(b"\x00\xff" * 100)
    assert (await bo.hear(Error)).code == "bad_message"
    await bo.caught_up()


async def test_a_huge_offer_is_refused_and_the_others_meet_on(house: House) -> None:
    meeting = await house.api.meeting()
    host, bo = await house.join(meeting, "Ana", "host"), await house.join(meeting, "Bo")
    for size in (300_000, 1_048_576):
        assert await bo.refused("offer", sdp="a" * size, fresh=True) == "offer_too_large"
    await bo.ask("offer", sdp=offer(), fresh=True)
    await host.ask("send_chat", key="1", text="on")


async def test_a_thousand_m_lines_are_refused(pair: tuple[Person, Person]) -> None:
    _, bo = pair
    many = offer(audio_slots=0, video_slots=1000)
    assert await bo.refused("offer", sdp=many, fresh=True) in {
        "bad_offer",
        "limit_reached",
        "offer_too_large",
        "bad_message",
    }
    await bo.ask("offer", sdp=offer(), fresh=True)


async def test_the_first_message_must_be_a_hello(house: House) -> None:
    for first in (
        '{"type": "ping", "id": 1}',
        '{"type": "hello"}',
        '{"type": "hello", "ticket": "a", "resume": "b"}',
        "x" * 100,
    ):
        stranger = await house.connect()
        await stranger.say(first)
        await stranger.gone()
        assert stranger.close_code == 4400
        assert isinstance(stranger.heard[0], Error)


async def test_who_says_nothing_is_hung_up_on(start_server: StartServer) -> None:
    async with start_server(limits={"signalling_hello_seconds": 1}) as running, house_of(running) as house:
        silent = await house.connect()
        await silent.gone()
        assert silent.close_code == 4408


async def test_pages_of_other_sites_cannot_connect(house: House) -> None:
    for origin in ("https://evil.example", "null", "http://127.0.0.1:1", "file://"):
        with pytest.raises(InvalidStatus) as refused:
            await house.connect(origin=origin)
        assert refused.value.response.status_code == 403
    own = await house.connect(origin=house.running.url)
    await own.say('{"type": "hello", "resume": "x"}')
    await own.gone()
    assert own.closed is not None


async def test_the_protocol_must_be_ours(house: House) -> None:
    for offered in (None, ["other.v1"]):
        with pytest.raises(InvalidStatus):
            await house.connect(subprotocols=offered)


async def test_who_floods_is_cut_off_and_hurts_nobody_else(start_server: StartServer) -> None:
    async with start_server(limits={"signalling_messages": "20/10s"}) as running, house_of(running) as house:
        meeting = await house.api.meeting()
        host, bo = await house.join(meeting, "Ana", "host"), await house.join(meeting, "Bo")
        for number in range(500):
            await bo.say({"type": "ping", "id": 1000 + number})
        await bo.gone()
        assert bo.close_code == 4429
        assert sum(isinstance(one, Ok) for one in bo.heard) == 20
        assert {one.code for one in bo.heard if isinstance(one, Error)} == {"too_many_attempts"}
        await host.ask("send_chat", key="1", text="calm")


async def test_chat_and_reactions_have_rates_of_their_own(start_server: StartServer) -> None:
    limits = {"chat_messages": "3/1m", "reactions": "2/1m"}
    async with start_server(limits=limits) as running, house_of(running) as house:
        meeting = await house.api.meeting()
        host = await house.join(meeting, "Ana", "host")
        codes = [await host.refused("send_chat", key=str(number), text="x") for number in range(5)]
        assert codes == ["ok"] * 3 + ["too_many_attempts"] * 2
        assert [await host.refused("react", reaction="joy") for _ in range(3)] == ["ok", "ok", "too_many_attempts"]


async def test_who_falls_behind_is_cut_off_and_comes_back(start_server: StartServer) -> None:
    async with start_server(limits={"signalling_queue_messages": 4}) as running, house_of(running) as house:
        meeting = await house.api.meeting()
        host, bo = await house.join(meeting, "Ana", "host"), await house.join(meeting, "Bo")
        for name in ("Gil", "Hua", "Ivo"):
            await house.guest(meeting, name)
        # Six events at once to whoever sees the lobby: more than may wait unsent.
        await host.say({"type": "admit", "id": 99})
        await host.gone()
        assert host.close_code == 4413
        await bo.until(lambda me: me.one("Ana").reconnecting)
        back = await house.resume(host, last=False)
        await back.caught_up()
        assert back.names == ["Ana", "Bo", "Gil", "Hua", "Ivo"]


async def test_a_receiver_that_takes_nothing_is_left_behind() -> None:
    stuck, cuts = asyncio.Event(), []

    async def never(_: object) -> None:
        await stuck.wait()

    line = Line(never, never, limit=3)
    line.on_cut = lambda: cuts.append(1)
    sender = asyncio.create_task(line.run())
    await asyncio.sleep(0)
    for _ in range(10):
        line.send("frame")
    assert line.was_cut()
    assert cuts == [1]
    stuck.set()
    await sender


async def test_acting_on_somebody_who_is_not_there(pair: tuple[Person, Person]) -> None:
    host, _ = pair
    for act in ("remove", "mute", "ask_to_unmute", "admit"):
        assert await host.refused(act, participant="nobody") == "unknown_participant"
    assert await host.refused("send_chat", key="1", text="x", to="nobody") == "unknown_participant"
    assert await host.refused("set_role", participant="nobody", role="host") == "unknown_participant"


async def test_ids_of_another_meeting_mean_nothing(house: House) -> None:
    one, other = await house.api.meeting(), await house.api.meeting()
    host = await house.join(one, "Ana", "host")
    stranger = await house.join(other, "Eve", "host")
    assert await host.refused("remove", participant=stranger.id) == "unknown_participant"
    await house.api.call("POST", f"/meetings/{one['id']}/participants/{stranger.id}/remove", expect=404)
    await stranger.caught_up()


async def test_a_deleted_meeting_lets_nobody_in(house: House) -> None:
    meeting = await house.api.meeting()
    ticket = await house.api.ticket(meeting, "Ana", role="host")
    await house.api.call("DELETE", f"/meetings/{meeting['id']}", expect=204)
    with pytest.raises(Turned, match="unknown_meeting"):
        await house.enter(ticket)
    assert (await house.ask_in(meeting["join_url"])).json()["code"] == "join_refused"

"""News by subject, inside one process."""

from __future__ import annotations

from meetinghouse.bus.local import LocalBus


async def test_those_who_listen_hear_in_order() -> None:
    bus = LocalBus()
    async with bus.subscribe("people.member") as news:
        for message in (b"1", b"2", b"3"):
            await bus.publish("people.member", message)
        assert [await anext(news) for _ in range(3)] == [b"1", b"2", b"3"]


async def test_a_subject_is_heard_by_its_name_or_its_family() -> None:
    bus = LocalBus()
    async with (
        bus.subscribe("people.member") as exact,
        bus.subscribe("people.>") as family,
        bus.subscribe("people") as other,
    ):
        await bus.publish("people.member", b"x")
        await bus.publish("people", b"y")
        assert await anext(exact) == await anext(family) == b"x"
        assert await anext(other) == b"y"


async def test_who_listens_no_more_is_forgotten() -> None:
    bus = LocalBus()
    async with bus.subscribe("x"):
        pass
    async with bus.subscribe("x") as news:
        await bus.publish("x", b"1")
        assert await anext(news) == b"1"


async def test_a_slow_listener_loses_the_oldest_and_stops_nobody() -> None:
    bus = LocalBus()
    async with bus.subscribe("x") as news:
        for number in range(1500):
            await bus.publish("x", str(number).encode())
        assert await anext(news) == b"500"

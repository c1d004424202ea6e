"""News by subject, inside one process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from meetinghouse.bus.local import LocalBus


async def _listen(bus: LocalBus, subject: str) -> tuple[AsyncIterator[bytes], asyncio.Task[bytes]]:
    """A subscription whose first step has been taken, so that it hears from now on."""
    news = bus.subscribe(subject)
    first = asyncio.ensure_future(anext(news))
    await asyncio.sleep(0)
    return news, asyncio.ensure_future(first)


async def test_those_who_listen_hear_in_order() -> None:
    bus = LocalBus()
    news, first = await _listen(bus, "people.member")
    for message in (b"1", b"2", b"3"):
        await bus.publish("people.member", message)
    assert [await first, await anext(news), await anext(news)] == [b"1", b"2", b"3"]


async def test_a_subject_is_heard_by_its_name_or_its_family() -> None:
    bus = LocalBus()
    _, exact = await _listen(bus, "people.member")
    _, family = await _listen(bus, "people.>")
    _, other = await _listen(bus, "people")
    await bus.publish("people.member", b"x")
    assert await exact == await family == b"x"
    assert not other.done()
    other.cancel()


async def test_a_slow_listener_loses_the_oldest_and_stops_nobody() -> None:
    bus = LocalBus()
    news, first = await _listen(bus, "x")
    await bus.publish("x", b"first")
    assert await first == b"first"
    for number in range(1500):
        await bus.publish("x", str(number).encode())
    assert await anext(news) == b"500"

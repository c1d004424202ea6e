"""A server with a channel, whose clock stands until a test moves it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from channels import Shop, channel_of, prices
from conftest import SetClock, StartServer


@pytest.fixture
def clock() -> SetClock:
    """2026-11-23 12:00 until it is moved."""
    return SetClock()


@pytest.fixture
async def shop(start_server: StartServer, clock: SetClock) -> AsyncIterator[Shop]:
    """The channel with its books."""
    async with (
        start_server(clock=clock, notices={"networks": ["127.0.0.0/8"]}) as running,
        channel_of(running) as channel,
    ):
        for plan in ("pro", "max"):
            await channel.op.call("PUT", f"/plans/{plan}", {"name": plan})
        for seller, audience, seat in (
            (channel.op, "partners", "10"),
            (channel.op, "tenants", "20"),
            (channel.oem, "partners", "12"),
            (channel.oem, "tenants", "16"),
            (channel.shop, "tenants", "15"),
        ):
            book = {"audience": audience, "currency": "USD", "prices": prices(seat)}
            await seller.call("POST", "/billing/books", book, 201)
        yield Shop(channel, clock)

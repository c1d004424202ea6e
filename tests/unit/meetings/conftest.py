"""A house: a server with the fake engine, its owner's API, and people who come and go."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from meeting_people import House, house_of
from meetinghouse.app.server import Running


@pytest.fixture
async def house(server: Running) -> AsyncIterator[House]:
    async with house_of(server) as opened:
        yield opened

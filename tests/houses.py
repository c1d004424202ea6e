"""One server for all tests of identity, each of which founds a tenant of its own, and a provider that says what it is told."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest
import pytest_asyncio

from accounts import Owner, browser, signed_in_owner
from conftest import SetClock, make_config
from identity_providers import LOOPBACK, Liar, begin, come_back, lying_provider, put_provider, real_provider
from meetinghouse.app.server import Running, running_server
from meetinghouse.db.clock import SystemClock
from organisations import tenant_owner

_NUMBERS = itertools.count()


@dataclass
class House:
    """A server, the operator's owner, a tenant's owner, and a provider that says what it is told."""

    running: Running
    operator: Owner
    owner: Owner
    clock: SetClock
    liar: Liar

    async def comes(self, http: httpx2.AsyncClient, **lies: Any) -> httpx2.Response:  # noqa: ANN401 (claims)
        """Somebody comes from the provider, which says these things of them."""
        self.liar.lies = lies
        return await come_back(http, state=self.liar.begun(await begin(http, self.owner)), code="c")

    async def refused(self, **lies: Any) -> str:  # noqa: ANN401 (claims)
        """The code by which they are refused."""
        async with browser(self.running) as http:
            answer = await self.comes(http, **lies)
            assert answer.status_code >= 400, answer.text
            assert (await http.get("/api/v1/me")).status_code == 401
        return str(answer.json()["code"])


@pytest.fixture(scope="session")
def issuer() -> Iterator[str]:
    """The real provider, one for all tests."""
    with real_provider() as url:
        yield url


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def installation(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[Running, Owner, SetClock]]:
    """One server for all tests, each of which founds a tenant of its own."""
    # The real provider has no other clock than the machine's; it lets ours run ahead by a day.
    clock = SetClock(SystemClock().now())
    config = make_config(
        tmp_path_factory.mktemp("identity"),
        server={"listen": "localhost:0"},
        identity={"networks": LOOPBACK},
        limits={"sign_ins_per_address": "9999/15m"},
    )
    async with running_server(config, clock) as running, signed_in_owner(running) as operator:
        yield running, operator, clock


@pytest_asyncio.fixture(loop_scope="session")
async def house(installation: tuple[Running, Owner, SetClock]) -> AsyncIterator[House]:
    running, operator, clock = installation
    with lying_provider(lambda: int(clock.now().timestamp())) as liar:
        async with tenant_owner(running, operator, "Harbour", owner_email=f"owner@{next(_NUMBERS)}.example") as owner:
            await put_provider(owner, liar.issuer, liar.client_id)
            yield House(running, operator, owner, clock, liar)

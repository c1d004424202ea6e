"""People of tests: the owner of a fresh installation, signed in, and those whom they invite."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx2

from meetinghouse.app.server import Running
from meetinghouse.people.enrolment import make_owner_link

PASSWORD = "correct pony tower"
# Until a test gives up on an answer; nothing waits so long but a failure, and a busy machine may be twenty times slower.
_ANSWER_SECONDS = 60


@dataclass(frozen=True)
class Owner:
    """A signed-in person: a browser's cookies and headers."""

    http: httpx2.AsyncClient
    me: dict[str, Any]


def http_client(**options: Any) -> httpx2.AsyncClient:  # noqa: ANN401 (the library's own)
    """An HTTP client with the patience of tests."""
    return httpx2.AsyncClient(timeout=_ANSWER_SECONDS, trust_env=False, **options)


def token_of(link: str) -> str:
    """The secret in a one-time link's fragment."""
    return link.partition("#t=")[2]


@asynccontextmanager
async def browser(running: Running) -> AsyncIterator[httpx2.AsyncClient]:
    """A browser on one of our own pages: it keeps cookies and says where its requests come from."""
    headers = {"origin": running.url, "sec-fetch-site": "same-origin"}
    async with http_client(base_url=running.url, headers=headers) as http:
        yield http


async def owner_link(running: Running) -> str:
    """A one-time link for the first owner."""
    services = running.services
    made = await make_owner_link(services.db, services.keys, services.config.people, running.url, services.clock.now())
    return made.link


async def enrol(http: httpx2.AsyncClient, link: str, password: str = PASSWORD, **fields: str) -> dict[str, Any]:
    """Use a one-time link in this browser; gives Me."""
    answer = await http.post("/api/v1/enrolments", json={"token": token_of(link), "password": password, **fields})
    assert answer.status_code == 200, answer.text
    me: dict[str, Any] = answer.json()
    return me


@asynccontextmanager
async def signed_in_owner(running: Running) -> AsyncIterator[Owner]:
    """The first owner, enrolled and signed in."""
    async with browser(running) as http:
        yield Owner(http, await enrol(http, await owner_link(running), name="Ana", email="ana@example.org"))

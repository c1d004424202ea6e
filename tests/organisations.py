"""Organisations of tests: partners, plans and tenants, whose first people are signed in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from accounts import Owner, browser, enrol
from meetinghouse.app.server import Running


async def ask(who: Owner, method: str, path: str, expect: int = 200, /, **body: Any) -> Any:  # noqa: ANN401 (JSON)
    """The answer to a call, which must have this status."""
    answer = await who.http.request(method, f"/api/v1{path}", json=None if method == "GET" else body)
    assert answer.status_code == expect, answer.text
    return answer.json()


@asynccontextmanager
async def partner_staff(running: Running, by: Owner, code: str, **fields: Any) -> AsyncIterator[Owner]:  # noqa: ANN401
    """A new partner, and the first of its staff."""
    body = {"code": code, "name": code.title(), "kind": "oem", "owner_email": f"staff@{code}.example", **fields}
    added = await ask(by, "POST", "/partners", 201, **body)
    async with browser(running) as http:
        yield Owner(http, await enrol(http, added["link"]))


@asynccontextmanager
async def tenant_owner(running: Running, by: Owner, name: str, **fields: Any) -> AsyncIterator[Owner]:  # noqa: ANN401
    """A new tenant's first owner."""
    body = {"name": name, "owner_email": f"owner@{name.lower()}.example", **fields}
    founded = await ask(by, "POST", "/tenants", 201, **body)
    async with browser(running) as http:
        yield Owner(http, await enrol(http, founded["link"]))

"""The server as a whole: it starts, answers, refuses in one shape, and stops."""

from __future__ import annotations

import httpx2


async def test_health_and_readiness(client: httpx2.AsyncClient) -> None:
    assert (await client.get("/healthz")).json() == {"status": "ok"}
    ready = await client.get("/readyz")
    assert ready.status_code == 200
    assert ready.json() == {"status": "ok", "parts": {"database": True, "media": True}}

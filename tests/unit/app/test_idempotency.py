"""A request that is sent again is answered again, not carried out again."""

from __future__ import annotations

import asyncio

import httpx2

from accounts import Owner


async def _members(owner: Owner) -> int:
    return len((await owner.http.get("/api/v1/members")).json()["items"])


async def test_the_same_key_gives_the_same_answer_once_carried_out(owner: Owner) -> None:
    ask = {"email": "bob@example.org"}
    first = await owner.http.post("/api/v1/members", json=ask, headers={"idempotency-key": "k1"})
    again = await owner.http.post("/api/v1/members", json=ask, headers={"idempotency-key": "k1"})
    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()
    assert again.headers["idempotent-replayed"] == "true"
    assert await _members(owner) == 2


async def test_the_same_key_for_another_request_is_refused(owner: Owner) -> None:
    await owner.http.post("/api/v1/members", json={"email": "bob@example.org"}, headers={"idempotency-key": "k1"})
    other = await owner.http.post(
        "/api/v1/members", json={"email": "cy@example.org"}, headers={"idempotency-key": "k1"}
    )
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


async def test_a_refusal_is_not_kept(owner: Owner) -> None:
    headers = {"idempotency-key": "k1"}
    assert (await owner.http.post("/api/v1/members", json={"email": "x"}, headers=headers)).status_code == 422
    good = await owner.http.post("/api/v1/members", json={"email": "bob@example.org"}, headers=headers)
    assert good.status_code == 201


async def test_somebody_elses_key_is_another_key(owner: Owner, client: httpx2.AsyncClient) -> None:
    ask = {"email": "bob@example.org"}
    await owner.http.post("/api/v1/members", json=ask, headers={"idempotency-key": "k1"})
    stranger = await client.post("/api/v1/members", json=ask, headers={"idempotency-key": "k1"})
    assert stranger.status_code == 401


async def test_two_at_once_are_carried_out_once(owner: Owner) -> None:
    ask = {"email": "bob@example.org"}
    answers = await asyncio.gather(
        *(owner.http.post("/api/v1/members", json=ask, headers={"idempotency-key": "k1"}) for _ in range(4))
    )
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert await _members(owner) == 2


async def test_a_key_has_bounds(owner: Owner) -> None:
    answer = await owner.http.post("/api/v1/members", json={}, headers={"idempotency-key": "k" * 256})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_idempotency_key")

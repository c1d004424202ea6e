"""Passkeys: enrolling, adding, signing in, and what is refused."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest

from accounts import browser, owner_link, token_of
from authenticator import Authenticator
from conftest import SetClock, StartServer
from meetinghouse.app.server import Running


@pytest.fixture
async def named(start_server: StartServer) -> AsyncIterator[Running]:
    """A server that has a name, as passkeys need it."""
    async with start_server(server={"listen": "localhost:0"}) as running:
        yield running


async def _enrol(running: Running, http: httpx2.AsyncClient, key: Authenticator) -> dict[str, Any]:
    token = token_of(await owner_link(running))
    ask = {"token": token, "email": "ana@example.org", "name": "Ana"}
    asked = (await http.post("/api/v1/enrolments/passkey/options", json=ask)).json()
    passkey = {"challenge_id": asked["challenge_id"], "credential": key.register(asked["options"]), "name": "Phone"}
    answer = await http.post("/api/v1/enrolments", json={**ask, "passkey": passkey})
    assert answer.status_code == 200, answer.text
    me: dict[str, Any] = answer.json()
    return me


async def _sign_in(http: httpx2.AsyncClient, key: Authenticator) -> httpx2.Response:
    asked = (await http.post("/api/v1/session/passkey/options")).json()
    credential = key.sign_in(asked["options"])
    return await http.post(
        "/api/v1/session/passkey", json={"challenge_id": asked["challenge_id"], "credential": credential}
    )


async def test_a_passkey_alone_enrols_and_signs_in(named: Running) -> None:
    key = Authenticator(named.url)
    async with browser(named) as first, browser(named) as second:
        me = await _enrol(named, first, key)
        assert (me["has_password"], [one["name"] for one in me["passkeys"]]) == (False, ["Phone"])
        answer = await _sign_in(second, key)
        assert answer.json()["id"] == me["id"]
        assert (await second.get("/api/v1/me")).status_code == 200


async def test_another_key_origin_or_an_unverified_person_is_refused(named: Running) -> None:
    key = Authenticator(named.url)
    async with browser(named) as http, browser(named) as other:
        await _enrol(named, http, key)
        assert (await _sign_in(other, Authenticator(named.url))).json()["code"] == "wrong_credentials"
        key.origin = "http://localhost.evil.example"
        assert (await _sign_in(other, key)).json()["code"] == "passkey_refused"
        key.origin = named.url
        key.verified = False
        assert (await _sign_in(other, key)).json()["code"] == "passkey_refused"
        assert (await other.get("/api/v1/me")).status_code == 401


async def test_an_answer_counts_once_and_a_copied_key_is_noticed(named: Running) -> None:
    key = Authenticator(named.url)
    async with browser(named) as http, browser(named) as other:
        await _enrol(named, http, key)
        asked = (await other.post("/api/v1/session/passkey/options")).json()
        answer = {"challenge_id": asked["challenge_id"], "credential": key.sign_in(asked["options"])}
        assert (await other.post("/api/v1/session/passkey", json=answer)).status_code == 200
        assert (await other.post("/api/v1/session/passkey", json=answer)).json()["code"] == "challenge_expired"
        key.count -= 1
        assert (await _sign_in(other, key)).json()["code"] == "passkey_refused"


async def test_a_challenge_expires(start_server: StartServer) -> None:
    clock = SetClock()
    async with start_server(clock=clock, server={"listen": "localhost:0"}) as running, browser(running) as http:
        key = Authenticator(running.url)
        await _enrol(running, http, key)
        asked = (await http.post("/api/v1/session/passkey/options")).json()
        clock.advance(301)
        answer = {"challenge_id": asked["challenge_id"], "credential": key.sign_in(asked["options"])}
        assert (await http.post("/api/v1/session/passkey", json=answer)).json()["code"] == "challenge_expired"


async def test_passkeys_are_added_and_removed_but_never_the_last_way_in(named: Running) -> None:
    first, second = Authenticator(named.url), Authenticator(named.url)
    async with browser(named) as http, browser(named) as other:
        me = await _enrol(named, http, first)
        only = f"/api/v1/me/passkeys/{me['passkeys'][0]['id']}"
        assert (await http.delete(only)).json()["code"] == "last_credential"
        asked = (await http.post("/api/v1/me/passkeys/options")).json()
        added = {"challenge_id": asked["challenge_id"], "credential": second.register(asked["options"]), "name": "Key"}
        assert (await http.post("/api/v1/me/passkeys", json=added)).status_code == 201
        assert (await http.delete(only)).status_code == 204
        assert (await _sign_in(other, first)).status_code == 401
        assert (await _sign_in(other, second)).status_code == 200


@pytest.mark.parametrize("credential", [{}, {"id": 5}, {"rawId": "é"}, {"id": "AAAA", "rawId": "AAAA", "response": []}])
async def test_nonsense_is_refused(named: Running, credential: dict[str, Any]) -> None:
    async with browser(named) as http:
        asked = (await http.post("/api/v1/session/passkey/options")).json()
        answer = {"challenge_id": asked["challenge_id"], "credential": credential}
        assert (await http.post("/api/v1/session/passkey", json=answer)).status_code == 401


async def test_a_server_known_by_an_address_says_why_it_has_no_passkeys(server: Running) -> None:
    async with browser(server) as http:
        answer = await http.post("/api/v1/session/passkey/options")
        assert (answer.status_code, answer.json()["code"]) == (409, "passkeys_unavailable")

"""A second factor for everybody: who has yet to show it may do nothing else, however they signed in."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from accounts import PASSWORD, browser, enrol
from authenticator import Authenticator
from houses import House
from identity_providers import put_provider
from organisations import ask

pytestmark = [pytest.mark.database, pytest.mark.asyncio(loop_scope="session")]


async def _add(http: httpx2.AsyncClient, key: Authenticator, expect: int = 201) -> None:
    asked = (await http.post("/api/v1/me/passkeys/options")).json()
    made = {"challenge_id": asked["challenge_id"], "credential": key.register(asked["options"])}
    answer = await http.post("/api/v1/me/passkeys", json=made)
    assert answer.status_code == expect, answer.text


async def _show(http: httpx2.AsyncClient, key: Authenticator) -> dict[str, Any]:
    asked = (await http.post("/api/v1/session/second-factor/options")).json()
    shown = {"challenge_id": asked["challenge_id"], "credential": key.sign_in(asked["options"])}
    answer: dict[str, Any] = (await http.post("/api/v1/session/second-factor", json=shown)).json()
    return answer


async def _sign_in(http: httpx2.AsyncClient, email: str) -> dict[str, Any]:
    answer = await http.post("/api/v1/session", json={"email": email, "password": PASSWORD})
    assert answer.status_code == 200, answer.text
    me: dict[str, Any] = answer.json()
    return me


async def _may(http: httpx2.AsyncClient) -> bool:
    """Whether this browser may do what its member may."""
    answer = await http.get("/api/v1/meetings")
    assert answer.status_code == 200 or answer.json()["code"] == "second_factor_needed", answer.text
    return answer.status_code == 200


async def _require(house: House, key: Authenticator) -> None:
    """The owner adds a passkey, and asks everybody for one."""
    await _add(house.owner.http, key)
    shown = await ask(house.owner, "PUT", "/identity/second-factor", required=True)
    assert shown["second_factor"]


async def test_everybody_shows_a_passkey_who_is_signed_in_and_who_comes(house: House) -> None:
    first = await ask(house.owner, "PUT", "/identity/second-factor", 409, required=True)
    assert first["code"] == "second_factor_first"
    invited = await ask(house.owner, "POST", "/members", 201, email=(email := f"ben@{house.owner.me['id']}.example"))
    keys = [Authenticator(house.running.url) for _ in range(3)]
    async with browser(house.running) as http, browser(house.running) as second:
        await enrol(http, invited["link"])
        meeting = (await http.post("/api/v1/meetings", json={"settings": {"lobby": False}})).json()
        assert await _may(http)
        await _require(house, keys[0])
        # Whoever was signed in before may do no more than who comes now.
        assert not await _may(http)
        assert (await http.get("/api/v1/me")).json()["second_factor"] == "add"
        for method, path in (
            ("GET", "/sessions"),
            ("PATCH", "/me"),
            ("POST", "/tokens"),
            ("GET", f"/meetings/{meeting['id']}"),
            ("POST", f"/meetings/{meeting['id']}/tickets"),
        ):
            answer = await http.request(method, f"/api/v1{path}", json={})
            assert (answer.status_code, answer.json()["code"]) == (403, "second_factor_needed"), path
        await _add(http, keys[1])
        assert await _may(http)
        # A password alone neither does anything nor adds another passkey beside the one there is.
        assert (await _sign_in(second, email))["second_factor"] == "show"
        assert not await _may(second)
        assert (await second.post("/api/v1/me/passkeys/options")).json()["code"] == "second_factor_needed"
        assert (await _show(second, keys[2]))["code"] == "wrong_credentials"
        assert (await _show(second, keys[0]))["code"] == "wrong_credentials"
        assert not await _may(second)
        assert (await _show(second, keys[1]))["second_factor"] is None
        assert await _may(second)
        only = (await second.get("/api/v1/me")).json()["passkeys"][0]["id"]
        assert (await second.delete(f"/api/v1/me/passkeys/{only}")).json()["code"] == "last_second_factor"
        # Signing out is always possible, and the policy ends as it began.
        await _sign_in(http, email)
        assert (await http.delete("/api/v1/session")).status_code == 204
        await _sign_in(http, email)
        assert not await _may(http)
        await ask(house.owner, "PUT", "/identity/second-factor", required=False)
        assert await _may(http)
    assert {"set_second_factor", "show_second_factor"} <= {
        one["action"] for one in (await ask(house.owner, "GET", "/audit"))["items"]
    }


async def test_a_provider_that_asks_for_two_factors_is_enough_where_the_organisation_says_so(house: House) -> None:
    await _require(house, Authenticator(house.running.url))
    await ask(house.owner, "POST", "/members", 201, email="ben@harbour.example")
    async with browser(house.running) as http:
        assert (await house.comes(http, amr=["pwd", "mfa"])).json()["second_factor"] == "add"
        await put_provider(
            house.owner, house.liar.issuer, house.liar.client_id, second_factor_values=["mfa", "urn:strong"]
        )
        for said, is_enough in (
            ({"amr": ["pwd", "mfa"]}, True),
            ({"acr": "urn:strong"}, True),
            ({"amr": ["pwd"]}, False),
            ({"amr": {"mfa": 1}}, False),
            ({"acr": "urn:strong2"}, False),
            ({}, False),
        ):
            await house.comes(http, **said)
            assert await _may(http) is is_enough, said

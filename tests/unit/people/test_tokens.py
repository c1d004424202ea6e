"""Bearer tokens: never more, nor longer, than who made them."""

from __future__ import annotations

from datetime import timedelta

import httpx2
import pytest

from accounts import Owner, browser, enrol
from conftest import SetClock, StartServer
from meetinghouse.app.server import Running
from meetinghouse.people.model import Scope
from meetinghouse.people.tokens import make_operators_token


def _bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


async def _operators_token(running: Running, *scopes: Scope, lifetime: timedelta = timedelta(hours=1)) -> str:
    services = running.services
    made = await make_operators_token(
        services.db, services.keys, services.clock, member_email=None, scopes=list(scopes), lifetime=lifetime
    )
    return made.token


async def test_the_operator_makes_a_token_before_any_owner_has_enrolled(
    server: Running, client: httpx2.AsyncClient
) -> None:
    me = (await client.get("/api/v1/me", headers=_bearer(await _operators_token(server)))).json()
    assert me["role"] == "owner"
    assert set(me["scopes"]) == set(Scope)


async def test_a_token_may_do_what_its_scopes_say(server: Running, client: httpx2.AsyncClient) -> None:
    headers = _bearer(await _operators_token(server, Scope.MEMBERS_READ))
    assert (await client.get("/api/v1/members", headers=headers)).status_code == 200
    refused = await client.post("/api/v1/members", json={"email": "b@example.org"}, headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (403, "missing_scope")


async def test_a_token_ends(start_server: StartServer) -> None:
    clock = SetClock()
    async with start_server(clock=clock) as running:
        headers = _bearer(await _operators_token(running))
        async with httpx2.AsyncClient(base_url=running.url, headers=headers, trust_env=False) as http:
            clock.advance(3599)
            assert (await http.get("/api/v1/me")).status_code == 200
            clock.advance(1)
            assert (await http.get("/api/v1/me")).json()["code"] == "token_refused"


async def test_a_token_makes_neither_stronger_nor_longer_tokens(server: Running, client: httpx2.AsyncClient) -> None:
    headers = _bearer(await _operators_token(server, Scope.MEETINGS_READ))
    stronger = await client.post("/api/v1/tokens", json={"scopes": ["admin"]}, headers=headers)
    assert stronger.status_code == 403
    longer = (await client.post("/api/v1/tokens", json={"expires_in_seconds": 86_400}, headers=headers)).json()
    mine = (await client.get("/api/v1/tokens", headers=headers)).json()["items"]
    assert longer["scopes"] == ["meetings:read"]
    assert longer["expires_at"] == min(one["expires_at"] for one in mine)


async def test_a_token_cannot_change_how_people_sign_in(server: Running, client: httpx2.AsyncClient) -> None:
    headers = _bearer(await _operators_token(server))
    change = {"password": {"current": "", "new": "another tall giraffe"}}
    assert (await client.patch("/api/v1/me", json=change, headers=headers)).status_code == 403
    assert (await client.post("/api/v1/me/passkeys/options", headers=headers)).status_code == 403


async def test_a_revoked_token_is_over(owner: Owner, client: httpx2.AsyncClient) -> None:
    made = (await owner.http.post("/api/v1/tokens", json={"name": "bot", "scopes": ["meetings:read"]})).json()
    assert (await client.get("/api/v1/me", headers=_bearer(made["token"]))).status_code == 200
    listed = (await owner.http.get("/api/v1/tokens")).json()["items"]
    assert [(one["id"], one["name"]) for one in listed] == [(made["id"], "bot")]
    assert (await owner.http.delete(f"/api/v1/tokens/{made['id']}")).status_code == 204
    assert (await client.get("/api/v1/me", headers=_bearer(made["token"]))).status_code == 401


async def test_an_administrator_makes_tokens_for_members_not_for_owners(server: Running, owner: Owner) -> None:
    invited = (await owner.http.post("/api/v1/members", json={"email": "adm@example.org", "role": "admin"})).json()
    await owner.http.post("/api/v1/members", json={"email": "bob@example.org"})
    async with browser(server) as http:
        await enrol(http, invited["link"])
        for_member = await http.post("/api/v1/tokens", json={"member": "bob@example.org"})
        assert for_member.json()["scopes"] == ["meetings:read", "meetings:write", "participants:admit"]
        assert (await http.post("/api/v1/tokens", json={"owner": True})).status_code == 403
        assert (await http.post("/api/v1/tokens", json={"member": "no@example.org"})).status_code == 404


@pytest.mark.parametrize("token", ["x", "mht_", "é" * 40, "a" * 5000])
async def test_nonsense_is_refused(client: httpx2.AsyncClient, token: str) -> None:
    answer = await client.get("/api/v1/me", headers={b"authorization": f"Bearer {token}".encode()})
    assert answer.status_code == 401

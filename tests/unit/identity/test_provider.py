"""Signing in through an organisation's provider: who comes in and as what, and what a provider that is wrong brings about."""

from __future__ import annotations

import httpx2
import pytest
from joserfc.jwk import OctKey, RSAKey

from accounts import Owner, browser
from houses import House
from identity_providers import (
    begin,
    come_back,
    lying_provider,
    put_provider,
    register,
    sign_in_at,
)
from organisations import ask, tenant_owner

# What uses a server that another test has used is on its loop, and on its database.
pytestmark = [pytest.mark.database, pytest.mark.asyncio(loop_scope="session")]


async def test_invited_people_sign_in_by_a_real_provider_and_their_role_follows_it(house: House, issuer: str) -> None:
    shown = await put_provider(house.owner, issuer, "none-yet")
    client = await register(issuer, shown["redirect_uri"])
    await put_provider(house.owner, issuer, **client, role_claim="groups", admin_values=["meet-admins"])
    for name in ("ben", "boss"):
        await ask(house.owner, "POST", "/members", 201, email=f"{name}@harbour.example")
    for name, role in (("ben", "member"), ("boss", "admin"), ("owner", "owner")):
        email = house.owner.me["email"] if name == "owner" else f"{name}@harbour.example"
        async with browser(house.running) as http:
            back = await sign_in_at(await begin(http, house.owner), email)
            assert "iss" in back
            me = (await come_back(http, **back)).json()
            assert (me["email"], me["role"], me["tenant"]["name"]) == (email, role, "Harbour")
            # A host's own room comes with an account, and the answer is good once.
            assert me["personal_meeting_id"]
            assert (await come_back(http, **back)).json()["code"] == "challenge_expired"
    async with browser(house.running) as http:
        stranger = await come_back(http, **await sign_in_at(await begin(http, house.owner), "eve@harbour.example"))
        unproved = await come_back(http, **await sign_in_at(await begin(http, house.owner), "unproved@harbour.example"))
        refused = await come_back(http, state=house.liar.begun(await begin(http, house.owner)))
    assert [one.json()["code"] for one in (stranger, unproved, refused)] == [
        "not_a_member",
        "email_unverified",
        "provider_refused",
    ]
    log = (await ask(house.owner, "GET", "/audit"))["items"]
    assert {"set_provider", "enrol_by_provider", "sign_in_by_provider", "change_member"} <= {
        one["action"] for one in log
    }
    assert client["client_secret"] not in str(log) + str(await ask(house.owner, "GET", "/identity"))


async def test_a_provider_that_lies_is_refused(house: House) -> None:
    await ask(house.owner, "POST", "/members", 201, email="ben@harbour.example")
    now = int(house.clock.now().timestamp())
    for lies in (
        {"iss": "http://127.0.0.1:1"},
        {"aud": "somebody-else"},
        {"aud": [house.liar.client_id, "somebody-else"]},
        {"azp": "somebody-else"},
        {"nonce": "another"},
        {"nonce": None},
        {"exp": now - 61},
        {"exp": None},
        {"iat": now + 61},
        {"sub": None},
        {"sub": ""},
        {"sub": 7},
    ):
        assert await house.refused(**lies) == "provider_wrong", lies
    for alg in ("none", "HS256"):
        house.liar.alg = alg
        if alg == "HS256":
            house.liar.key = OctKey.generate_key(256, {"kid": "first"})
        assert await house.refused() == "provider_wrong", alg
    house.liar.alg, house.liar.key = "RS256", RSAKey.generate_key(2048, {"kid": "first"})
    assert await house.refused() == "provider_wrong"
    house.liar.key = house.liar.shown[0]
    house.liar.metadata = {"issuer": "http://127.0.0.1:1"}
    house.clock.advance(3601)
    async with browser(house.running) as http:
        answer = await http.post("/api/v1/session/organisation", json={"organisation": house.owner.me["tenant"]["id"]})
        assert (answer.status_code, answer.json()["code"]) == (502, "provider_wrong")
        house.liar.metadata = {}
        # Clocks may be a little apart.
        assert (await house.comes(http, exp=int(house.clock.now().timestamp()) - 59)).status_code == 200


async def test_new_keys_are_fetched_and_no_token_makes_us_ask_too_often(house: House) -> None:
    await ask(house.owner, "POST", "/members", 201, email="ben@harbour.example")
    house.liar.key = RSAKey.generate_key(2048, {"kid": "second"})
    before = len(house.liar.asked)
    assert await house.refused() == "provider_wrong"
    assert [path for path in house.liar.asked[before:] if path == "/jwks"] == []
    house.liar.shown.append(house.liar.key)
    house.clock.advance(31)
    async with browser(house.running) as http:
        assert (await house.comes(http)).status_code == 200


async def test_a_provider_that_is_down_or_beyond_reach_is_told_of(house: House) -> None:
    tenant = house.owner.me["tenant"]["id"]
    body = {"issuer": house.liar.issuer, "client_id": "c"}
    house.liar.status = 302
    answer = await ask(house.owner, "PUT", "/identity/provider", 502, **body)
    assert answer["code"] == "provider_unreachable"
    for issuer in ("http://192.0.2.1", "https://169.254.169.254", "https://localhost:1", "https://nowhere.invalid"):
        answer = await ask(house.owner, "PUT", "/identity/provider", 502, **{**body, "issuer": issuer})
        assert answer["code"] == "provider_unreachable", issuer
    for issuer in ("", "ftp://login.example", "https://a:b@login.example", "https://login.example/#x"):
        answer = await ask(house.owner, "PUT", "/identity/provider", 422, **{**body, "issuer": issuer})
        assert answer["code"] == "invalid_url", issuer
    house.liar.status = 200
    # What it names is held to the same: the keys are not read from where we alone could ask.
    house.liar.metadata = {"jwks_uri": "https://10.0.0.1/keys"}
    assert (await ask(house.owner, "PUT", "/identity/provider", 502, **body))["code"] == "provider_unreachable"
    house.clock.advance(3601)
    async with browser(house.running) as http:
        answer = await http.post("/api/v1/session/organisation", json={"organisation": tenant})
        assert (answer.status_code, answer.json()["code"]) == (502, "provider_unreachable")


async def test_an_account_is_its_tenants_and_its_subjects_alone(house: House) -> None:
    """An address proves nothing in another tenant, nor for somebody else of the same provider."""
    async with tenant_owner(house.running, house.operator, "Other") as other:
        await ask(other, "POST", "/members", 201, email="ben@harbour.example")
        assert await house.refused() == "not_a_member"
        await ask(house.owner, "POST", "/members", 201, email="ben@harbour.example")
        async with browser(house.running) as http:
            me = (await house.comes(http)).json()
            assert me["tenant"]["id"] == house.owner.me["tenant"]["id"]
            # Whoever gets the address later is not the one who had it, who may be called otherwise meanwhile.
            assert await house.refused(sub="s-2") == "linked_otherwise"
            assert (await house.comes(http, email="benjamin@harbour.example")).json()["id"] == me["id"]
            path = f"/members/{me['id']}"
            await ask(house.owner, "PATCH", path, status="disabled")
            assert (await http.get("/api/v1/me")).status_code == 401
            assert await house.refused() == "account_disabled"
        assert (await house.owner.http.delete(f"/api/v1{path}")).status_code == 204
        assert await house.refused() == "not_a_member"


async def test_another_browser_cannot_end_a_sign_in(house: House) -> None:
    await ask(house.owner, "POST", "/members", 201, email="ben@harbour.example")
    async with browser(house.running) as mine, browser(house.running) as other:
        state = house.liar.begun(await begin(mine, house.owner))
        await begin(other, house.owner)
        assert (await come_back(other, state=state, code="c")).json()["code"] == "challenge_expired"
        late = house.liar.begun(await begin(mine, house.owner))
        house.clock.advance(901)
        assert (await come_back(mine, state=late, code="c")).json()["code"] == "challenge_expired"
        assert (await come_back(mine, state="none", code="c")).json()["code"] == "challenge_expired"


async def test_who_sets_it_is_an_owner_who_is_here(house: House) -> None:
    await ask(house.owner, "POST", "/members", 201, email="ben@harbour.example", role="admin")
    body = {"issuer": house.liar.issuer, "client_id": "client"}
    async with browser(house.running) as http:
        admin = Owner(http, (await house.comes(http)).json())
        assert admin.me["role"] == "admin"
        for method, path in (("GET", "/identity"), ("PUT", "/identity/provider"), ("DELETE", "/identity/provider")):
            assert (await ask(admin, method, path, 403, **body))["code"] == "missing_scope"
    token = (await ask(house.owner, "POST", "/tokens", 201))["token"]
    async with httpx2.AsyncClient(base_url=house.running.url, trust_env=False) as program:
        answer = await program.get("/api/v1/identity", headers={"authorization": f"Bearer {token}"})
        assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")
    for wrong, code in (
        ({"client_id": " "}, "client_missing"),
        ({"domains": ["a b"]}, "invalid_domain"),
        ({"admin_values": ["x" * 201]}, "too_long"),
    ):
        assert (await ask(house.owner, "PUT", "/identity/provider", 422, **{**body, **wrong}))["code"] == code
    assert (await house.owner.http.delete("/api/v1/identity/provider")).status_code == 204
    async with browser(house.running) as http:
        for who in (
            {"organisation": house.owner.me["tenant"]["id"]},
            {"organisation": "none"},
            {"email": "a@b.example"},
            {},
        ):
            answer = await http.post("/api/v1/session/organisation", json=who)
            assert (answer.status_code, answer.json()["code"]) == (404, "no_provider")


async def test_the_plans_seats_bind_invitations_and_returns(house: House) -> None:
    await ask(house.operator, "PUT", "/plans/small", name="Small", entitlements={"seats": 2})
    await ask(house.operator, "PATCH", f"/tenants/{house.owner.me['tenant']['id']}", plan="small")
    invited = await ask(house.owner, "POST", "/members", 201, email="ben@harbour.example")
    assert (await ask(house.owner, "POST", "/members", 409, email="c@harbour.example"))["code"] == "seats_taken"
    async with browser(house.running) as http:
        assert (await house.comes(http)).status_code == 200
    path = f"/members/{invited['member']['id']}"
    await ask(house.owner, "PATCH", path, status="disabled")
    await ask(house.owner, "POST", "/members", 201, email="c@harbour.example")
    assert (await ask(house.owner, "PATCH", path, 409, status="active"))["code"] == "seats_taken"


async def test_a_secret_goes_to_nobody_but_the_one_it_is_for(house: House) -> None:
    shown = await put_provider(house.owner, house.liar.issuer, "client", client_secret="s3cret")
    assert shown["provider"]["has_secret"]
    assert (await put_provider(house.owner, house.liar.issuer, "client"))["provider"]["has_secret"]
    with lying_provider(lambda: 0) as other:
        assert not (await put_provider(house.owner, other.issuer, "client"))["provider"]["has_secret"]


async def test_the_operator_serves_its_own_domains_without_a_proof(house: House) -> None:
    """Whoever runs the installation is found by the address, and lets the provider make members."""
    body = {"issuer": house.liar.issuer, "client_id": house.liar.client_id, "domains": ["@Own.example"]}
    shown = await ask(house.operator, "PUT", "/identity/provider", **body, makes_members=True)
    assert shown["provider"]["domains"] == [{"name": "own.example", "verified": True}]
    shown = await ask(house.owner, "PUT", "/identity/provider", **body)
    assert shown["provider"]["domains"] == [{"name": "own.example", "verified": False}]
    async with browser(house.running) as http:
        begun = await http.post("/api/v1/session/organisation", json={"email": "Nobody.Yet@own.example"})
        house.liar.lies = {"sub": house.owner.me["id"], "email": "new@own.example", "name": "New"}
        answer = await http.post(
            "/api/v1/session/organisation/answer",
            json={"state": house.liar.begun(begun.json()["location"]), "code": "c"},
        )
        me = answer.json()
        assert (me["email"], me["name"], me["role"]) == ("new@own.example", "New", "member")
        assert me["tenant"]["id"] == house.operator.me["tenant"]["id"]
        assert (await http.get("/api/v1/meetings")).status_code == 200
        for email in ("a@other.example", "a@x.own.example", "nonsense"):
            answer = await http.post("/api/v1/session/organisation", json={"email": email})
            assert (answer.status_code, answer.json()["code"]) == (404, "no_provider")

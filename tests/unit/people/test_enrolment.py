"""One-time links: the owner, invited people, and those who lost their way in."""

from __future__ import annotations

import httpx2

from accounts import PASSWORD, Owner, browser, enrol, owner_link, token_of
from conftest import SetClock, StartServer
from meetinghouse.app.server import Running


async def test_the_owner_enrols_by_the_link_and_is_signed_in(server: Running) -> None:
    async with browser(server) as http:
        link = await owner_link(server)
        look = (await http.post("/api/v1/enrolments/look", json={"token": token_of(link)})).json()
        assert look == {"kind": "owner", "email": None, "name": None, "tenant_name": "Meetinghouse"}
        me = await enrol(http, link, name="Ana", email=" Ana@Example.ORG ")
        assert (me["name"], me["email"], me["role"], me["has_password"]) == ("Ana", "ana@example.org", "owner", True)
        assert (await http.get("/api/v1/me")).json() == me


async def test_a_link_works_once(server: Running) -> None:
    async with browser(server) as http:
        link = await owner_link(server)
        await enrol(http, link, name="Ana", email="ana@example.org")
        again = await http.post("/api/v1/enrolments", json={"token": token_of(link), "password": PASSWORD})
        assert (again.status_code, again.json()["code"]) == (403, "link_refused")


async def test_a_newer_link_ends_the_older(server: Running) -> None:
    async with browser(server) as http:
        old, new = await owner_link(server), await owner_link(server)
        assert (await http.post("/api/v1/enrolments/look", json={"token": token_of(old)})).status_code == 403
        assert (await http.post("/api/v1/enrolments/look", json={"token": token_of(new)})).status_code == 200


async def test_a_link_expires(start_server: StartServer) -> None:
    clock = SetClock()
    async with start_server(clock=clock) as running, browser(running) as http:
        link = await owner_link(running)
        clock.advance(24 * 3600)
        assert (await http.post("/api/v1/enrolments/look", json={"token": token_of(link)})).status_code == 403


async def test_guessing_links_is_limited(start_server: StartServer) -> None:
    async with start_server(limits={"links_per_address": "3/10m"}) as running, browser(running) as http:
        for _ in range(3):
            assert (await http.post("/api/v1/enrolments/look", json={"token": "x"})).status_code == 403
        limited = await http.post("/api/v1/enrolments/look", json={"token": "x"})
        assert (limited.status_code, limited.json()["code"]) == (429, "too_many_attempts")
        assert 0 < int(limited.headers["retry-after"]) <= 600


async def test_weak_passwords_are_refused_and_use_nothing_up(server: Running) -> None:
    async with browser(server) as http:
        link = await owner_link(server)
        for password, code in (("short", "password_too_short"), ("Password2026!", "password_too_common")):
            ask = {"token": token_of(link), "name": "Ana", "email": "ana@example.org", "password": password}
            answer = await http.post("/api/v1/enrolments", json=ask)
            assert (answer.status_code, answer.json()["code"]) == (422, code)
        await enrol(http, link, name="Ana", email="ana@example.org")


async def test_an_invited_member_enrols_and_has_a_members_rights(server: Running, owner: Owner) -> None:
    invited = (await owner.http.post("/api/v1/members", json={"email": "bob@example.org", "name": "Bob"})).json()
    assert invited["member"]["status"] == "invited"
    async with browser(server) as http:
        me = await enrol(http, invited["link"])
        assert (me["email"], me["name"], me["role"]) == ("bob@example.org", "Bob", "member")
        assert me["scopes"] == ["meetings:read", "meetings:write", "participants:admit"]
        assert (await http.get("/api/v1/members")).status_code == 403
        assert (await http.get("/api/v1/audit")).status_code == 403


async def test_a_reset_ends_every_earlier_way_in(server: Running, owner: Owner) -> None:
    invited = (await owner.http.post("/api/v1/members", json={"email": "bob@example.org"})).json()
    async with browser(server) as old, browser(server) as new:
        await enrol(old, invited["link"])
        token = (await old.post("/api/v1/tokens", json={})).json()["token"]
        reset = (await owner.http.post(f"/api/v1/members/{invited['member']['id']}/reset")).json()
        assert (await old.get("/api/v1/me")).status_code == 200
        await enrol(new, reset["link"], password="another tall giraffe")
        assert (await old.get("/api/v1/me")).status_code == 401
        async with httpx2.AsyncClient(base_url=server.url, trust_env=False) as program:
            assert (await program.get("/api/v1/me", headers={"authorization": f"Bearer {token}"})).status_code == 401
            sign_in = {"email": "bob@example.org", "password": PASSWORD}
            assert (await program.post("/api/v1/session", json=sign_in)).status_code == 401


async def test_an_address_has_one_account(owner: Owner) -> None:
    first = await owner.http.post("/api/v1/members", json={"email": "bob@example.org"})
    second = await owner.http.post("/api/v1/members", json={"email": "BOB@example.org"})
    assert first.status_code == 201
    assert (second.status_code, second.json()["code"]) == (409, "email_taken")

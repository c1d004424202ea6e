"""Signing in and out."""

from __future__ import annotations

import httpx2

from accounts import PASSWORD, Owner, browser, signed_in_owner
from conftest import SetClock, StartServer
from meetinghouse.app.server import Running

SIGN_IN = {"email": "ana@example.org", "password": PASSWORD}


async def test_signing_in_by_password_sets_a_cookie_that_scripts_cannot_read(server: Running, owner: Owner) -> None:
    async with browser(server) as http:
        answer = await http.post("/api/v1/session", json={**SIGN_IN, "email": "Ana@EXAMPLE.org"})
        assert answer.json()["id"] == owner.me["id"]
        cookie = answer.headers["set-cookie"].lower()
        assert cookie.startswith("session=")
        assert {"httponly", "samesite=lax", "path=/"} <= {part.strip() for part in cookie.split(";")}


async def test_unknown_and_wrong_answer_alike(server: Running, owner: Owner) -> None:
    assert owner.me["email"] == SIGN_IN["email"]
    async with browser(server) as http:
        wrong = await http.post("/api/v1/session", json={**SIGN_IN, "password": "wrong wrong wrong"})
        unknown = await http.post("/api/v1/session", json={**SIGN_IN, "email": "nobody@example.org"})
        assert wrong.status_code == unknown.status_code == 401
        assert wrong.content == unknown.content


async def test_failures_are_limited_per_account_and_a_success_is_not_one(start_server: StartServer) -> None:
    clock = SetClock()
    limits = {"sign_ins_per_account": "2/10m"}
    async with start_server(clock=clock, limits=limits) as running, signed_in_owner(running), browser(running) as http:
        for _ in range(3):
            assert (await http.post("/api/v1/session", json=SIGN_IN)).status_code == 200
        for _ in range(2):
            await http.post("/api/v1/session", json={**SIGN_IN, "password": "wrong wrong wrong"})
        limited = await http.post("/api/v1/session", json=SIGN_IN)
        assert limited.status_code == 429
        clock.advance(int(limited.headers["retry-after"]))
        assert (await http.post("/api/v1/session", json=SIGN_IN)).status_code == 200


async def test_signing_out_ends_the_session(owner: Owner) -> None:
    assert (await owner.http.delete("/api/v1/session")).status_code == 204
    assert (await owner.http.get("/api/v1/me")).json()["code"] == "not_signed_in"


async def test_another_browser_can_be_signed_out(server: Running, owner: Owner) -> None:
    async with browser(server) as other:
        await other.post("/api/v1/session", json=SIGN_IN)
        found = (await owner.http.get("/api/v1/sessions")).json()["items"]
        assert [one["current"] for one in found] == [False, True]
        assert (await owner.http.delete(f"/api/v1/sessions/{found[0]['id']}")).status_code == 204
        assert (await other.get("/api/v1/me")).status_code == 401
        assert (await owner.http.get("/api/v1/me")).status_code == 200


async def test_a_session_ends_when_it_is_not_used_and_by_its_age(start_server: StartServer) -> None:
    clock = SetClock()
    people = {"sign_in_idle_hours": 10, "sign_in_max_hours": 25}
    async with start_server(clock=clock, people=people) as running, signed_in_owner(running) as owner:
        for _ in range(3):
            clock.advance(8 * 3600)
            assert (await owner.http.get("/api/v1/me")).status_code == 200
        clock.advance(3600)
        assert (await owner.http.get("/api/v1/me")).status_code == 401


async def test_a_session_survives_a_restart(start_server: StartServer) -> None:
    async with start_server() as running, signed_in_owner(running) as owner:
        cookies = dict(owner.http.cookies)
    async with (
        start_server() as again,
        httpx2.AsyncClient(base_url=again.url, cookies=cookies, trust_env=False) as http,
    ):
        assert (await http.get("/api/v1/me")).json()["id"] == owner.me["id"]


async def test_another_sites_page_cannot_act_with_the_cookie(owner: Owner) -> None:
    refused = [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "", "sec-fetch-site": "cross-site"},
        {"origin": str(owner.http.base_url).replace("http", "https").rstrip("/")},
    ]
    for headers in refused:
        answer = await owner.http.patch("/api/v1/me", json={"name": "Eve"}, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (403, "cross_origin"), headers
    form = await owner.http.post("/api/v1/tokens", data={"name": "x"})
    assert form.status_code == 415
    assert (await owner.http.get("/api/v1/me")).json()["name"] == "Ana"


async def test_a_cookie_without_any_sign_of_its_page_is_refused(server: Running, owner: Owner) -> None:
    async with httpx2.AsyncClient(base_url=server.url, cookies=dict(owner.http.cookies), trust_env=False) as http:
        assert (await http.get("/api/v1/me")).status_code == 200
        assert (await http.patch("/api/v1/me", json={"name": "Eve"})).json()["code"] == "cross_origin"


async def test_changing_the_password_takes_the_current_one_and_ends_other_sign_ins(
    server: Running, owner: Owner
) -> None:
    async with browser(server) as other:
        await other.post("/api/v1/session", json=SIGN_IN)
        change = {"current": "wrong wrong wrong", "new": "another tall giraffe"}
        refused = await owner.http.patch("/api/v1/me", json={"password": change})
        assert (refused.status_code, refused.json()["code"]) == (403, "wrong_credentials")
        change["current"] = PASSWORD
        assert (await owner.http.patch("/api/v1/me", json={"password": change})).status_code == 200
        assert (await owner.http.get("/api/v1/me")).status_code == 200
        assert (await other.get("/api/v1/me")).status_code == 401


async def test_names_are_cleaned(owner: Owner) -> None:
    shown = await owner.http.patch("/api/v1/me", json={"name": " A\u202en\u200ba\n\t🦊  ", "language": "zh-CN"})
    assert (shown.json()["name"], shown.json()["language"]) == ("Ana 🦊", "zh-CN")
    empty = await owner.http.patch("/api/v1/me", json={"name": "\u200b\u3164"})
    assert (empty.status_code, empty.json()["code"]) == (422, "name_missing")

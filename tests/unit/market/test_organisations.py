"""Partners, plans and tenants: who may see and change what, and what is refused."""

from __future__ import annotations

from contextlib import AsyncExitStack

import pytest

from accounts import PASSWORD, Owner, browser, signed_in_owner
from conftest import SetClock, StartServer
from meetinghouse.app.server import Running
from meetinghouse.security.lookalikes import skeleton
from organisations import ask, partner_staff, tenant_owner

# Longer than what was read of tenants is believed.
_LATER_SECONDS = 2


async def _names(who: Owner, query: str = "") -> list[str]:
    return [one["name"] for one in (await ask(who, "GET", f"/tenants{query}"))["items"]]


async def test_staff_see_their_own_tenants_and_those_below_and_nobody_elses(server: Running, owner: Owner) -> None:
    async with AsyncExitStack() as stack:
        bizconf = await stack.enter_async_context(partner_staff(server, owner, "bizconf"))
        zhumu = await stack.enter_async_context(partner_staff(server, owner, "zhumu"))
        below = await stack.enter_async_context(partner_staff(server, bizconf, "huawan", kind="reseller"))
        for who, name in ((owner, "Direct"), (bizconf, "Harbour"), (below, "Lower"), (zhumu, "Other")):
            await stack.enter_async_context(tenant_owner(server, who, name))
        assert await _names(bizconf) == ["Harbour", "Huawan", "Lower"]
        assert await _names(below) == ["Lower"]
        assert await _names(zhumu) == ["Other"]
        assert set(await _names(owner)) >= {"Direct", "Harbour", "Lower", "Other"}
        items = (await ask(owner, "GET", "/tenants"))["items"]
        found = {one["name"]: one for one in items}
        assert (found["Lower"]["partner"], found["Lower"]["channel"]) == ("huawan", "partner")
        assert (found["Direct"]["partner"], found["Direct"]["channel"]) == (None, "direct")
        lower, other = found["Lower"]["id"], found["Other"]["id"]
        await ask(bizconf, "PATCH", f"/tenants/{lower}", name="Lowest")
        for method, path in (("GET", f"/tenants/{other}"), ("PATCH", f"/tenants/{other}"), ("GET", "/tenants/none")):
            assert (await ask(bizconf, method, path, 404))["code"] == "not_found"
        await ask(bizconf, "PATCH", f"/tenants/{lower}", 404, partner="zhumu")
        await ask(
            bizconf, "POST", "/partners", 404, code="new", name="N", kind="oem", owner_email="a@b.c", parent="zhumu"
        )
        shown = (await ask(bizconf, "GET", "/partners"))["items"]
        assert [(one["code"], one["parent"]) for one in shown] == [("bizconf", None), ("huawan", "bizconf")]


async def test_others_are_told_that_there_is_nothing(server: Running, owner: Owner) -> None:
    async with tenant_owner(server, owner, "Harbour") as stranger:
        tenant = stranger.me["tenant"]["id"]
        for method, path in (
            ("GET", "/tenants"),
            ("GET", f"/tenants/{tenant}"),
            ("PATCH", f"/tenants/{tenant}"),
            ("GET", "/partners"),
            ("GET", "/plans"),
            ("GET", "/market/rules"),
            ("GET", "/node"),
        ):
            assert (await ask(stranger, method, path, 404))["code"] == "not_found"
        assert stranger.me["role"] == "owner"
        assert (await stranger.http.get("/api/v1/members")).json()["items"][0]["email"] == "owner@harbour.example"


async def test_a_tenants_people_sign_in_and_its_end_ends_that(start_server: StartServer) -> None:
    clock = SetClock()
    async with (
        start_server(clock=clock) as server,
        signed_in_owner(server) as owner,
        tenant_owner(server, owner, "Harbour") as first,
        browser(server) as http,
    ):
        ask_in = {"email": "owner@harbour.example", "password": PASSWORD}
        assert (await http.post("/api/v1/session", json=ask_in)).status_code == 200
        made = await ask(first, "POST", "/meetings", 201, settings={"lobby": False})
        path = f"/tenants/{first.me['tenant']['id']}"
        await ask(owner, "PATCH", path, status="suspended")
        clock.advance(_LATER_SECONDS)
        assert (await ask(first, "POST", "/meetings", 403, title="More"))["code"] == "tenant_suspended"
        assert (await first.http.get("/api/v1/me")).status_code == 200
        await ask(owner, "PATCH", path, status="ended")
        clock.advance(_LATER_SECONDS)
        assert (await first.http.get("/api/v1/me")).status_code == 401
        assert (await http.post("/api/v1/session", json=ask_in)).status_code == 401
        join = {"meeting": made["join_url"], "name": "Bo"}
        assert (await owner.http.post("/api/v1/join", json=join)).json()["code"] == "tenant_ended"
        home = f"/tenants/{owner.me['tenant']['id']}"
        assert (await ask(owner, "PATCH", home, 409, status="ended"))["code"] == "own_home"


async def test_one_address_can_have_accounts_in_two_organisations(server: Running, owner: Owner) -> None:
    email = "ana@example.org"
    async with tenant_owner(server, owner, "Harbour", owner_email=email) as second, browser(server) as http:
        await second.http.patch("/api/v1/me", json={"password": {"current": PASSWORD, "new": "another quiet teapot"}})
        for password, name in ((PASSWORD, "Meetinghouse"), ("another quiet teapot", "Harbour")):
            answer = await http.post("/api/v1/session", json={"email": email, "password": password})
            assert answer.json()["tenant"]["name"] == name


async def test_partners_stand_in_three_tiers_without_a_circle(server: Running, owner: Owner) -> None:
    async with AsyncExitStack() as stack:
        for code, parent in (("one", None), ("two", "one"), ("three", "two"), ("lone", None)):
            await stack.enter_async_context(partner_staff(server, owner, code, parent=parent))
        four = {"code": "four", "name": "F", "kind": "oem", "owner_email": "a@b.c", "parent": "three"}
        assert (await ask(owner, "POST", "/partners", 409, **four))["code"] == "too_many_tiers"
        assert (await ask(owner, "PATCH", "/partners/one", 409, parent="three"))["code"] == "partner_cycle"
        assert (await ask(owner, "PATCH", "/partners/one", 409, parent="one"))["code"] == "partner_cycle"
        assert (await ask(owner, "PATCH", "/partners/one", 409, parent="lone"))["code"] == "too_many_tiers"
        assert (await ask(owner, "PATCH", "/partners/two", parent="lone"))["parent"] == "lone"
        assert (await ask(owner, "PATCH", "/partners/three", parent=""))["parent"] is None
        assert (await ask(owner, "PATCH", "/partners/lone", 409, ended=True))["code"] == "partner_in_use"


@pytest.mark.parametrize(
    ("code", "refusal"),
    [
        ("bizconf", "code_taken"),
        ("b1zconf", "code_looks_alike"),
        ("biz-conf", "code_looks_alike"),
        ("Biz", "invalid_code"),
        ("x", "invalid_code"),
        ("b\u0131zconf", "invalid_code"),
        ("biz--conf", "invalid_code"),
    ],
)
async def test_a_partners_code_is_nobody_elses(server: Running, owner: Owner, code: str, refusal: str) -> None:
    async with partner_staff(server, owner, "bizconf"):
        body = {"code": code, "name": "B", "kind": "oem", "owner_email": "a@b.c"}
        answer = await owner.http.post("/api/v1/partners", json=body)
        assert answer.json()["code"] == refusal
        assert len((await ask(owner, "GET", "/partners"))["items"]) == 1


def test_what_looks_alike_has_one_skeleton() -> None:
    assert skeleton("rnodern") == skeleton("modern")
    assert skeleton("zhumu") != skeleton("umeet")


async def test_tenants_are_paged_filtered_and_sorted_by_the_server(server: Running, owner: Owner) -> None:
    del server
    for name, country in (("Cedar", "US"), ("Alder", "CN"), ("Birch", "HK"), ("Dogwood", "CN-HK")):
        await ask(owner, "POST", "/tenants", 201, name=name, owner_email="a@b.c", country=country)
    seen: list[str] = []
    cursor: str | None = ""
    for _ in range(5):
        page = await ask(owner, "GET", f"/tenants?limit=1&sort=-name&cursor={cursor}")
        seen += [one["name"] for one in page["items"]]
        cursor = page["next"]
    assert cursor is None
    assert seen == ["Meetinghouse", "Dogwood", "Cedar", "Birch", "Alder"]
    assert await _names(owner, "?country=HK&sort=created") == ["Birch", "Dogwood"]
    assert await _names(owner, "?q=DER") == ["Alder"]
    assert await _names(owner, "?q=%25") == []
    assert await _names(owner, "?sort=country&limit=2&kind=enterprise") == ["Meetinghouse", "Alder"]
    assert (await ask(owner, "GET", "/tenants?sort=secret", 422))["code"] == "invalid_sort"
    assert (await ask(owner, "GET", "/tenants?cursor=AAA", 422))["code"] == "invalid_cursor"


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"country": "XX"}, "invalid_country"),
        ({"country": "US", "subdivision": "CN-GD"}, "invalid_subdivision"),
        ({"country": "US", "subdivision": "California"}, "invalid_request"),
        ({"subdivision": "US-CA"}, "invalid_subdivision"),
        ({"plan": "gold"}, "unknown_plan"),
        ({"channel": "partner"}, "invalid_channel"),
        ({"partner": "nobody"}, "not_found"),
        ({"owner_email": "nonsense"}, "invalid_email"),
        ({"name": "\u200b"}, "name_missing"),
    ],
)
async def test_a_tenant_is_founded_wholly_or_not_at_all(
    server: Running, owner: Owner, fields: dict[str, str], code: str
) -> None:
    del server
    body = {"name": "Harbour", "owner_email": "a@b.c", **fields}
    answer = await owner.http.post("/api/v1/tenants", json=body)
    assert answer.json()["code"] == code
    assert await _names(owner) == ["Meetinghouse"]


async def test_a_new_link_is_made_until_somebody_has_enrolled(server: Running, owner: Owner) -> None:
    founded = await ask(owner, "POST", "/tenants", 201, name="Harbour", owner_email="a@b.c")
    path = f"/tenants/{founded['tenant']['id']}/owner-link"
    again = await ask(owner, "POST", path, 201)
    async with browser(server) as http:
        used = {"token": founded["link"].partition("#t=")[2], "password": PASSWORD}
        assert (await http.post("/api/v1/enrolments", json=used)).status_code == 403
        used["token"] = again["link"].partition("#t=")[2]
        assert (await http.post("/api/v1/enrolments", json=used)).status_code == 200
    assert (await ask(owner, "POST", path, 409))["code"] == "has_owner"


async def test_what_is_done_to_a_tenant_stands_in_its_own_log(server: Running, owner: Owner) -> None:
    async with (
        partner_staff(server, owner, "bizconf") as staff,
        tenant_owner(server, staff, "Harbour") as first,
    ):
        tenant = first.me["tenant"]["id"]
        await ask(staff, "PATCH", f"/tenants/{tenant}", country="CN")
        await ask(owner, "PATCH", f"/tenants/{tenant}", plan="standard")
        log = (await first.http.get("/api/v1/audit")).json()["items"]
        changes = [(one["actor"], one["detail"]) for one in log if one["action"] == "change_tenant"]
        assert changes == [
            (f"operator:{owner.me['id']}", {"plan": "standard"}),
            (f"bizconf:{staff.me['id']}", {"country": "CN"}),
        ]
        assert log[-1]["action"] == "found_tenant"

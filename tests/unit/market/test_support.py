"""Support grants: staff read of a tenant what it lets them, while it lets them, and it sees that they did."""

from __future__ import annotations

from contextlib import AsyncExitStack

from accounts import Owner, signed_in_owner
from conftest import SetClock, StartServer
from meetinghouse.app.server import Running
from organisations import ask, partner_staff, tenant_owner

_HOUR = 3600
_WISH = {"areas": ["members"], "reason": "Ana cannot sign in", "hours": 2}


async def _refused_by_all(grant: str, *others: Owner) -> None:
    for who in others:
        for method, rest in (("GET", "members"), ("GET", "audit"), ("POST", "end")):
            assert (await ask(who, method, f"/support/grants/{grant}/{rest}", 404))["code"] == "not_found"


async def test_staff_read_what_a_tenant_lets_them_until_its_end_and_it_sees_that(start_server: StartServer) -> None:
    clock = SetClock()
    async with start_server(clock=clock) as server, signed_in_owner(server) as owner, AsyncExitStack() as stack:
        bizconf = await stack.enter_async_context(partner_staff(server, owner, "bizconf"))
        harbour = await stack.enter_async_context(tenant_owner(server, bizconf, "Harbour"))
        tenant = harbour.me["tenant"]["id"]
        asked = await ask(bizconf, "POST", "/support/grants", 201, tenant_id=tenant, **_WISH)
        path = f"/support/grants/{asked['id']}"
        assert asked["state"] == "asked"
        await ask(bizconf, "GET", f"{path}/members", 404)
        [seen] = (await ask(harbour, "GET", "/support/access"))["items"]
        assert (seen["partner"], seen["grant"]["reason"]) == ("bizconf", _WISH["reason"])
        assert (await ask(harbour, "POST", f"/support/access/{asked['id']}/give"))["state"] == "given"
        assert (await ask(harbour, "POST", f"/support/access/{asked['id']}/give", 409))["code"] == "grant_closed"
        [member] = (await ask(bizconf, "GET", f"{path}/members"))["items"]
        assert member["email"] == "owner@harbour.example"
        await ask(bizconf, "GET", f"{path}/audit", 404)
        entries = [one for one in (await ask(harbour, "GET", "/audit"))["items"] if "grant" in one["detail"]]
        assert [one["action"] for one in entries] == ["read_members", "give_support", "ask_support"]
        assert {one["detail"]["grant"] for one in entries} == {asked["id"]}
        assert entries[0]["actor"].startswith("bizconf:")
        clock.advance(2 * _HOUR)
        await ask(bizconf, "GET", f"{path}/members", 404)
        own = await ask(harbour, "POST", "/support/access", 201, **{**_WISH, "areas": ["audit"]})
        assert (await ask(bizconf, "GET", f"/support/grants/{own['id']}/audit"))["items"][0]["action"] == "read_audit"
        assert (await ask(harbour, "POST", f"/support/access/{own['id']}/end"))["state"] == "over"
        await ask(bizconf, "GET", f"/support/grants/{own['id']}/audit", 404)


async def test_nobody_else_reads_under_a_grant(server: Running, owner: Owner) -> None:
    async with AsyncExitStack() as stack:
        bizconf = await stack.enter_async_context(partner_staff(server, owner, "bizconf"))
        below = await stack.enter_async_context(partner_staff(server, bizconf, "huawan", kind="reseller"))
        zhumu = await stack.enter_async_context(partner_staff(server, owner, "zhumu"))
        lower = await stack.enter_async_context(tenant_owner(server, below, "Lower"))
        other = await stack.enter_async_context(tenant_owner(server, zhumu, "Other"))
        tenant = lower.me["tenant"]["id"]
        given = await ask(lower, "POST", "/support/access", 201, areas=["members", "audit"], reason="Look", hours=1)
        await _refused_by_all(given["id"], owner, bizconf, zhumu, lower, other)
        for who in (owner, bizconf, zhumu):
            assert (await ask(who, "GET", "/support/grants"))["items"] == []
        for who in (zhumu, other, lower):
            await ask(who, "POST", "/support/grants", 404, tenant_id=tenant, **_WISH)
        for rest in ("give", "end"):
            await ask(other, "POST", f"/support/access/{given['id']}/{rest}", 404)
        await ask(below, "GET", f"/support/grants/{given['id']}/members")
        await ask(owner, "PATCH", f"/tenants/{tenant}", partner="zhumu")
        await _refused_by_all(given["id"], zhumu)
        await ask(below, "GET", f"/support/grants/{given['id']}/members", 404)


async def test_a_grant_says_what_why_and_for_how_long(server: Running, owner: Owner) -> None:
    async with tenant_owner(server, owner, "Harbour") as harbour:
        for wrong, code in (
            ({"areas": []}, "grant_incomplete"),
            ({"reason": "  "}, "grant_incomplete"),
            ({"hours": 0}, "grant_too_long"),
            ({"hours": 73}, "grant_too_long"),
        ):
            assert (await ask(harbour, "POST", "/support/access", 422, **{**_WISH, **wrong}))["code"] == code


async def test_neither_the_operator_nor_support_enters_a_meeting(server: Running, owner: Owner) -> None:
    async with AsyncExitStack() as stack:
        bizconf = await stack.enter_async_context(partner_staff(server, owner, "bizconf"))
        harbour = await stack.enter_async_context(tenant_owner(server, bizconf, "Harbour"))
        meeting = await ask(harbour, "POST", "/meetings", 201, title="Board")
        await ask(harbour, "POST", "/support/access", 201, areas=["members", "audit"], reason="Look", hours=1)
        for who in (owner, bizconf):
            assert all(one["id"] != meeting["id"] for one in (await ask(who, "GET", "/meetings"))["items"])
            for method, rest in (("GET", ""), ("GET", "/sessions"), ("POST", "/end"), ("DELETE", "")):
                answer = await who.http.request(method, f"/api/v1/meetings/{meeting['id']}{rest}")
                assert answer.status_code == 404, (method, rest, answer.text)
            answer = await who.http.post("/api/v1/join", json={"meeting": meeting["id"], "name": "Staff"})
            assert answer.json()["code"] == "join_refused"

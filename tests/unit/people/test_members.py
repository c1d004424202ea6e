"""What administrators do about members, and what they may not."""

from __future__ import annotations

from contextlib import AsyncExitStack

import httpx2
import pytest

from accounts import Owner, browser, enrol
from meetinghouse.app.server import Running


async def _person(stack: AsyncExitStack, running: Running, owner: Owner, email: str, role: str) -> Owner:
    invited = (await owner.http.post("/api/v1/members", json={"email": email, "role": role})).json()
    http = await stack.enter_async_context(browser(running))
    return Owner(http, await enrol(http, invited["link"]))


async def test_the_list_comes_in_pages(owner: Owner) -> None:
    for number in range(4):
        await owner.http.post("/api/v1/members", json={"email": f"m{number}@example.org"})
    seen: list[str] = []
    cursors: list[str] = [""]
    while cursors:
        page = (await owner.http.get("/api/v1/members", params={"limit": 2, "cursor": cursors.pop()})).json()
        seen += [one["email"] for one in page["items"]]
        cursors += [page["next"]] if page["next"] else []
    assert seen == ["ana@example.org", *(f"m{number}@example.org" for number in range(4))]


@pytest.mark.parametrize(
    ("role", "target", "allowed"),
    [("admin", "member", True), ("admin", "admin", True), ("admin", "owner", False), ("member", "member", False)],
)
async def test_who_may_manage_whom(server: Running, owner: Owner, role: str, target: str, allowed: bool) -> None:  # noqa: FBT001
    async with AsyncExitStack() as stack:
        actor = await _person(stack, server, owner, "actor@example.org", role)
        other = await _person(stack, server, owner, "other@example.org", target)
        path = f"/api/v1/members/{other.me['id']}"
        answers = [
            await actor.http.patch(path, json={"status": "disabled"}),
            await actor.http.patch(path, json={"status": "active"}),
            await actor.http.post(f"{path}/reset"),
            await actor.http.post("/api/v1/members", json={"email": "new@example.org", "role": target}),
            await actor.http.delete(path),
        ]
        assert {answer.is_success for answer in answers} == {allowed}
        if not allowed:
            assert {answer.status_code for answer in answers} == {403}


async def test_nobody_raises_themselves_above_their_role(server: Running, owner: Owner) -> None:
    async with AsyncExitStack() as stack:
        admin = await _person(stack, server, owner, "admin@example.org", "admin")
        answer = await admin.http.patch(f"/api/v1/members/{admin.me['id']}", json={"role": "owner"})
        assert answer.status_code == 403


async def test_a_disabled_member_is_out_at_once(server: Running, owner: Owner) -> None:
    async with AsyncExitStack() as stack:
        bob = await _person(stack, server, owner, "bob@example.org", "member")
        token = (await bob.http.post("/api/v1/tokens", json={})).json()["token"]
        path = f"/api/v1/members/{bob.me['id']}"
        await owner.http.patch(path, json={"status": "disabled"})
        assert (await bob.http.get("/api/v1/me")).status_code == 401
        program = await stack.enter_async_context(httpx2.AsyncClient(base_url=server.url, trust_env=False))
        assert (await program.get("/api/v1/me", headers={"authorization": f"Bearer {token}"})).status_code == 401
        await owner.http.patch(path, json={"status": "active"})
        assert (await bob.http.get("/api/v1/me")).status_code == 401


async def test_the_last_owner_stays(owner: Owner) -> None:
    path = f"/api/v1/members/{owner.me['id']}"
    for answer in (
        await owner.http.delete(path),
        await owner.http.patch(path, json={"role": "member"}),
        await owner.http.patch(path, json={"status": "disabled"}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, "last_owner")


async def test_removal_erases_and_frees_the_address(server: Running, owner: Owner) -> None:
    async with AsyncExitStack() as stack:
        bob = await _person(stack, server, owner, "bob@example.org", "member")
        assert (await owner.http.delete(f"/api/v1/members/{bob.me['id']}")).status_code == 204
        assert (await bob.http.get("/api/v1/me")).status_code == 401
        assert (await owner.http.patch(f"/api/v1/members/{bob.me['id']}", json={"name": "B"})).status_code == 404
        again = await owner.http.post("/api/v1/members", json={"email": "bob@example.org"})
        assert again.status_code == 201


async def test_the_audit_log_tells_acts_by_ids_without_names(owner: Owner) -> None:
    invited = (await owner.http.post("/api/v1/members", json={"email": "bob@example.org", "name": "Bob"})).json()
    log = (await owner.http.get("/api/v1/audit")).json()["items"]
    assert (log[0]["action"], log[0]["actor"], log[0]["subject"]) == (
        "invite_member",
        owner.me["id"],
        invited["member"]["id"],
    )
    assert "bob" not in str(log).lower()
    older = (await owner.http.get("/api/v1/audit", params={"limit": 1, "cursor": log[0]["id"]})).json()
    assert older["items"] == [log[1]]

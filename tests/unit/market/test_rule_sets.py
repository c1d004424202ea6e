"""Versions of the rules: drafted, approved by two people, activated at their date, rolled back; every act is audited."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest

from accounts import Owner, browser, enrol, signed_in_owner
from conftest import SetClock, StartServer
from meetinghouse.app.server import Running
from meetinghouse.db.tenancy import Across
from rule_sets import VERBS, raw_rules, rule

# Longer than what was read of rules is believed.
_LATER_SECONDS = 2
_CN_UPGRADE = rule("no-upgrade", ["upgrade"], countries=["CN"], offers=["bizconf"])


class Staff:
    """Two people of the operator's, and what they do with versions."""

    def __init__(self, ana: Owner, bo: Owner) -> None:
        self.ana, self.bo = ana, bo

    async def call(self, path: str, body: Any = None, *, by: Owner | None = None, expect: int | None = None) -> Any:  # noqa: ANN401
        """POST as Ana, or by somebody else."""
        answer = await (by or self.ana).http.post(f"/api/v1/market{path}", json={} if body is None else body)
        if expect is None:
            assert answer.is_success, answer.text
        else:
            assert answer.status_code == expect, answer.text
        return answer.json() if answer.content else None

    async def get(self, path: str) -> Any:  # noqa: ANN401
        answer = await self.ana.http.get(f"/api/v1/market{path}")
        assert answer.is_success, answer.text
        return answer.json()

    async def draft(self, *rules: dict[str, Any], name: str = "next") -> Any:  # noqa: ANN401
        return await self.call("/rules", {"name": name, "rules": raw_rules(*rules)})

    async def approved(self, *rules: dict[str, Any]) -> Any:  # noqa: ANN401
        made = await self.draft(*rules)
        as_read = {"revision": made["revision"]}
        await self.call(f"/rules/{made['id']}/submit", as_read)
        await self.call(f"/rules/{made['id']}/approve", as_read)
        return await self.call(f"/rules/{made['id']}/approve", as_read, by=self.bo)

    async def active(self) -> str:
        return str((await self.get("/rules/active"))["id"])

    async def may_host(self) -> bool:
        answer = await self.bo.http.post("/api/v1/meetings", json={})
        return bool(answer.is_success)


@asynccontextmanager
async def staff_of(running: Running) -> AsyncIterator[Staff]:
    async with AsyncExitStack() as stack:
        ana = await stack.enter_async_context(signed_in_owner(running))
        invited = await ana.http.post("/api/v1/members", json={"email": "bo@example.org", "role": "admin"})
        http = await stack.enter_async_context(browser(running))
        yield Staff(ana, Owner(http, await enrol(http, invited.json()["link"])))


@pytest.fixture
async def staff(server: Running) -> AsyncIterator[Staff]:
    async with staff_of(server) as people:
        yield people


async def test_a_version_goes_from_draft_to_being_in_force(staff: Staff) -> None:
    first = await staff.active()
    drafted = await staff.draft(_CN_UPGRADE)
    assert (drafted["version"], drafted["status"]) == (2, "draft")
    path = f"/rules/{drafted['id']}"
    (difference,) = (await staff.get(f"{path}/differences"))["items"][:1]
    assert (difference["kind"], difference["rule"]) == ("removed", "initial-allow")
    assert (await staff.get(f"{path}/findings"))["items"] == []
    as_read = {"revision": drafted["revision"]}
    await staff.call(f"{path}/activate", expect=409)
    await staff.call(f"{path}/approve", as_read, expect=409)
    await staff.call(f"{path}/submit", as_read)
    await staff.call(f"{path}/approve", as_read)
    assert (await staff.call(f"{path}/approve", as_read, expect=409))["code"] == "approved_already"
    refused = await staff.call(f"{path}/activate", expect=409)
    assert (refused["code"], "1 more" in refused["detail"]) == ("not_approved", True)
    assert (await staff.call(f"{path}/approve", as_read, by=staff.bo))["status"] == "approved"
    await staff.call(f"{path}/activate")
    assert await staff.active() == drafted["id"]
    lines = (await staff.get("/rules"))["items"]
    assert [(line["version"], line["status"]) for line in lines] == [(2, "active"), (1, "former")]
    assert (await staff.get(path))["base"] == first
    audited = (await staff.ana.http.get("/api/v1/audit")).json()["items"]
    acts = [entry["action"] for entry in audited if entry["subject"] == drafted["id"]]
    assert acts == [
        "activate_market_rules",
        "approve_market_rules",
        "approve_market_rules",
        "submit_market_rules",
        "draft_market_rules",
    ]


async def test_what_is_submitted_is_changed_no_more_and_reopening_forgets_approvals(staff: Staff) -> None:
    drafted = await staff.draft()
    path = f"/api/v1/market/rules/{drafted['id']}"
    changed = await staff.ana.http.patch(path, json={"revision": 1, "rules": raw_rules(_CN_UPGRADE), "name": "other"})
    assert (changed.json()["revision"], changed.json()["name"]) == (2, "other")
    stale = await staff.bo.http.patch(path, json={"revision": 1, "name": "mine"})
    assert (stale.status_code, stale.json()["code"]) == (409, "changed_meanwhile")
    assert (await staff.call(f"/rules/{drafted['id']}/submit", {"revision": 1}, expect=409))[
        "code"
    ] == "changed_meanwhile"
    await staff.call(f"/rules/{drafted['id']}/submit", {"revision": 2})
    await staff.call(f"/rules/{drafted['id']}/approve", {"revision": 2})
    refused = await staff.ana.http.patch(path, json={"revision": 2, "name": "late"})
    assert (refused.status_code, refused.json()["code"]) == (409, "not_a_draft")
    reopened = await staff.call(f"/rules/{drafted['id']}/reopen")
    assert (reopened["status"], reopened["approvals"], reopened["revision"]) == ("draft", [], 3)
    await staff.call(f"/rules/{drafted['id']}/submit", {"revision": 3})
    stale_approval = await staff.call(f"/rules/{drafted['id']}/approve", {"revision": 2}, expect=409)
    assert stale_approval["code"] == "changed_meanwhile"


async def test_of_two_activations_at_once_one_wins(staff: Staff) -> None:
    versions = [await staff.approved(_CN_UPGRADE), await staff.approved(rule("no-buying", ["buy"], countries=["US"]))]
    by_whom = zip((staff.ana, staff.bo), versions, strict=True)
    answers = await asyncio.gather(
        *(who.http.post(f"/api/v1/market/rules/{version['id']}/activate", json={}) for who, version in by_whom)
    )
    assert sorted(answer.status_code for answer in answers) == [201, 409]
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"rules_changed"}
    won = next(version for version, answer in zip(versions, answers, strict=True) if answer.is_success)
    assert await staff.active() == won["id"]


async def test_a_version_begins_at_its_date_without_a_timer_and_stays_when_the_clock_goes_back(
    start_server: StartServer,
) -> None:
    clock = SetClock()
    async with start_server(clock=clock) as running, staff_of(running) as staff:
        first = await staff.active()
        guests_only = rule("guests-only", ["host"], countries=["CN"])
        version = await staff.approved(guests_only)
        other = await staff.approved(_CN_UPGRADE)
        late = clock.now() - timedelta(days=1)
        assert (await staff.call(f"/rules/{version['id']}/activate", {"at": late.isoformat()}, expect=422))[
            "code"
        ] == "in_the_past"
        at = clock.now() + timedelta(days=2)
        made = await staff.call(f"/rules/{version['id']}/activate", {"at": at.isoformat()})
        assert (await staff.get(f"/rules/{version['id']}"))["status"] == "scheduled"
        assert (await staff.call(f"/rules/{other['id']}/activate", expect=409))["code"] == "activation_pending"
        assert await staff.active() == first
        clock.advance(2 * 86_400 - 1)
        assert await staff.active() == first
        clock.advance(1)
        assert await staff.active() == version["id"]
        assert await staff.may_host()  # a decision sees it in force
        clock.time -= timedelta(days=30)
        assert await staff.active() == version["id"]
        assert (await staff.call(f"/activations/{made['id']}/cancel", expect=409))["code"] == "has_begun"
        # And while the clock is wrong one can go on.
        await staff.call(f"/rules/{first}/restore", {"instead_of": version["id"]})
        assert (await staff.get("/rules/active"))["restores"] == first
        audited = (await staff.ana.http.get("/api/v1/audit")).json()["items"]
        assert {"market_rules_begin", "roll_back_market_rules"} <= {entry["action"] for entry in audited}


async def test_what_is_scheduled_can_be_cancelled(staff: Staff, server: Running) -> None:
    version = await staff.approved(_CN_UPGRADE)
    at = (server.services.clock.now() + timedelta(days=1)).isoformat()
    made = await staff.call(f"/rules/{version['id']}/activate", {"at": at})
    await staff.call(f"/activations/{made['id']}/cancel")
    assert (await staff.get(f"/rules/{version['id']}"))["status"] == "approved"
    await staff.call(f"/rules/{version['id']}/activate")
    assert await staff.active() == version["id"]


async def test_rolling_back_is_a_new_version_and_not_done_twice(staff: Staff) -> None:
    first = await staff.active()
    assert (await staff.call(f"/rules/{first}/restore", {"instead_of": first}, expect=409))["code"] == "active_already"
    version = await staff.approved(_CN_UPGRADE)
    assert (await staff.call(f"/rules/{version['id']}/restore", {"instead_of": first}, expect=409))[
        "code"
    ] == "never_active"
    await staff.call(f"/rules/{version['id']}/activate")
    restored = await staff.call(f"/rules/{first}/restore", {"instead_of": version["id"]})
    assert (restored["version"], restored["status"], restored["restores"]) == (3, "active", first)
    assert restored["rules"]["rule"][0]["id"] == "initial-allow"
    assert (await staff.call(f"/rules/{first}/restore", {"instead_of": version["id"]}, expect=409))[
        "code"
    ] == "rules_changed"


@pytest.mark.parametrize(
    ("rules", "says"),
    [
        ([rule("closed", ["host"])], "host"),
        ([rule("later", ["register"], **{"from": "2030-01-01"})], "2030-01-01"),
    ],
)
async def test_rules_that_lock_the_operator_out_are_refused(
    staff: Staff, rules: list[dict[str, Any]], says: str
) -> None:
    version = await staff.approved(*rules)
    refused = await staff.call(f"/rules/{version['id']}/activate", expect=422)
    assert (refused["code"], refused["rule"]) == ("locks_operator_out", rules[0]["id"])
    assert says in refused["detail"]
    assert (await staff.get(f"/rules/{version['id']}"))["status"] == "approved"


async def test_an_active_version_binds_within_two_seconds(start_server: StartServer) -> None:
    clock = SetClock()
    async with start_server(clock=clock) as running, staff_of(running) as staff:
        async with running.services.db.write(Across.UPKEEP) as write:
            await write.connection.exec_driver_sql("UPDATE tenants SET country = 'US'")
        assert await staff.may_host()
        # Who lets nobody host would lock its operator out; so the operator moves away first.
        version = await staff.approved(rule("closed", ["host"], countries=["CN"]))
        await staff.call(f"/rules/{version['id']}/activate")
        async with running.services.db.write(Across.UPKEEP) as write:
            await write.connection.exec_driver_sql("UPDATE tenants SET country = 'CN'")
        clock.advance(_LATER_SECONDS)
        assert not await staff.may_host()


async def test_a_draft_is_tried_by_its_id(staff: Staff) -> None:
    drafted = await staff.draft(rule("no-buying", ["buy"]))
    ask = {"at": "2030-01-01T00:00:00Z", "rule_set": drafted["id"]}
    (change,) = (await staff.call("/simulations", ask))["changes"]
    assert (change["rule"], change["tenants"], change["becomes"]) == ("no-buying", 1, "deny")
    assert (await staff.call("/simulations", {**ask, "rule_set": "absent"}, expect=404))["code"] == "not_found"
    assert (await staff.call("/simulations", {**ask, "rules": drafted["rules"]}, expect=422))["code"] == "rules_twice"


async def test_wrong_rules_are_not_kept(staff: Staff) -> None:
    for body in (
        {"name": "x", "rules": {"version": 1, "rule": [rule("a", ["sell"])]}},
        {"name": " ", "rules": raw_rules()},
    ):
        assert (await staff.call("/rules", body, expect=422))["code"] in {"invalid_rules", "name_missing"}
    assert len((await staff.get("/rules"))["items"]) == 1


async def test_members_have_no_part_in_rules(staff: Staff, server: Running) -> None:
    invited = await staff.ana.http.post("/api/v1/members", json={"email": "cy@example.org"})
    async with browser(server) as http:
        await enrol(http, invited.json()["link"])
        calls = [("GET", "/rules"), ("GET", "/rules/active"), ("GET", "/activations"), ("POST", "/rules/1/reopen")]
        for method, path in calls:
            assert (await http.request(method, f"/api/v1/market{path}")).status_code == 404
        answer = await http.post("/api/v1/market/rules", json={"name": "mine", "rules": raw_rules(rule("all", VERBS))})
        assert answer.status_code == 404

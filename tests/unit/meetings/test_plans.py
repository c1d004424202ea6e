"""What a tenant's plan gives binds its meetings."""

from __future__ import annotations

import pytest

from accounts import Owner, signed_in_owner
from conftest import SetClock, StartServer
from meeting_people import Turned, house_of
from meetinghouse.app.server import Running
from meetinghouse.meetings.messages import Reason
from organisations import ask

# Longer than what was read of plans is believed.
_LATER_SECONDS = 2
_OPEN = {"settings": {"lobby": False, "join_before_host": True}}


async def _plan(owner: Owner, **entitlements: object) -> None:
    """Put the first tenant on a plan."""
    await ask(owner, "PUT", "/plans/small", name="Small", entitlements=entitlements)
    await ask(owner, "PATCH", f"/tenants/{owner.me['tenant']['id']}", plan="small")


async def test_who_may_not_host_makes_and_begins_no_meeting_and_what_runs_goes_on(start_server: StartServer) -> None:
    clock = SetClock()
    async with start_server(clock=clock) as server, signed_in_owner(server) as owner, house_of(server) as house:
        running, planned = [await ask(owner, "POST", "/meetings", 201, **_OPEN) for _ in range(2)]
        await house.guest(running, "Gil")
        ticket = await house.api.ticket(planned)
        await _plan(owner, host=False)
        clock.advance(_LATER_SECONDS)
        assert (await ask(owner, "POST", "/meetings", 403, title="More"))["code"] == "plan_refused"
        with pytest.raises(Turned, match="plan_refused"):
            await house.enter(ticket)
        await house.guest(running, "Hal")


async def test_a_plan_bounds_how_many_are_in_a_meeting(server: Running, owner: Owner) -> None:
    await _plan(owner, participants=2)
    async with house_of(server) as house:
        meeting = await ask(owner, "POST", "/meetings", 201, **_OPEN)
        ticket = await house.api.ticket(meeting)
        for name in ("Gil", "Hal"):
            await house.guest(meeting, name)
        answer = await owner.http.post("/api/v1/join", json={"meeting": meeting["join_url"], "name": "Ivy"})
        assert (answer.status_code, answer.json()["code"]) == (403, "meeting_full")
        with pytest.raises(Turned, match="meeting_full"):
            await house.enter(ticket)


async def test_a_session_ends_when_the_plans_minutes_are_over(start_server: StartServer) -> None:
    clock = SetClock()
    async with start_server(clock=clock) as server, signed_in_owner(server) as owner, house_of(server) as house:
        await _plan(owner, minutes=40)
        meeting = await ask(owner, "POST", "/meetings", 201, **_OPEN)
        gil = await house.guest(meeting, "Gil")
        clock.advance(40 * 60 - 0.05)
        hal = await house.guest(meeting, "Hal")
        for person in (gil, hal):
            await person.gone()
            assert person.closed is not None
            assert person.closed.reason is Reason.ENDED
        await house.guest(meeting, "Ivy")


async def test_the_minutes_count_through_a_restart(start_server: StartServer) -> None:
    clock = SetClock()
    async with start_server(clock=clock) as server, signed_in_owner(server) as owner, house_of(server) as house:
        await _plan(owner, minutes=40)
        gil = await house.guest(await ask(owner, "POST", "/meetings", 201, **_OPEN), "Gil")
    clock.advance(40 * 60)
    async with start_server(clock=clock) as server, house_of(server) as house:
        with pytest.raises(Turned, match="ended"):
            await house.resume(gil)


async def test_a_plan_names_the_regions_of_its_meetings(server: Running, owner: Owner) -> None:
    await _plan(owner, regions=["eu-1"])
    meeting = await ask(owner, "POST", "/meetings", 201, **_OPEN)
    answer = await owner.http.post("/api/v1/join", json={"meeting": meeting["join_url"], "name": "Gil"})
    assert (answer.status_code, answer.json()["code"]) == (403, "plan_refused")
    assert "local" in answer.json()["detail"]
    del server


@pytest.mark.parametrize("entitlements", [{"participants": 0}, {"minutes": -1}, {"storage": 3}, {"host": "yes"}])
async def test_a_plan_that_means_nothing_is_refused(
    server: Running, owner: Owner, entitlements: dict[str, object]
) -> None:
    del server
    await ask(owner, "PUT", "/plans/small", 400, name="Small", entitlements=entitlements)
    assert [one["code"] for one in (await ask(owner, "GET", "/plans"))["items"]] == ["standard"]

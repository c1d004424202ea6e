"""What was allowed when a ticket was made may be forbidden when it is used; whose account ends is out of the meeting too."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from sqlalchemy import delete

from accounts import Owner, browser, enrol, signed_in_owner
from conftest import SetClock, StartServer
from meeting_people import House, Person, Turned, house_of
from meetinghouse.app.server import Running
from meetinghouse.db.tenancy import Across
from meetinghouse.meetings.messages import Reason
from meetinghouse.regions.tables import residency_policies
from rule_sets import put_in_force, raw_rules, rule

# Longer than what was read of rules and policies is believed.
_LATER_SECONDS = 2


@asynccontextmanager
async def member_in_meeting(
    running: Running, owner: Owner, house: House
) -> AsyncIterator[tuple[str, Person, Person, str]]:
    """Bob's id, Bob in his own meeting, a guest there, and a ticket of Bob's that he has not used."""
    invited = (await owner.http.post("/api/v1/members", json={"email": "bob@example.org"})).json()
    async with browser(running) as http:
        me = await enrol(http, invited["link"], name="Bob")
        meeting = (await http.post("/api/v1/meetings", json={"settings": {"lobby": False}})).json()

        async def ticket() -> str:
            answer = await http.post("/api/v1/join", json={"meeting": meeting["join_url"], "name": "Bob"})
            assert answer.status_code == 201
            return str(answer.json()["ticket"])

        bob = await house.enter(await ticket())
        yield str(me["id"]), bob, await house.guest(meeting, "Gil"), await ticket()


@pytest.mark.parametrize("end", ["disable", "remove"])
async def test_whose_account_ends_is_out_of_the_meeting_that_goes_on(server: Running, owner: Owner, end: str) -> None:
    async with house_of(server) as house, member_in_meeting(server, owner, house) as (bob_id, bob, gil, unused):
        path = f"/api/v1/members/{bob_id}"
        answer = await (
            owner.http.delete(path) if end == "remove" else owner.http.patch(path, json={"status": "disabled"})
        )
        assert answer.is_success
        await bob.gone()
        assert bob.closed is not None
        assert bob.closed.reason is Reason.REMOVED
        await gil.until(lambda me: me.names == ["Gil"])
        with pytest.raises(Turned, match="removed"):
            await house.resume(bob)
        with pytest.raises(Turned, match="ticket_invalid"):
            await house.enter(unused)


async def test_whose_account_ended_unheard_is_out_after_the_next_start(start_server: StartServer) -> None:
    async with (
        start_server() as running,
        signed_in_owner(running) as owner,
        house_of(running) as house,
        member_in_meeting(running, owner, house) as (bob_id, bob, _, _),
    ):
        await running.services.sessions.stop()  # from here on nobody listens, as in a process that is being killed
        await owner.http.delete(f"/api/v1/members/{bob_id}")
    async with start_server() as running, house_of(running) as house:
        with pytest.raises(Turned, match="removed"):
            await house.resume(bob)


async def _no_rules(running: Running) -> None:
    await put_in_force(running, raw_rules(rule("closed", ["join"])))


async def _no_policy(running: Running) -> None:
    async with running.services.db.write(Across.UPKEEP) as write:
        await write.connection.execute(delete(residency_policies))


@pytest.mark.parametrize(("forbid", "code"), [(_no_rules, "not_allowed_here"), (_no_policy, "no_policy")])
async def test_rules_bind_again_when_a_ticket_is_used(start_server: StartServer, forbid: Any, code: str) -> None:  # noqa: ANN401
    clock = SetClock()
    async with start_server(clock=clock) as running, house_of(running) as house:
        meeting = await house.api.meeting(settings={"lobby": False})
        host = await house.join(meeting, "Ana", "host")
        ticket = await house.api.ticket(meeting, "Bo")
        await forbid(running)
        clock.advance(_LATER_SECONDS)
        with pytest.raises(Turned, match=code):
            await house.enter(ticket)
        refused = await house.ask_in(meeting["join_url"])
        assert (refused.status_code, refused.json()["code"]) == (403, code)
        await host.ask("send_chat", key="1", text="the meeting goes on")

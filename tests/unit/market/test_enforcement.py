"""Rules bind where something is done, in the language of who asks, and every decision is kept."""

from __future__ import annotations

from typing import Any

import pytest

from accounts import Owner, browser, enrol, signed_in_owner
from conftest import SetClock, StartServer
from meeting_people import Turned, house_of
from meetinghouse.app.server import Running
from meetinghouse.db.tenancy import Across
from meetinghouse.security.languages import preferred
from rule_sets import put_in_force, raw_rules, rule

_LATER_SECONDS = 2
_SAID = {"en": "Ask a partner.", "zh-CN": "请联系合作伙伴。", "zh-TW": "請聯絡合作夥伴。"}
_NO_HOSTING = rule("free-joins-only", ["host"], offers=["bizconf", "zhumu"], message=_SAID)


async def _decided(owner: Owner, **wanted: str) -> list[tuple[Any, ...]]:
    items = (await owner.http.get("/api/v1/market/decisions", params=wanted)).json()["items"]
    return [(one["verb"], one["decision"], one["rule"], one["version"], one["count"]) for one in items]


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("de, zh-CN;q=0.8, en;q=0.5", "zh-CN"),
        ("zh", "zh-CN"),
        ("zh-HK,en", "zh-TW"),
        ("zh-Hant", "zh-TW"),
        ("en-GB", "en"),
        ("fr", "en"),
        ("", "en"),
        ("zh-TW;q=0, zh-CN;q=nonsense, en;q=0.1", "en"),
    ],
)
async def test_a_refusal_speaks_the_persons_language(start_server: StartServer, accepted: str, language: str) -> None:
    async with start_server() as running, house_of(running) as house:
        await put_in_force(running, raw_rules(_NO_HOSTING))
        answer = await house.api.http.post("/api/v1/meetings", json={}, headers={"accept-language": accepted})
    assert (answer.status_code, answer.headers["content-language"]) == (403, language)
    body = answer.json()
    assert (body["rule"], body["offers"], body["detail"]) == ("free-joins-only", ["bizconf", "zhumu"], _SAID[language])


def test_a_language_that_is_not_there_is_another() -> None:
    assert preferred("en", ["zh-TW", "zh-CN"]) == "zh-TW"
    assert preferred("zh-SG", ["zh-TW"]) == "zh-TW"
    assert preferred("en", []) is None


async def test_who_may_join_but_not_host_is_refused_at_every_beginning(start_server: StartServer) -> None:
    clock = SetClock()
    async with start_server(clock=clock) as running, house_of(running) as house:
        held = await house.api.meeting(settings={"lobby": False})
        host = await house.join(held, "Ana", "host")
        idle = await house.api.meeting(settings={"lobby": False})
        ticket = await house.api.ticket(idle, "Ana", role="host")
        await put_in_force(running, raw_rules(_NO_HOSTING))
        clock.advance(_LATER_SECONDS)
        assert (await house.api.call("POST", "/meetings", {}, 403))["rule"] == "free-joins-only"
        # A meeting that was made before cannot begin, by whichever way in.
        with pytest.raises(Turned, match="not_allowed_here"):
            await house.enter(ticket)
        refused = await house.ask_in(idle["join_url"])
        assert (refused.status_code, refused.json()["rule"]) == (403, "free-joins-only")
        # What is held goes on, and lets people in.
        guest = await house.guest(held, "Gil")
        await guest.ask("send_chat", key="1", text="here I am")
        await host.until(lambda me: me.names == ["Ana", "Gil"])


async def test_a_ticket_is_refused_in_the_persons_language(start_server: StartServer) -> None:
    clock = SetClock()
    async with start_server(clock=clock) as running, house_of(running) as house:
        meeting = await house.api.meeting()
        ticket = await house.api.ticket(meeting, "Ana", role="host")
        await put_in_force(running, raw_rules(_NO_HOSTING))
        clock.advance(_LATER_SECONDS)
        person = await house.connect(additional_headers={"accept-language": "zh-TW"})
        await person.say({"type": "hello", "ticket": ticket})
        await person.gone()
        assert (person.heard[0].code, person.heard[0].detail) == ("not_allowed_here", _SAID["zh-TW"])  # type: ignore[union-attr]


async def test_accounts_are_not_made_where_registering_is_denied(start_server: StartServer) -> None:
    clock = SetClock()
    async with start_server(clock=clock) as running, house_of(running) as house:
        invited = await house.api.call("POST", "/members", {"email": "bo@example.org"})
        await put_in_force(running, raw_rules(rule("no-new-individuals", ["register"])))
        clock.advance(_LATER_SECONDS)
        assert (await house.api.call("POST", "/members", {"email": "cy@example.org"}, 403))[
            "rule"
        ] == "no-new-individuals"
        async with browser(running) as http:
            token = invited["link"].partition("#t=")[2]
            answer = await http.post("/api/v1/enrolments", json={"token": token, "password": "correct pony tower"})
            assert (answer.status_code, answer.json()["rule"]) == (403, "no-new-individuals")
            await put_in_force(running, raw_rules())
            clock.advance(_LATER_SECONDS)
            # The link was not used up by being refused.
            await enrol(http, invited["link"])


async def test_every_decision_is_kept_with_its_rule_and_version(start_server: StartServer) -> None:
    clock = SetClock()
    async with start_server(clock=clock) as running, signed_in_owner(running) as owner, house_of(running) as house:
        await put_in_force(running, raw_rules(rule("may", ["host"], "allow")))
        clock.advance(_LATER_SECONDS)
        meeting = await house.api.meeting(settings={"lobby": False})
        for _ in range(3):
            await house.ask_in(meeting["join_url"])
        assert await _decided(owner, verb="host") == [("host", "allow", "may", 2, 3), ("host", "allow", "may", 2, 1)]
        assert await _decided(owner, verb="join") == [("join", "allow", "rest", 2, 3)]
        assert ("register", "allow", "initial-allow", 1, 1) in await _decided(owner)
        assert await _decided(owner, decision="deny") == []
        page = (await owner.http.get("/api/v1/market/decisions", params={"limit": 1})).json()
        assert len(page["items"]) == 1
        assert (await owner.http.get("/api/v1/market/decisions", params={"cursor": page["next"]})).json()["items"]


async def test_decisions_are_forgotten_in_time(start_server: StartServer) -> None:
    clock = SetClock()
    async with start_server(clock=clock, market={"decision_days": 30}) as running, house_of(running) as house:
        await house.api.meeting()
        assert (await house.api.call("GET", "/market/decisions"))["items"]
        clock.advance(31 * 86_400)
        await running.services.retention.do_round()
        async with running.services.db.read(Across.UPKEEP) as connection:
            assert (await connection.exec_driver_sql("SELECT count(*) FROM market_decisions")).scalar() == 0


async def test_members_do_not_read_decisions(server: Running, owner: Owner) -> None:
    invited = (await owner.http.post("/api/v1/members", json={"email": "bo@example.org"})).json()
    async with browser(server) as http:
        await enrol(http, invited["link"])
        assert (await http.get("/api/v1/market/decisions")).status_code == 403

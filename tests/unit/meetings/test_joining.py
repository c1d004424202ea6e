"""The ways in: links, numbers, passcodes, tickets; and what somebody learns who guesses."""

from __future__ import annotations

from datetime import timedelta

import pytest

from conftest import SetClock, StartServer
from meeting_people import House, Turned, house_of
from meetinghouse.meetings.links import read_asked

LINK_ID = "abcdefghijklmnopqrstuv"


@pytest.mark.parametrize(
    ("text", "link_id", "number", "passcode"),
    [
        (f"https://meet.example/j/{LINK_ID}#p=123456", LINK_ID, None, "123456"),
        (f"  http://localhost:8080/j/{LINK_ID}/ ", LINK_ID, None, None),
        (f"/j/{LINK_ID}#p=1234567890", LINK_ID, None, "1234567890"),
        (LINK_ID, LINK_ID, None, None),
        ("123 456 7890", None, "1234567890", None),
        ("123-456\u2011789", None, "123456789", None),
        ("12345678", None, None, None),
        ("https://meet.example/j/short", None, None, None),
        ("http://[::1/j/x", None, None, None),
        ("", None, None, None),
        ("\u0661\u0662\u0663\u0664\u0665\u0666\u0667\u0668\u0669", None, None, None),
    ],
)
def test_what_people_type_is_understood(text: str, link_id: str, number: str, passcode: str) -> None:
    asked = read_asked(text)
    assert (asked.link_id, asked.number, asked.passcode) == (link_id, number, passcode)


async def test_a_full_link_leads_to_the_lobby_or_in(house: House) -> None:
    meeting = await house.api.meeting()
    answer = await house.ask_in(meeting["join_url"])
    assert (answer.status_code, answer.json()["code"]) == (403, "not_started")
    await house.join(meeting, "Ana", "host")
    waits = (await house.ask_in(meeting["join_url"])).json()
    assert waits["state"] == "lobby"
    assert waits["signalling_url"] == house.running.url.replace("http", "ws") + "/signal"
    open_ = await house.api.meeting(settings={"lobby": False, "passcode": False})
    assert open_["passcode"] is None
    assert "#" not in open_["join_url"]
    assert open_["settings"]["join_before_host"] is True
    assert (await house.ask_in(open_["join_url"])).json()["state"] == "joined"
    assert (await house.ask_in(open_["number"])).json()["state"] == "joined"


async def test_a_server_that_drains_begins_no_meeting_and_keeps_those_it_holds(house: House) -> None:
    running = await house.api.meeting(settings={"lobby": False})
    await house.join(running, "Ana", "host")
    other = await house.api.meeting(settings={"lobby": False, "join_before_host": True})
    early = await house.api.ticket(other, "Cleo")
    assert await house.api.call("POST", "/node/drain", {}) == {"draining": True, "sessions": 1}
    assert (await house.api.http.get("/readyz")).json()["status"] == "draining"
    refused = await house.ask_in(other["join_url"])
    assert (refused.status_code, refused.json()["code"]) == (503, "draining")
    assert refused.headers["retry-after"]
    with pytest.raises(Turned, match="draining"):
        await house.enter(early)
    assert (await house.ask_in(running["join_url"])).json()["state"] == "joined"
    await house.join(running, "Ben")
    again = await house.api.call("POST", "/node/drain", {"draining": False})
    assert again == await house.api.call("GET", "/node") == {"draining": False, "sessions": 1}
    await house.join(other, "Cleo")


async def test_a_number_needs_its_passcode(house: House) -> None:
    meeting = await house.api.meeting(settings={"passcode": "24681012"})
    await house.join(meeting, "Ana", "host")
    assert meeting["passcode"] == meeting["settings"]["passcode"] == "24681012"
    assert (await house.ask_in(meeting["number"], passcode="24681012")).status_code == 201
    assert (await house.ask_in(meeting["number"])).status_code == 403
    assert (await house.ask_in(meeting["number"], passcode="24681013")).status_code == 403


async def test_every_no_to_a_guesser_is_the_same(house: House) -> None:
    held = await house.api.meeting(title="held")
    await house.join(held, "Ana", "host")
    locked = await house.api.meeting(settings={"locked": True})
    await house.join(locked, "Ana", "host")
    ended = await house.api.meeting()
    await house.api.call("POST", f"/meetings/{ended['id']}/end")
    not_begun = await house.api.meeting()
    asked = [
        ("999999999", None),
        (held["number"], None),
        (held["number"], "000000"),
        (locked["number"], locked["passcode"]),
        (ended["number"], ended["passcode"]),
        (not_begun["number"], not_begun["passcode"]),
        ("nonsense", "x"),
        (LINK_ID, "123456"),
        (held["join_url"].partition("#")[0], "wrong"),
    ]
    answers = [await house.ask_in(meeting, passcode=passcode) for meeting, passcode in asked]
    assert {answer.status_code for answer in answers} == {403}
    assert {answer.text for answer in answers} == {answers[0].text}
    assert answers[0].json()["code"] == "join_refused"
    assert len({tuple(sorted(answer.headers)) for answer in answers}) == 1


async def test_who_holds_the_full_link_is_told_why(house: House) -> None:
    locked = await house.api.meeting(settings={"locked": True})
    await house.join(locked, "Ana", "host")
    ended = await house.api.meeting()
    await house.api.call("POST", f"/meetings/{ended['id']}/end")
    not_begun = await house.api.meeting()
    codes = [(await house.ask_in(one["join_url"])).json()["code"] for one in (locked, ended, not_begun)]
    assert codes == ["locked", "ended", "not_started"]


@pytest.mark.parametrize("exists", [True, False])
async def test_a_number_is_tried_twenty_times_and_the_link_still_works(
    start_server: StartServer,
    exists: bool,  # noqa: FBT001
) -> None:
    clock = SetClock()
    async with start_server(clock=clock) as running, house_of(running) as house:
        meeting = await house.api.meeting()
        await house.join(meeting, "Ana", "host")
        number = meeting["number"] if exists else "999999999"
        for _ in range(20):
            assert (await house.ask_in(number, passcode="000000")).status_code == 403
        refused = await house.ask_in(number, passcode=meeting["passcode"])
        assert (refused.status_code, refused.json()["code"]) == (429, "too_many_attempts")
        assert 0 < int(refused.headers["retry-after"]) <= 600
        assert (await house.ask_in(meeting["join_url"])).status_code == 201
        clock.advance(601)
        assert (await house.ask_in(number, passcode="000000")).status_code == 403


async def test_one_address_may_not_try_many_numbers(house: House) -> None:
    for number in range(20):
        assert (await house.ask_in(str(900_000_000 + number))).status_code == 403
    assert (await house.ask_in("912345678")).status_code == 429


async def test_a_passcode_is_not_tried_out_with_the_bare_link(house: House) -> None:
    meeting = await house.api.meeting()
    bare = meeting["join_url"].partition("#")[0]
    for _ in range(20):
        assert (await house.ask_in(bare, passcode="000000")).status_code == 403
    assert (await house.ask_in(bare, passcode=meeting["passcode"])).status_code == 429


async def test_a_ticket_is_redeemed_once(house: House) -> None:
    meeting = await house.api.meeting()
    ticket = await house.api.ticket(meeting, "Ana", role="host")
    first = await house.enter(ticket)
    with pytest.raises(Turned, match="ticket_used"):
        await house.enter(ticket)
    await first.ask("leave")
    await first.gone()
    with pytest.raises(Turned, match="ticket_used"):
        await house.enter(ticket)


async def test_tampered_and_expired_tickets_are_refused(start_server: StartServer) -> None:
    clock = SetClock()
    async with start_server(clock=clock) as running, house_of(running) as house:
        meeting = await house.api.meeting()
        ticket = await house.api.ticket(meeting, "Ana", role="host", expires_in_seconds=60)
        body, _, mark = ticket.partition(".")
        changed = body[:-2] + ("A" if body[-2] != "A" else "B") + body[-1] + "." + mark
        for forged in (changed, body, "x.y", mark + "." + body, "", ticket + "A", "é.é"):
            with pytest.raises(Turned, match=r"ticket_invalid|hello_expected"):
                await house.enter(forged)
        clock.advance(61)
        with pytest.raises(Turned, match="ticket_expired"):
            await house.enter(ticket)


async def test_tickets_are_for_those_who_may_admit(house: House) -> None:
    meeting = await house.api.meeting()
    path = f"/meetings/{meeting['id']}/tickets"
    weak = await house.api.call("POST", "/tokens", {"scopes": ["meetings:read"]}, 201)
    headers = {"Authorization": f"Bearer {weak['token']}"}
    answer = await house.api.http.post(f"/api/v1{path}", json={"name": "x"}, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "missing_scope")
    assert (await house.ask_in(meeting["id"])).status_code == 403
    nobody = await house.api.http.post(f"/api/v1{path}", json={"name": "x"}, headers={"Authorization": ""})
    assert nobody.status_code == 401
    await house.api.call("POST", "/meetings/none/tickets", {"name": "x"}, 404)
    await house.api.call("POST", path, {"name": "\u202e"}, 422)
    await house.api.call("POST", path, {"name": "x", "expires_in_seconds": 10**6}, 422)
    await house.api.call("POST", path, {"name": "x", "role": "king"}, 400)


async def test_names_are_cleaned_on_the_way_in(house: House) -> None:
    meeting = await house.api.meeting(settings={"lobby": False})
    bidi = await house.guest(meeting, "A\u202ena\u200b  שלום \U0001f44d")
    assert bidi.names == ["Ana שלום \U0001f44d"]
    long = await house.guest(meeting, "x" * 300)
    assert len(long.names[1]) == 80
    assert (await house.ask_in(meeting["join_url"], "\u200b\u202e")).json()["code"] == "bad_name"
    assert (await house.ask_in(meeting["join_url"], "x" * 500)).status_code == 400


async def test_the_owner_is_host_of_their_own_meeting(house: House) -> None:
    meeting = await house.api.meeting()
    made = await house.api.call("POST", "/join", {"meeting": meeting["number"]}, 201)
    assert made["state"] == "joined"
    host = await house.enter(made["ticket"])
    assert host.state.participants[0].role == "host"
    assert not host.state.participants[0].guest


async def test_a_host_who_left_is_host_again_and_the_meeting_went_on(house: House) -> None:
    meeting = await house.api.meeting()
    first = await house.api.call("POST", "/join", {"meeting": meeting["number"], "name": "Ana"}, 201)
    host = await house.enter(first["ticket"])
    bo = await house.join(meeting, "Bo")
    await host.ask("leave")
    await bo.until(lambda me: me.names == ["Bo"])
    again = await house.api.call("POST", "/join", {"meeting": meeting["number"], "name": "Ana"}, 201)
    back = await house.enter(again["ticket"])
    assert back.one("Ana").role == "host"


async def test_a_host_opens_an_ended_meeting_again(house: House) -> None:
    meeting = await house.api.meeting(settings={"lobby": False})
    host = await house.join(meeting, "Ana", "host")
    await host.ask("end_meeting")
    await host.gone()
    assert (await house.ask_in(meeting["join_url"])).json()["code"] == "ended"
    await house.join(meeting, "Ana", "host")
    assert (await house.ask_in(meeting["join_url"])).status_code == 201


async def test_a_full_meeting_takes_nobody_more(start_server: StartServer) -> None:
    async with start_server(limits={"participants_per_meeting": 2}) as running, house_of(running) as house:
        meeting = await house.api.meeting()
        host = await house.join(meeting, "Ana", "host")
        guest = await house.guest(meeting, "Gil")
        await house.join(meeting, "Bo")
        assert (await house.ask_in(meeting["join_url"])).json()["code"] == "meeting_full"
        with pytest.raises(Turned, match="meeting_full"):
            await house.join(meeting, "Cy")
        assert await host.refused("admit", participant=guest.id) == "meeting_full"


async def test_a_lobby_is_bounded(start_server: StartServer) -> None:
    async with start_server(limits={"lobby_per_meeting": 1}) as running, house_of(running) as house:
        meeting = await house.api.meeting()
        await house.join(meeting, "Ana", "host")
        await house.guest(meeting, "Gil")
        with pytest.raises(Turned, match="meeting_full"):
            await house.guest(meeting, "Hua")


async def test_resume_secrets_expire(start_server: StartServer) -> None:
    clock = SetClock()
    async with start_server(clock=clock, meetings={"resume_seconds": 60}) as running, house_of(running) as house:
        meeting = await house.api.meeting()
        host = await house.join(meeting, "Ana", "host")
        clock.advance(timedelta(seconds=61).total_seconds())
        with pytest.raises(Turned, match="expired"):
            await house.resume(host)

"""Meetings as they are planned: made, changed, listed, invited to, put into calendars."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

import pytest
from icalendar import Calendar

from accounts import http_client
from conftest import SetClock, StartServer
from meeting_people import House, house_of
from meetinghouse.meetings.model import Schedule
from meetinghouse.meetings.recurrence import BadSchedule, check_schedule, next_after, occurrences, until_of
from meetinghouse.people.enrolment import make_owner_link


async def test_a_new_meeting_has_safe_defaults(house: House) -> None:
    meeting = await house.api.meeting()
    assert meeting["settings"] == {
        "lobby": True,
        "passcode": meeting["passcode"],
        "join_before_host": False,
        "share": "one",
        "chat": "everyone",
        "locked": False,
        "mute_on_entry": False,
        "e2ee": False,
    }
    assert meeting["passcode"].isdecimal()
    assert len(meeting["passcode"]) == 6
    assert meeting["number"].isdecimal()
    assert 9 <= len(meeting["number"]) <= 11
    link, _, fragment = meeting["join_url"].partition("#")
    assert fragment == f"p={meeting['passcode']}"
    assert len(link.rpartition("/j/")[2]) == 22
    assert meeting["kind"] == "instant"
    assert not meeting["in_progress"]
    assert await house.api.call("GET", f"/meetings/{meeting['id']}") == meeting


@pytest.mark.parametrize(
    ("ask", "status", "code"),
    [
        ({"settings": {"e2ee": True}}, 422, "not_available"),
        ({"settings": {"passcode": "12345"}}, 422, "invalid_passcode"),
        ({"settings": {"passcode": "12345678901"}}, 422, "invalid_passcode"),
        ({"settings": {"passcode": "abcdef"}}, 422, "invalid_passcode"),
        ({"settings": {"share": "all"}}, 400, "invalid_request"),
        ({"settings": {"colour": "red"}}, 400, "invalid_request"),
        ({"surprise": 1}, 400, "invalid_request"),
        ({"title": "x" * 1000}, 400, "invalid_request"),
        ({"title": 7}, 400, "invalid_request"),
        ({"recurrence": "FREQ=DAILY"}, 422, "invalid_schedule"),
        ({"starts_at": "2027-01-01T09:00:00Z", "recurrence": "FREQ=SECONDLY"}, 422, "invalid_schedule"),
        ({"starts_at": "2027-01-01T09:00:00Z", "recurrence": "FREQ=DAILY;COUNT=1000000"}, 422, "invalid_schedule"),
        ({"starts_at": "2027-01-01T09:00:00Z", "time_zone": "Mars/Olympus"}, 422, "invalid_schedule"),
        ({"starts_at": "2027-01-01T09:00:00Z", "time_zone": "../../etc/passwd"}, 422, "invalid_schedule"),
        ({"starts_at": "soon"}, 400, "invalid_request"),
        ({"starts_at": "9999-01-01T09:00:00Z"}, 422, "invalid_schedule"),
        ({"starts_at": "2027-01-01T09:00:00Z", "duration_minutes": 0}, 400, "invalid_request"),
    ],
)
async def test_what_cannot_be_is_refused(house: House, ask: dict[str, Any], status: int, code: str) -> None:
    problem = await house.api.call("POST", "/meetings", ask, status)
    assert problem["code"] == code
    assert problem["detail"]


async def test_a_change_keeps_link_and_number_and_shows_in_the_meeting(house: House) -> None:
    meeting = await house.api.meeting(title="Before")
    path = f"/meetings/{meeting['id']}"
    host = await house.join(meeting, "Ana", "host")
    ask = {"title": "After \u202e会议", "settings": {"lobby": False, "share": "many", "passcode": "2468101214"}}
    changed = await house.api.call("PATCH", path, ask, 200)
    assert changed["title"] == "After 会议"
    assert (changed["number"], changed["id"]) == (meeting["number"], meeting["id"])
    assert changed["join_url"].partition("#")[0] == meeting["join_url"].partition("#")[0]
    assert changed["settings"]["join_before_host"] is True
    await host.until(lambda me: me.state.meeting.title == "After 会议")
    assert host.state.meeting.share == "many"
    assert host.state.meeting.join_url == changed["join_url"]
    await host.ask("change_meeting", locked=True, title="Again")
    now = await house.api.call("GET", path)
    assert (now["title"], now["settings"]["locked"]) == ("Again", True)
    none = await house.api.call("PATCH", path, {"settings": {"passcode": False}}, 200)
    assert none["passcode"] is None
    await house.api.call("PATCH", path, {"starts_at": "2027-01-01T09:00:00Z"}, 422)


async def test_lists_are_pages_in_order(start_server: StartServer) -> None:
    clock = SetClock()
    async with start_server(clock=clock) as running, house_of(running) as house:
        begin = clock.now()
        for number in range(5):
            at = (begin + timedelta(hours=5 - number)).isoformat()
            await house.api.meeting(title=f"m{number}", starts_at=at, duration_minutes=30)
        seen = await _pages(house, "upcoming", 2)
        assert seen == ["m4", "m3", "m2", "m1", "m0"]
        assert len(await _pages(house, "all", 2)) == 5
        assert await _pages(house, "previous", 2) == []
        clock.advance(3 * 3600)
        assert await _pages(house, "upcoming", 2) == ["m2", "m1", "m0"]
        assert await _pages(house, "previous", 1) == ["m3", "m4"]
        held = (await house.api.call("GET", "/meetings?when=upcoming&limit=3"))["items"][2]
        await house.join(held, "Ana", "host")
        assert (await _pages(house, "upcoming", 5))[0] == "m0"
        await house.api.call("GET", "/meetings?when=previous&cursor=rubbish", expect=400)
        await house.api.call("GET", "/meetings?when=never", expect=400)


async def test_the_personal_room_is_one_and_stays(house: House) -> None:
    first = await house.api.call("POST", "/meetings/personal", expect=200)
    assert first["kind"] == "personal"
    assert await house.api.call("POST", "/meetings/personal", expect=200) == first
    assert (await house.api.call("GET", "/me"))["personal_meeting_id"] == first["id"]
    host = await house.join(first, "Ana", "host")
    await host.ask("end_meeting")
    await host.gone()
    assert (await house.ask_in(first["join_url"])).json()["code"] == "not_started"


async def test_who_enrols_has_a_personal_room_at_once(house: House) -> None:
    services = house.running.services
    link = await make_owner_link(
        services.db, services.keys, services.config.people, house.running.url, services.clock.now()
    )
    async with http_client(base_url=house.running.url) as browser:
        ask = {
            "token": link.link.partition("#t=")[2],
            "email": "ana@example.org",
            "name": "Ana",
            "password": "a long enough passphrase 7",
        }
        me = await browser.post("/api/v1/enrolments", json=ask)
        assert me.status_code in {200, 201}, me.text
        headers = {"Origin": house.running.url}
        again = (await browser.get("/api/v1/me", headers=headers)).json()
        assert again["personal_meeting_id"] == me.json()["personal_meeting_id"]
        room = (await browser.get(f"/api/v1/meetings/{again['personal_meeting_id']}")).json()
    assert (room["kind"], room["title"], room["host"]["name"]) == ("personal", "Ana", "Ana")


async def test_nobody_elses_meeting_is_shown(house: House) -> None:
    meeting = await house.api.meeting()
    for method, path in [
        ("GET", ""),
        ("PATCH", ""),
        ("DELETE", ""),
        ("GET", "/participants"),
        ("GET", "/invitation"),
        ("GET", "/calendar.ics"),
        ("POST", "/end"),
        ("POST", "/participants/x/admit"),
    ]:
        async with http_client(base_url=house.running.url) as stranger:
            answer = await stranger.request(method, f"/api/v1/meetings/{meeting['id']}{path}", json={})
        assert answer.status_code == 401, (method, path)
    await house.api.call("GET", "/meetings/none", expect=404)


async def test_the_roster_and_the_hosts_acts(house: House) -> None:
    meeting = await house.api.meeting()
    path = f"/meetings/{meeting['id']}/participants"
    assert await house.api.call("GET", path) == {"items": [], "next": None}
    host = await house.join(meeting, "Ana", "host")
    guest = await house.guest(meeting, "Gil")
    await host.ask("set_sources", sources=["microphone"])
    roster = (await house.api.call("GET", path))["items"]
    assert [(one["name"], one["role"], one["state"]) for one in roster] == [
        ("Ana", "host", "joined"),
        ("Gil", "attendee", "lobby"),
    ]
    assert [stream["source"] for stream in roster[0]["streams"]] == ["microphone"]
    assert (roster[0]["node"], roster[0]["region"]) == ("local", "local")
    await house.api.call("POST", f"{path}/{guest.id}/admit", expect=204)
    await guest.until(lambda me: me.snapshot)
    await guest.ask("set_sources", sources=["microphone"])
    await house.api.call("POST", f"{path}/{guest.id}/mute", expect=204)
    await guest.until(lambda me: not me.one("Gil").sources)
    await house.api.call("POST", f"{path}/{host.id}/remove", expect=204)
    await host.gone()
    await house.api.call("POST", f"{path}/{host.id}/remove", expect=404)


async def test_invitations_speak_three_languages(house: House) -> None:
    meeting = await house.api.meeting(
        title="Weekly", starts_at="2027-03-01T08:00:00Z", recurrence="FREQ=WEEKLY", time_zone="Asia/Shanghai"
    )
    texts = []
    for language in ("en", "zh-CN", "zh-TW", "xx"):
        invitation = await house.api.call("GET", f"/meetings/{meeting['id']}/invitation?language={language}")
        assert meeting["join_url"] in invitation["text"]
        assert meeting["passcode"] in invitation["text"]
        assert "Weekly" in invitation["subject"]
        texts.append(invitation["text"])
    assert len(set(texts)) == 3
    assert "2027年3月1日 星期一 16:00" in texts[1]


async def test_calendars_can_be_downloaded_and_subscribed_to(house: House) -> None:
    meeting = await house.api.meeting(
        title="Jour fixe, wöchentlich; 会",
        starts_at="2027-03-22T08:00:00Z",
        duration_minutes=45,
        recurrence="FREQ=WEEKLY;COUNT=3",
        time_zone="Europe/Berlin",
    )
    answer = await house.api.http.get(f"/api/v1/meetings/{meeting['id']}/calendar.ics")
    assert answer.headers["content-type"].startswith("text/calendar")
    assert all(len(line) <= 75 for line in answer.content.split(b"\r\n"))
    event = _event(answer.content)
    assert event["summary"] == "Jour fixe, wöchentlich; 会"
    assert event.decoded("dtstart").astimezone(UTC) == datetime(2027, 3, 22, 8, tzinfo=UTC)
    assert event["dtstart"].params["TZID"] == "Europe/Berlin"
    assert event["url"] == meeting["join_url"]
    assert len(Calendar.from_ical(answer.content).walk("VTIMEZONE")) == 1
    url = (await house.api.call("GET", "/me/calendar"))["url"]
    assert (await house.api.call("GET", "/me/calendar"))["url"] == url
    async with http_client() as program:
        subscribed = await program.get(url)
        assert _event(subscribed.content)["uid"] == event["uid"]
        assert (await program.get(url.replace("/calendar/", "/calendar/x"))).status_code == 404
    instant = await house.api.meeting()
    await house.api.call("GET", f"/meetings/{instant['id']}/calendar.ics", expect=409)


async def test_occurrences_keep_the_wall_clock_over_a_clock_change(house: House) -> None:
    meeting = await house.api.meeting(
        starts_at="2027-03-22T08:00:00Z", recurrence="FREQ=WEEKLY;COUNT=3", time_zone="Europe/Berlin"
    )
    found = await house.api.call("GET", f"/meetings/{meeting['id']}/occurrences")
    assert [one["starts_at"] for one in found["items"]] == [
        "2027-03-22T08:00:00Z",
        "2027-03-29T07:00:00Z",
        "2027-04-05T07:00:00Z",
    ]


def schedule(starts_at: datetime, rule: str | None = None, zone: str = "UTC") -> Schedule:
    return check_schedule(Schedule(starts_at=starts_at, recurrence=rule, time_zone=zone))


def test_a_time_that_the_clock_skips_is_held_later_and_one_that_comes_twice_once() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    skipped = schedule(datetime(2027, 3, 27, 2, 30, tzinfo=berlin), "FREQ=DAILY;COUNT=3", "Europe/Berlin")
    assert [moment.hour for moment in occurrences(skipped)] == [1, 1, 0]
    twice = schedule(datetime(2027, 10, 30, 2, 30, tzinfo=berlin), "FREQ=DAILY;COUNT=3", "Europe/Berlin")
    assert [moment.hour for moment in occurrences(twice)] == [0, 0, 1]


def test_until_as_a_date_means_that_whole_day_in_the_zone() -> None:
    planned = schedule(datetime(2027, 1, 1, 22, tzinfo=UTC), "FREQ=DAILY;UNTIL=20270103", "Asia/Shanghai")
    assert planned.recurrence == "FREQ=DAILY;UNTIL=20270103T155959Z"
    assert list(occurrences(planned)) == [datetime(2027, 1, 1, 22, tzinfo=UTC), datetime(2027, 1, 2, 22, tzinfo=UTC)]
    assert until_of(planned) == datetime(2027, 1, 2, 23, tzinfo=UTC)


def test_what_is_going_on_is_next() -> None:
    planned = schedule(datetime(2027, 1, 1, 9, tzinfo=UTC), "FREQ=DAILY")
    assert next_after(planned, datetime(2027, 1, 5, 9, 59, tzinfo=UTC)) == datetime(2027, 1, 5, 9, tzinfo=UTC)
    assert next_after(planned, datetime(2027, 1, 5, 10, 1, tzinfo=UTC)) == datetime(2027, 1, 6, 9, tzinfo=UTC)
    assert until_of(planned) is None


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=HOURLY",
        "FREQ=DAILY;INTERVAL=0",
        "FREQ=DAILY;COUNT=0",
        "FREQ=DAILY;COUNT=5;UNTIL=20300101",
        "FREQ=WEEKLY;BYDAY=1MO",
        "FREQ=WEEKLY;BYMONTHDAY=1",
        "FREQ=MONTHLY;BYDAY=6MO",
        "FREQ=MONTHLY;BYMONTHDAY=32",
        "FREQ=MONTHLY;BYSETPOS=1",
        "FREQ=DAILY;BYHOUR=1,2,3",
        "FREQ=DAILY;UNTIL=20270230",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=31",
        "FREQ=DAILY;INTERVAL=7;BYDAY=SA",
        "FREQ=DAILY;BYDAY=\u0661MO",
        "FREQ=DAILY;X=1",
        "FREQ=DAILY;FREQ=DAILY",
        "=",
        ";;;",
        "x" * 501,
        "FREQ=DAILY;BYMONTH=" + ",".join(["1"] * 250),
    ],
)
def test_rules_that_cannot_be_are_refused_at_once(rule: str) -> None:
    with pytest.raises(BadSchedule) as refused:
        schedule(datetime(2027, 1, 1, 9, tzinfo=UTC), rule)
    assert refused.value.field == "recurrence"


async def _pages(house: House, when: str, limit: int) -> list[str]:
    titles, cursor = [], ""
    while True:
        page = await house.api.call("GET", f"/meetings?when={when}&limit={limit}&cursor={cursor}")
        titles += [one["title"] for one in page["items"]]
        if page["next"] is None:
            return titles
        cursor = quote(page["next"])


def _event(content: bytes) -> Any:  # noqa: ANN401 (icalendar's components)
    (event,) = Calendar.from_ical(content).walk("VEVENT")
    return event

"""WHIP and WHEP as HTTP sees them, over the fake engine: who may, what is answered, and how connections end."""
# ruff: noqa: ANN401 (JSON is any value)

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest
from msgspec.structs import replace
from sqlalchemy import delete

from accounts import Owner
from conftest import SetClock, StartServer
from contract.media_offers import one_way
from meeting_people import House, house_of
from meetinghouse.app.server import Running
from meetinghouse.db.tenancy import Across
from meetinghouse.media.fake import FakeEngine
from meetinghouse.meetings.messages import Reason
from meetinghouse.meetings.sdp_fragment import credentials_of
from meetinghouse.regions.tables import residency_policies
from unit.meetings.test_standing import member_in_meeting

SENDS = one_way("sendonly")
RECEIVES = one_way("recvonly")
SDP = "application/sdp"
FRAGMENT = "application/trickle-ice-sdpfrag"


@dataclass
class Session:
    """An opened connection: its address, its ticket, its entity tag, and the answer."""

    http: httpx2.AsyncClient
    url: str
    ticket: str
    tag: str
    answer: str

    async def patch(self, fragment: str, tag: str | None = None, media_type: str = FRAGMENT) -> httpx2.Response:
        headers = bearer(self.ticket) | {"content-type": media_type}
        if tag is not None:
            headers["if-match"] = tag
        return await self.http.patch(self.url, content=fragment, headers=headers)

    async def delete(self, ticket: str | None = None) -> httpx2.Response:
        return await self.http.delete(self.url, headers=bearer(ticket or self.ticket))


def bearer(ticket: str) -> dict[str, str]:
    return {"authorization": f"Bearer {ticket}"}


async def post(
    house: House, path: str, ticket: str, offer: str | bytes = SENDS, media_type: str = SDP
) -> httpx2.Response:
    headers = bearer(ticket) | {"content-type": media_type}
    return await house.api.http.post(path, content=offer, headers=headers)


async def opened(house: House, path: str, ticket: str, offer: str = SENDS) -> Session:
    answer = await post(house, path, ticket, offer)
    assert answer.status_code == 201, answer.text
    assert answer.headers["content-type"] == SDP
    assert answer.headers["accept-patch"] == FRAGMENT
    assert answer.headers["location"].startswith(f"{house.running.url}{path}/")
    return Session(house.api.http, answer.headers["location"], ticket, answer.headers["etag"], answer.text)


async def published(house: House, meeting: Any, name: str = "Camera", **ask: Any) -> Session:
    return await opened(house, f"/whip/{meeting['id']}", await house.api.ticket(meeting, name, **ask))


async def made(house: House, meeting: Any, **ask: Any) -> tuple[str, str]:
    """A ticket and its participant's id."""
    ticket = await house.api.call("POST", f"/meetings/{meeting['id']}/tickets", {"name": "W", **ask}, 201)
    return ticket["ticket"], ticket["participant_id"]


def engine_of(running: Running) -> FakeEngine:
    engine = running.services.agent._engine
    assert isinstance(engine, FakeEngine)
    return engine


def peers(running: Running, meeting: Any) -> set[str]:
    live = running.services.sessions.live_of(meeting["id"])
    snapshot = None if live is None else engine_of(running).snapshot(live.session.id)
    return set() if snapshot is None else {peer.peer for peer in snapshot.peers}


def is_problem(answer: httpx2.Response, status: int, code: str) -> bool:
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    assert answer.headers["access-control-allow-origin"] == "*"
    body = answer.json()
    assert (answer.status_code, body["code"], body["status"]) == (status, code, status), body
    return bool(body["detail"])


# --- publishing ------------------------------------------------------------------------------------------------------


async def test_a_publisher_is_somebody_whom_everybody_sees(house: House) -> None:
    meeting = await house.api.meeting()
    ana = await house.join(meeting, "Ana", "host")
    session = await published(house, meeting, "Lectern camera")
    await ana.until(lambda me: len(me.names) == 2)
    camera = ana.one("Lectern camera")
    assert (camera.sources, camera.reconnecting) == (("microphone", "camera"), False)
    assert session.answer.count("a=recvonly") == 2
    (row,) = [one for one in await roster(house, meeting) if one["name"] == "Lectern camera"]
    assert (row["state"], [stream["source"] for stream in row["streams"]]) == ("joined", ["microphone", "camera"])
    assert (await session.delete()).status_code == 200
    await ana.until(lambda me: me.names == ["Ana"])
    assert is_problem(await session.delete(), 404, "unknown_session")
    assert is_problem(await session.patch("", session.tag), 404, "unknown_session")


async def roster(house: House, meeting: Any) -> list[dict[str, Any]]:
    found = await house.api.call("GET", f"/meetings/{meeting['id']}/participants")
    items: list[dict[str, Any]] = found["items"]
    return items


async def test_who_sends_one_kind_has_that_alone_on(house: House) -> None:
    meeting = await house.api.meeting()
    for kind, source in (("audio", "microphone"), ("video", "camera")):
        ticket = await house.api.ticket(meeting, kind)
        await opened(house, f"/whip/{meeting['id']}", ticket, one_way("sendrecv", [kind]))
        (row,) = [one for one in await roster(house, meeting) if one["name"] == kind]
        assert [stream["source"] for stream in row["streams"]] == [source]


async def test_a_meeting_that_mutes_on_entry_mutes_publishers_who_do_not_moderate(house: House) -> None:
    meeting = await house.api.meeting(settings={"mute_on_entry": True})
    await published(house, meeting, "Camera")
    await published(house, meeting, "Desk", role="cohost")
    sources = {one["name"]: [stream["source"] for stream in one["streams"]] for one in await roster(house, meeting)}
    assert sources == {"Camera": ["camera"], "Desk": ["microphone", "camera"]}


async def test_a_host_mutes_and_removes_a_publisher(house: House, server: Running) -> None:
    meeting = await house.api.meeting()
    ana = await house.join(meeting, "Ana", "host")
    session = await published(house, meeting)
    await ana.until(lambda me: len(me.names) == 2)
    camera = ana.one("Camera").id
    await ana.ask("mute", participant=camera)
    await ana.until(lambda me: me.one("Camera").sources == ("camera",))
    await ana.ask("remove", participant=camera)
    await ana.until(lambda me: me.names == ["Ana"])
    assert camera not in peers(server, meeting)
    assert is_problem(await session.delete(), 404, "unknown_session")
    assert is_problem(await post(house, f"/whip/{meeting['id']}", session.ticket), 401, "ticket_used")


async def test_the_end_of_the_meeting_ends_publishers_and_watchers(house: House, server: Running) -> None:
    meeting = await house.api.meeting()
    session = await published(house, meeting)
    (row,) = await roster(house, meeting)
    watch = await opened(house, f"/whep/{meeting['id']}/{row['id']}", session.ticket, RECEIVES)
    assert len(peers(server, meeting)) == 2
    await house.api.call("POST", f"/meetings/{meeting['id']}/end", expect=204)
    assert not peers(server, meeting)
    for ended in (session, watch):
        assert is_problem(await ended.delete(), 404, "unknown_session")


async def test_a_lost_publisher_leaves_and_comes_back_with_the_same_ticket(house: House, server: Running) -> None:
    meeting = await house.api.meeting()
    ana = await house.join(meeting, "Ana", "host")
    session = await published(house, meeting)
    await ana.until(lambda me: len(me.names) == 2)
    camera = ana.one("Camera").id
    path = f"/whip/{meeting['id']}"
    assert is_problem(await post(house, path, session.ticket), 401, "ticket_used"), "while it is connected"
    live = server.services.sessions.live_of(meeting["id"])
    assert live is not None
    engine_of(server).fail(live.session.id, camera, "consent")
    await ana.until(lambda me: me.names == ["Ana"])
    assert is_problem(await session.delete(), 404, "unknown_session")
    await opened(house, path, session.ticket)
    await ana.until(lambda me: len(me.names) == 2)
    assert (ana.one("Camera").id, ana.one("Camera").sources) == (camera, ("microphone", "camera"))


async def test_a_publisher_comes_back_after_a_restart_of_the_server(start_server: StartServer) -> None:
    async with start_server() as running, house_of(running) as house:
        meeting = await house.api.meeting()
        session = await published(house, meeting)
    async with start_server() as running, house_of(running) as house:
        (row,) = await roster(house, meeting)
        assert row["state"] == "reconnecting"
        await opened(house, f"/whip/{meeting['id']}", session.ticket)
        (row,) = await roster(house, meeting)
        assert (row["state"], len(row["streams"])) == ("joined", 2)


async def test_a_ticket_of_an_earlier_session_is_used_and_leaves_no_trace(house: House, server: Running) -> None:
    meeting = await house.api.meeting()
    session = await published(house, meeting)
    assert (await session.delete()).status_code == 200
    assert server.services.sessions.live_of(meeting["id"]) is None, "nobody is left"
    ana = await house.join(meeting, "Ana", "host")
    assert is_problem(await post(house, f"/whip/{meeting['id']}", session.ticket), 401, "ticket_used")
    await ana.caught_up()
    assert not peers(server, meeting)
    assert ana.names == ["Ana"]


async def test_a_refused_offer_costs_no_ticket_and_leaves_no_trace(house: House, server: Running) -> None:
    meeting = await house.api.meeting()
    path, ticket = f"/whip/{meeting['id']}", await house.api.ticket(meeting, "Camera")
    assert is_problem(await post(house, path, ticket, "v=0"), 400, "bad_offer")
    assert server.services.sessions.live_of(meeting["id"]) is None
    await opened(house, path, ticket)


# --- watching --------------------------------------------------------------------------------------------------------


async def test_one_ticket_watches_several_times_and_nobody_sees_it(house: House, server: Running) -> None:
    meeting = await house.api.meeting()
    ana = await house.join(meeting, "Ana", "host")
    gil = await house.join(meeting, "Gil")
    ticket, _ = await made(house, meeting, publish=False)
    watches = [
        await opened(house, f"/whep/{meeting['id']}/{whom.id}", ticket, RECEIVES) for whom in (ana, gil, ana, ana)
    ]
    assert all(watch.answer.count("a=sendonly") == 2 for watch in watches)
    assert len(peers(server, meeting)) == 4
    assert [one["name"] for one in await roster(house, meeting)] == ["Ana", "Gil"]
    await ana.caught_up()
    assert ana.names == ["Ana", "Gil"]
    assert (await watches[0].delete()).status_code == 200
    assert is_problem(await watches[0].delete(), 404, "unknown_session")
    assert len(peers(server, meeting)) == 3
    await gil.ask("leave")
    await ana.until(lambda me: me.names == ["Ana"])
    assert len(peers(server, meeting)) == 2, "who watched Gil has nothing to watch"


async def test_who_is_not_in_the_meeting_cannot_be_watched(house: House) -> None:
    meeting = await house.api.meeting()
    ticket, own = await made(house, meeting)
    nobody = f"/whep/{meeting['id']}/{own}"
    assert is_problem(await post(house, nobody, ticket, RECEIVES), 404, "unknown_participant"), "nobody is there"
    ana = await house.join(meeting, "Ana", "host")
    assert is_problem(await post(house, nobody, ticket, RECEIVES), 404, "unknown_participant")
    await house.guest(meeting, "Gil")
    await ana.until(lambda me: me.state.waiting)
    waiting = ana.state.waiting[0].id
    path = f"/whep/{meeting['id']}/{waiting}"
    assert is_problem(await post(house, path, ticket, RECEIVES), 404, "unknown_participant"), "in the lobby"
    await ana.ask("admit", participant=waiting)
    await opened(house, path, ticket, RECEIVES)


async def test_a_revoked_ticket_ends_its_watches_for_good(start_server: StartServer) -> None:
    async with start_server() as running, house_of(running) as house:
        meeting = await house.api.meeting()
        ana = await house.join(meeting, "Ana", "host")
        ticket, holder = await made(house, meeting, publish=False, expires_in_seconds=3600)
        path = f"/whep/{meeting['id']}/{ana.id}"
        watches = [await opened(house, path, ticket, RECEIVES) for _ in range(2)]
        await house.api.call("POST", f"/meetings/{meeting['id']}/participants/{holder}/remove", expect=204)
        assert not peers(running, meeting)
        assert is_problem(await watches[0].delete(), 404, "unknown_session")
        assert is_problem(await post(house, path, ticket, RECEIVES), 401, "ticket_revoked")
    async with start_server() as running, house_of(running) as house:
        again = await house.join(meeting, "Ana", "host")
        path = f"/whep/{meeting['id']}/{again.id}"
        assert is_problem(await post(house, path, ticket, RECEIVES), 401, "ticket_revoked"), "stored"


async def test_who_leaves_may_still_be_sent_out_of_what_they_watch(house: House, server: Running) -> None:
    meeting = await house.api.meeting()
    ana = await house.join(meeting, "Ana", "host")
    ticket, holder = await made(house, meeting)
    gil = await house.enter(ticket)
    await opened(house, f"/whep/{meeting['id']}/{ana.id}", ticket, RECEIVES)
    await gil.ask("leave")
    await ana.until(lambda me: me.names == ["Ana"])
    assert len(peers(server, meeting)) == 1
    await house.api.call("POST", f"/meetings/{meeting['id']}/participants/{holder}/remove", expect=204)
    assert not peers(server, meeting)


async def test_whose_account_ends_watches_no_longer(server: Running, owner: Owner) -> None:
    async with house_of(server) as house, member_in_meeting(server, owner, house) as (bob_id, bob, gil, unused):
        live = next(iter(server.services.sessions._by_id.values()))
        meeting = {"id": live.meeting.id}
        path = f"/whep/{live.meeting.id}/{gil.id}"
        watch = await opened(house, path, unused, RECEIVES)
        assert len(peers(server, meeting)) == 1
        assert (await owner.http.patch(f"/api/v1/members/{bob_id}", json={"status": "disabled"})).is_success
        await bob.gone()
        assert bob.closed is not None
        assert bob.closed.reason is Reason.REMOVED
        assert not peers(server, meeting)
        assert is_problem(await watch.delete(), 404, "unknown_session")
        assert is_problem(await post(house, path, unused, RECEIVES), 401, "ticket_invalid")
        assert is_problem(await post(house, f"/whip/{live.meeting.id}", unused), 401, "ticket_used")


async def test_a_watcher_who_is_lost_is_forgotten(house: House, server: Running) -> None:
    meeting = await house.api.meeting()
    ana = await house.join(meeting, "Ana", "host")
    ticket, _ = await made(house, meeting)
    watch = await opened(house, f"/whep/{meeting['id']}/{ana.id}", ticket, RECEIVES)
    (peer,) = peers(server, meeting)
    live = server.services.sessions.live_of(meeting["id"])
    assert live is not None
    engine_of(server).fail(live.session.id, peer, "timeout")
    await ana.caught_up()
    assert is_problem(await watch.delete(), 404, "unknown_session")


async def test_a_meeting_takes_so_many_watchers(start_server: StartServer) -> None:
    async with start_server(limits={"watches_per_meeting": 1}) as running, house_of(running) as house:
        meeting = await house.api.meeting()
        ana = await house.join(meeting, "Ana", "host")
        ticket, _ = await made(house, meeting)
        path = f"/whep/{meeting['id']}/{ana.id}"
        first = await opened(house, path, ticket, RECEIVES)
        assert is_problem(await post(house, path, ticket, RECEIVES), 409, "too_many_watches")
        await first.delete()
        await opened(house, path, ticket, RECEIVES)


async def test_one_ticket_opens_so_many_connections_in_a_while(start_server: StartServer) -> None:
    async with start_server(limits={"offers_per_ticket": "1/1m"}) as running, house_of(running) as house:
        meeting = await house.api.meeting()
        session = await published(house, meeting)
        answer = await post(house, f"/whip/{meeting['id']}", session.ticket)
        assert is_problem(answer, 429, "too_many_attempts")
        assert int(answer.headers["retry-after"]) > 0


# --- who may ---------------------------------------------------------------------------------------------------------


@pytest.fixture
async def ana(house: House) -> dict[str, str]:
    """The addresses of a meeting that Ana holds."""
    meeting = await house.api.meeting()
    person = await house.join(meeting, "Ana", "host")
    return {"whip": f"/whip/{meeting['id']}", "whep": f"/whep/{meeting['id']}/{person.id}", "id": meeting["id"]}


@pytest.mark.parametrize("way", ["whip", "whep"])
async def test_bad_tickets(house: House, ana: dict[str, str], way: str) -> None:
    ticket, _ = await made(house, ana)
    elsewhere, _ = await made(house, await house.api.meeting())
    for bad, code in [
        ("nonsense", "ticket_invalid"),
        (ticket[:-1] + ("A" if ticket[-1] != "A" else "B"), "ticket_invalid"),
        (elsewhere, "ticket_elsewhere"),
    ]:
        answer = await post(house, ana[way], bad, one_way("sendrecv"))
        assert is_problem(answer, 401, code)
        assert answer.headers["www-authenticate"] == 'Bearer error="invalid_token"'
    for headers in ({}, {"authorization": f"Basic {ticket}"}, {"authorization": "Bearer"}):
        async with httpx2.AsyncClient(base_url=house.running.url, trust_env=False) as http:
            answer = await http.post(ana[way], content=SENDS, headers={"content-type": SDP, **headers})
        assert is_problem(answer, 401, "ticket_missing")


async def test_a_ticket_does_what_it_says(house: House, ana: dict[str, str]) -> None:
    watches, _ = await made(house, ana, publish=False)
    publishes, _ = await made(house, ana, subscribe=False)
    assert is_problem(await post(house, ana["whip"], watches), 403, "publish_not_allowed")
    assert is_problem(await post(house, ana["whep"], publishes, RECEIVES), 403, "subscribe_not_allowed")
    assert is_problem(await post(house, ana["whip"], publishes, media_type="text/plain"), 415, "unsupported_media_type")


async def test_a_guest_waits_in_the_lobby_for_a_host_here_too(house: House) -> None:
    meeting = await house.api.meeting()
    ana = await house.join(meeting, "Ana", "host")
    ticket = (await house.ask_in(meeting["join_url"])).json()["ticket"]
    whip, whep = f"/whip/{meeting['id']}", f"/whep/{meeting['id']}/{ana.id}"
    assert is_problem(await post(house, whip, ticket), 403, "not_admitted")
    assert is_problem(await post(house, whep, ticket, RECEIVES), 403, "not_admitted")
    gil = await house.enter(ticket)
    assert is_problem(await post(house, whep, ticket, RECEIVES), 403, "not_admitted")
    await ana.until(lambda me: me.state.waiting)
    await ana.ask("admit", participant=gil.id)
    await opened(house, whep, ticket, RECEIVES)
    await ana.ask("change_meeting", locked=True)
    other = (await house.ask_in(meeting["join_url"])).json()
    assert other["code"] == "locked"


async def test_a_locked_meeting_lets_nobody_in_who_is_not_vouched_for(house: House) -> None:
    meeting = await house.api.meeting(settings={"lobby": False})
    ana = await house.join(meeting, "Ana", "host")
    ticket = (await house.ask_in(meeting["join_url"])).json()["ticket"]
    await ana.ask("change_meeting", locked=True)
    assert is_problem(await post(house, f"/whip/{meeting['id']}", ticket), 403, "locked")
    assert is_problem(await post(house, f"/whep/{meeting['id']}/{ana.id}", ticket, RECEIVES), 403, "locked")
    await published(house, meeting)


async def test_what_binds_a_join_binds_these_too(start_server: StartServer) -> None:
    clock = SetClock()
    async with start_server(clock=clock) as running, house_of(running) as house:
        meeting = await house.api.meeting()
        ana = await house.join(meeting, "Ana", "host")
        ticket, _ = await made(house, meeting)
        async with running.services.db.write(Across.UPKEEP) as write:
            await write.connection.execute(delete(residency_policies))
        clock.advance(2)
        for path, offer in ((f"/whip/{meeting['id']}", SENDS), (f"/whep/{meeting['id']}/{ana.id}", RECEIVES)):
            assert is_problem(await post(house, path, ticket, offer), 403, "no_policy")


async def test_an_end_to_end_encrypted_meeting_refuses_both(house: House, server: Running) -> None:
    meeting = await house.api.meeting()
    ana = await house.join(meeting, "Ana", "host")
    live = server.services.sessions.live_of(meeting["id"])
    assert live is not None
    # No way of the API leads there yet.
    live.meeting = replace(live.meeting, settings=replace(live.meeting.settings, e2ee=True))
    ticket, _ = await made(house, meeting)
    assert is_problem(await post(house, f"/whip/{meeting['id']}", ticket), 403, "end_to_end_encrypted")
    answer = await post(house, f"/whep/{meeting['id']}/{ana.id}", ticket, RECEIVES)
    assert is_problem(answer, 403, "end_to_end_encrypted")


# --- what is answered ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("offer", "code", "words"),
    [
        ("", "bad_offer", "v=0"),
        (SENDS.replace("VP8/90000", "H263/90000"), "bad_offer", "VP8, H264"),
        (SENDS.replace("a=group:BUNDLE 0 1\r\n", ""), "bad_offer", "a=group:BUNDLE"),
        (one_way("inactive"), "bad_offer", "no m-line"),
        (one_way("sendonly", []), "bad_offer", "no m-line"),
        (one_way("sendonly", ["video", "video"]), "bad_offer", "more lines"),
        (one_way("sendonly", ["video"] * 100), "bad_offer", "one audio and one video"),
        (SENDS + "a=x-padding:" + "x" * 300_000, "offer_too_large", "larger"),
    ],
    ids=["empty", "codecs", "no bundle", "inactive", "no line", "two pictures", "a hundred", "too large"],
)
async def test_an_offer_that_cannot_be_used_is_told_what_to_change(
    house: House, ana: dict[str, str], offer: str, code: str, words: str
) -> None:
    for way in ("whip", "whep"):
        ticket, _ = await made(house, ana)
        sent = offer if way == "whip" else offer.replace("a=sendonly", "a=recvonly")
        answer = await post(house, ana[way], ticket, sent)
        assert is_problem(answer, 400, code)
        assert words in answer.json()["detail"]
    assert is_problem(await post(house, ana["whip"], ticket, b"v=0\xff"), 400, "invalid_request")


async def test_trickling_and_restarting_ice(house: House, ana: dict[str, str]) -> None:
    ticket, _ = await made(house, ana)
    for way, offer in (("whip", SENDS), ("whep", RECEIVES)):
        session = await opened(house, ana[way], ticket, offer)
        same = fragment("Uf4g", "0123456789abcdefghijklmn")
        answer = await session.patch(same, session.tag)
        assert (answer.status_code, answer.content, answer.headers.get("etag")) == (204, b"", None)
        assert is_problem(await session.patch(same), 428, "precondition_required")
        assert is_problem(await session.patch(same, '"stale"'), 412, "precondition_failed")
        assert is_problem(await session.patch(same, f"W/{session.tag}"), 412, "precondition_failed")
        assert is_problem(await session.patch(same, session.tag, SDP), 415, "unsupported_media_type")
        for bad in ("", "a=ice-ufrag:abcd\r\n", fragment("a b", "0" * 24), fragment("abcd", "short")):
            assert is_problem(await session.patch(bad, session.tag), 400, "bad_fragment")

        answer = await session.patch(fragment("Nu5x", "9" * 24), "*")
        assert (answer.status_code, answer.headers["content-type"]) == (200, FRAGMENT)
        assert answer.headers["etag"] not in {session.tag, ""}
        assert credentials_of(answer.text) == credentials_of(session.answer)  # the fake has one pair
        assert answer.text.splitlines()[0] == "a=ice-lite"
        assert is_problem(await session.patch(same, session.tag), 412, "precondition_failed")
        answer = await session.patch(fragment("Nu5x", "9" * 24), f'"other", {answer.headers["etag"]}')
        assert answer.status_code == 204, "the session is the new one's"


def fragment(ufrag: str, pwd: str) -> str:
    lines = ["a=group:BUNDLE 0 1", "m=audio 9 UDP/TLS/RTP/SAVPF 111", "a=mid:0"]
    lines += [f"a=ice-ufrag:{ufrag}", f"a=ice-pwd:{pwd}", "a=candidate:1 1 udp 1 192.0.2.1 61764 typ host"]
    return "".join(f"{line}\r\n" for line in [*lines, "a=end-of-candidates"])


async def test_only_the_ticket_of_a_connection_changes_or_ends_it(house: House, ana: dict[str, str]) -> None:
    (ticket, _), (other, _) = await made(house, ana), await made(house, ana)
    session = await opened(house, ana["whip"], ticket)
    assert is_problem(await session.delete(other), 401, "ticket_elsewhere")
    answer = await house.api.http.delete(session.url, headers={"authorization": ""})
    assert is_problem(answer, 401, "ticket_missing")
    assert (await session.delete()).status_code == 200


async def test_a_ticket_whose_time_is_over_still_ends_what_it_opened(start_server: StartServer) -> None:
    clock = SetClock()
    async with start_server(clock=clock) as running, house_of(running) as house:
        meeting = await house.api.meeting()
        session = await published(house, meeting)
        (row,) = await roster(house, meeting)
        unused = await house.api.ticket(meeting)
        clock.advance(301)
        assert is_problem(await post(house, f"/whip/{meeting['id']}", unused), 401, "ticket_expired")
        path = f"/whep/{meeting['id']}/{row['id']}"
        assert is_problem(await post(house, path, session.ticket, RECEIVES), 401, "ticket_expired")
        assert (await session.patch(fragment("Nu5x", "9" * 24), "*")).status_code == 200
        assert (await session.delete()).status_code == 200


async def test_pages_of_any_site_may_use_both(house: House, ana: dict[str, str]) -> None:
    ticket, _ = await made(house, ana)
    session = await opened(house, ana["whip"], ticket)
    foreign = {"origin": "https://player.example"}
    async with httpx2.AsyncClient(base_url=house.running.url, trust_env=False) as http:
        for path, header, value in [
            (ana["whip"], "accept-post", SDP),
            (ana["whep"], "accept-post", SDP),
            (urlsplit(session.url).path, "accept-patch", FRAGMENT),
        ]:
            answer = await http.options(path, headers=foreign | {"access-control-request-method": "POST"})
            assert (answer.status_code, answer.headers[header]) == (200, value)
            assert answer.headers["access-control-allow-origin"] == "*"
            assert "authorization" in answer.headers["access-control-allow-headers"]
            assert "location" in answer.headers["access-control-expose-headers"]
            assert (await http.get(path)).status_code == 204
            assert is_problem(await http.put(path), 405, "method_not_allowed")
        answer = await http.post(
            ana["whep"], content=RECEIVES, headers=foreign | bearer(ticket) | {"content-type": f"{SDP}; charset=utf-8"}
        )
        assert answer.status_code == 201
        assert is_problem(await http.post("/whip/x/y/z/v"), 404, "not_found")

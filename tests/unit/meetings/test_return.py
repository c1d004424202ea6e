"""Coming back: broken lines, reloads, a server that is killed and starts again."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from conftest import StartServer
from contract.media_offers import offer
from meeting_people import House, Person, Turned, house_of
from meetinghouse.meetings.messages import ChatMessage, Closed, ParticipantPut, Reason, Role, Snapshot, Source


async def test_a_broken_line_is_shown_and_resumed_with_what_was_missed(house: House) -> None:
    meeting = await house.api.meeting()
    host = await house.join(meeting, "Ana", "host")
    bo = await house.join(meeting, "Bo")
    await bo.ask("offer", sdp=offer(), fresh=True)
    await bo.caught_up()
    await bo.drop()
    await host.until(lambda me: me.one("Bo").reconnecting)
    await host.ask("send_chat", key="1", text="while you were away")
    back = await house.resume(bo)
    assert back.welcome is not None
    assert back.welcome.media_kept
    await back.until(lambda me: [line.text for line in me.state.messages] == ["while you were away"])
    assert not any(isinstance(message, Snapshot) for message in back.heard)
    await host.until(lambda me: not me.one("Bo").reconnecting)


async def test_who_knows_nothing_any_more_gets_a_snapshot(house: House) -> None:
    meeting = await house.api.meeting()
    await house.join(meeting, "Ana", "host")
    bo = await house.join(meeting, "Bo")
    await bo.drop()
    back = await house.resume(bo, last=False)
    assert back.names == ["Ana", "Bo"]


async def test_a_second_connection_replaces_the_first(house: House) -> None:
    meeting = await house.api.meeting()
    host = await house.join(meeting, "Ana", "host")
    again = await house.resume(host)
    closed = await host.hear(Closed)
    assert closed.reason is Reason.REPLACED
    await host.gone()
    await again.caught_up()
    assert not again.one("Ana").reconnecting


async def test_who_left_cannot_resume(house: House) -> None:
    meeting = await house.api.meeting()
    await house.join(meeting, "Ana", "host")
    bo = await house.join(meeting, "Bo")
    await bo.ask("leave")
    await bo.gone()
    with pytest.raises(Turned, match="left"):
        await house.resume(bo)


async def test_a_wrong_secret_learns_nothing(house: House) -> None:
    meeting = await house.api.meeting()
    host = await house.join(meeting, "Ana", "host")
    assert host.welcome is not None
    for secret in ("x", "a.b.c", host.welcome.resume[:-1] + "!", host.welcome.resume + "x"):
        stranger = await house.connect()
        await stranger.say({"type": "hello", "resume": secret})
        closed = await stranger.hear(Closed)
        assert closed.reason is Reason.EXPIRED


async def test_the_lost_are_given_up_and_may_still_return(start_server: StartServer) -> None:
    async with start_server(meetings={"return_seconds": 0.05}) as running, house_of(running) as house:
        meeting = await house.api.meeting()
        host = await house.join(meeting, "Ana", "host")
        bo = await house.join(meeting, "Bo")
        await bo.drop()
        await host.until(lambda me: me.names == ["Ana"])
        back = await house.resume(bo)
        assert back.names == ["Ana", "Bo"]
        await host.until(lambda me: me.names == ["Ana", "Bo"])


async def test_an_abandoned_meeting_ends(start_server: StartServer) -> None:
    settings = {"return_seconds": 0.05, "abandoned_seconds": 0.05}
    async with start_server(meetings=settings) as running, house_of(running) as house:
        meeting = await house.api.meeting()
        host = await house.join(meeting, "Ana", "host")
        live = running.services.sessions.live_of(meeting["id"])
        assert live is not None
        await host.drop()
        await _ended(house, meeting)
        with pytest.raises(Turned, match="ended"):
            await house.resume(host)


async def test_a_restart_forgets_nothing(start_server: StartServer) -> None:
    async with start_server() as running, house_of(running) as house:
        meeting = await house.api.meeting(title="Long")
        host = await house.join(meeting, "Ana", "host")
        bo = await house.join(meeting, "Bo", "cohost")
        gone = await house.join(meeting, "Cy")
        waiting = await house.guest(meeting, "Gil")
        await bo.ask("set_sources", sources=["microphone"])
        await bo.ask("raise_hand", raised=True)
        await bo.ask("send_chat", key="1", text="keep me")
        await bo.ask("send_chat", key="2", text="for Ana", to=host.id)
        await host.ask("change_meeting", locked=True, share="many", spotlight=bo.id, title="Longer")
        await host.ask("remove", participant=gone.id)
        await host.caught_up()
        before = host.snapshot
        assert before is not None
    async with start_server() as running, house_of(running) as house:
        back = await house.resume(host)
        assert back.welcome is not None
        assert not back.welcome.media_kept
        fresh = await back.hear(Snapshot)
        assert fresh.sequence > before.sequence
        assert replace(back.state.meeting, join_url="") == replace(before.state.meeting, join_url="")
        assert back.state.messages == before.state.messages
        assert back.state.waiting == before.state.waiting
        again = await house.resume(bo)
        await back.until(lambda me: not me.one("Bo").reconnecting)
        assert back.one("Bo").sources == (Source.MICROPHONE,)
        assert back.one("Bo").role is Role.COHOST
        assert back.one("Bo").hand_raised_at is not None
        assert [line.text for line in again.state.messages] == ["keep me", "for Ana"]
        guest = await house.resume(waiting)
        await back.ask("admit", participant=waiting.id)
        await guest.until(lambda me: me.snapshot)
        with pytest.raises(Turned, match="removed"):
            await house.resume(gone)
        await again.ask("send_chat", key="2", text="for Ana", to=host.id)
        await again.caught_up()
        assert len(again.state.messages) == 2


async def test_who_does_not_return_after_a_restart_is_lost(start_server: StartServer) -> None:
    async with start_server() as running, house_of(running) as house:
        meeting = await house.api.meeting()
        host = await house.join(meeting, "Ana", "host")
        await house.join(meeting, "Bo")
    async with start_server(meetings={"return_seconds": 0.5}) as running, house_of(running) as house:
        back = await house.resume(host)
        await back.until(lambda me: me.names == ["Ana"])


async def test_the_sequence_never_goes_back_over_restarts(start_server: StartServer) -> None:
    last = 0
    host: Person | None = None
    for round_ in range(3):
        async with start_server() as running, house_of(running) as house:
            if host is None:
                meeting = await house.api.meeting()
                host = await house.join(meeting, "Ana", "host")
            else:
                host = await house.resume(host, last=False)
            for number in range(5):
                await host.ask("send_chat", key=f"{round_}-{number}", text="x")
            await host.caught_up()
            assert len(host.state.messages) == 5 * (round_ + 1)
            assert host.snapshot is not None
            assert host.snapshot.sequence > last
            last = host.snapshot.sequence


async def test_only_changes_are_announced(house: House) -> None:
    meeting = await house.api.meeting()
    host = await house.join(meeting, "Ana", "host")
    bo = await house.join(meeting, "Bo")
    await bo.ask("set_sources", sources=["microphone"])
    await host.until(lambda me: me.one("Bo").sources)
    count = sum(isinstance(message, ParticipantPut) for message in host.heard)
    await bo.ask("set_sources", sources=["microphone", "microphone"])
    await bo.ask("raise_hand", raised=False)
    await bo.ask("rename", participant=bo.id, name="Bo")
    await host.caught_up()
    assert sum(isinstance(message, ParticipantPut) for message in host.heard) == count


async def test_a_failing_disk_refuses_and_the_meeting_goes_on(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    meeting = await house.api.meeting()
    host = await house.join(meeting, "Ana", "host")
    bo = await house.join(meeting, "Bo")
    await bo.caught_up()

    async def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("meetinghouse.meetings.journal.Journal._execute", full)
        assert await host.refused("send_chat", key="1", text="lost") == "internal_error"
        with pytest.raises(Turned, match="internal_error"):
            await house.join(meeting, "Cy")
    await host.ask("send_chat", key="1", text="kept")
    await bo.until(lambda me: [line.text for line in me.state.messages] == ["kept"])
    lines: tuple[ChatMessage, ...] = host.state.messages
    assert [line.text for line in lines] == ["kept"]
    assert bo.names == ["Ana", "Bo"]


async def _ended(house: House, meeting: dict[str, str]) -> None:
    """The session is over: the meeting is not in progress and nobody is kept a place."""
    while house.running.services.sessions.live_of(meeting["id"]) is not None:
        await house.api.call("GET", "/version")


async def test_a_new_connection_after_a_restart_is_heard_at_once(start_server: StartServer) -> None:
    async with start_server() as running, house_of(running) as house:
        meeting = await house.api.meeting()
        host = await house.join(meeting, "Ana", "host")
        bo = await house.join(meeting, "Bo")
        await bo.ask("set_sources", sources=["microphone", "camera"])
    async with start_server() as running, house_of(running) as house:
        back, again = await house.resume(host), await house.resume(bo)
        await again.ask("offer", sdp=offer(), fresh=True)
        await back.ask("offer", sdp=offer(), fresh=True)
        await again.caught_up()
        live = running.services.sessions.live_of(meeting["id"])
        assert live is not None
        room = running.services.agent.snapshot(live.session.id)
        assert room is not None
        assert {peer.peer: sorted(peer.sources) for peer in room.peers}[bo.id] == ["camera", "microphone"]

"""People meet: coming in, the lobby, what each may do, and leaving."""

from __future__ import annotations

from typing import Any

import pytest

from contract.media_offers import offer
from meeting_people import SDP, House, Turned
from meetinghouse.meetings.messages import Answer, AskedToUnmute, Reacted, Reason, Role, Slots, Source


async def test_two_people_see_each_other_come_and_go(house: House) -> None:
    meeting = await house.api.meeting(title="Stand-up")
    host = await house.join(meeting, "Ana", "host")
    assert host.state.meeting.title == "Stand-up"
    bo = await house.join(meeting, "Bo")
    await host.until(lambda me: me.names == ["Ana", "Bo"])
    assert bo.names == ["Ana", "Bo"]
    assert not bo.one("Ana").reconnecting
    await bo.ask("leave")
    await bo.gone()
    assert bo.closed is not None
    assert bo.closed.reason is Reason.LEFT
    await host.until(lambda me: me.names == ["Ana"])


async def test_a_guest_waits_in_the_lobby_and_knows_nothing(house: House) -> None:
    meeting = await house.api.meeting()
    host = await house.join(meeting, "Ana", "host")
    guest = await house.guest(meeting, "Gil")
    assert guest.welcome is not None
    assert guest.welcome.state == "lobby"
    await host.ask("send_chat", key="k", text="not for Gil")
    await guest.caught_up()
    assert guest.snapshot is None
    assert await guest.refused("offer", sdp=SDP, fresh=True) == "not_admitted"
    assert await guest.refused("send_chat", key="x", text="hello?") == "not_admitted"
    await host.until(lambda me: [one.name for one in me.state.waiting] == ["Gil"])
    await host.ask("admit", participant=guest.id)
    await guest.until(lambda me: me.snapshot)
    assert guest.names == ["Ana", "Gil"]
    assert host.state.waiting == ()


async def test_attendees_are_not_told_who_waits(house: House) -> None:
    meeting = await house.api.meeting()
    host = await house.join(meeting, "Ana", "host")
    attendee = await house.join(meeting, "Bo")
    cohost = await house.join(meeting, "Cy", "cohost")
    await house.guest(meeting, "Gil")
    await host.until(lambda me: me.state.waiting)
    await cohost.until(lambda me: me.state.waiting)
    await attendee.caught_up()
    assert attendee.state.waiting == ()
    await host.ask("set_role", participant=attendee.id, role="cohost")
    await attendee.until(lambda me: me.state.waiting)
    await host.ask("set_role", participant=attendee.id, role="attendee")
    await attendee.until(lambda me: not me.state.waiting)


async def test_a_person_denied_in_the_lobby_is_told_so(house: House) -> None:
    meeting = await house.api.meeting()
    host = await house.join(meeting, "Ana", "host")
    guest = await house.guest(meeting, "Gil")
    await host.ask("remove", participant=guest.id)
    await guest.gone()
    assert guest.closed is not None
    assert guest.closed.reason is Reason.DENIED


async def test_the_whole_lobby_is_admitted_at_once(house: House) -> None:
    meeting = await house.api.meeting()
    host = await house.join(meeting, "Ana", "host")
    guests = [await house.guest(meeting, name) for name in ("Gil", "Hua", "Ivo")]
    await host.ask("admit")
    for guest in guests:
        await guest.until(lambda me: me.snapshot and len(me.names) == 4)
    await host.until(lambda me: len(me.names) == 4 and not me.state.waiting)


async def test_an_offer_is_answered_and_then_the_slots_come(house: House) -> None:
    meeting = await house.api.meeting()
    host = await house.join(meeting, "Ana", "host")
    answer = await host.ask("offer", sdp=offer(), fresh=True)
    assert isinstance(answer, Answer)
    await host.hear(Slots)
    again = await host.ask("offer", sdp=offer(), fresh=True)
    assert isinstance(again, Answer)
    assert await host.refused("offer", sdp="nonsense", fresh=True) == "bad_offer"


async def test_sources_are_seen_by_all_and_muting_closes_only_the_microphone(house: House) -> None:
    meeting = await house.api.meeting()
    host = await house.join(meeting, "Ana", "host")
    bo = await house.join(meeting, "Bo")
    await bo.ask("set_sources", sources=["camera", "microphone"])
    await host.until(lambda me: me.one("Bo").sources == (Source.MICROPHONE, Source.CAMERA))
    await host.ask("mute", participant=bo.id)
    await bo.until(lambda me: me.one("Bo").sources == (Source.CAMERA,))
    await host.ask("ask_to_unmute", participant=bo.id)
    asked = await bo.hear(AskedToUnmute)
    assert asked.by == host.id
    await bo.ask("set_sources", sources=["camera", "microphone"])
    await host.ask("mute")
    await bo.until(lambda me: me.one("Bo").sources == (Source.CAMERA,))


async def test_one_shares_at_a_time_and_a_host_takes_over(house: House) -> None:
    meeting = await house.api.meeting()
    host = await house.join(meeting, "Ana", "host")
    bo, cy = await house.join(meeting, "Bo"), await house.join(meeting, "Cy")
    await bo.ask("set_sources", sources=["screen", "screen_audio"])
    assert await cy.refused("set_sources", sources=["screen"]) == "share_taken"
    await host.ask("set_sources", sources=["screen"])
    await bo.until(lambda me: me.one("Bo").sources == ())
    await host.ask("set_sources", sources=[])
    await cy.ask("set_sources", sources=["screen"])
    assert await bo.refused("set_sources", sources=["screen_audio"]) == "invalid_sources"
    await host.ask("change_meeting", share="host")
    await cy.until(lambda me: me.one("Cy").sources == ())
    assert await cy.refused("set_sources", sources=["screen"]) == "share_not_allowed"
    await host.ask("change_meeting", share="many")
    await cy.ask("set_sources", sources=["screen"])
    await bo.ask("set_sources", sources=["screen"])
    await host.until(lambda me: sum(Source.SCREEN in one.sources for one in me.state.participants) == 2)


async def test_chat_goes_to_all_or_to_one_only(house: House) -> None:
    meeting = await house.api.meeting()
    host = await house.join(meeting, "Ana", "host")
    bo, cy = await house.join(meeting, "Bo"), await house.join(meeting, "Cy")
    await bo.ask("send_chat", key="1", text="to all")
    await bo.ask("send_chat", key="2", text="to Cy", to=cy.id)
    await bo.ask("send_chat", key="2", text="to Cy", to=cy.id)
    await cy.until(lambda me: len(me.state.messages) == 2)
    await host.caught_up()
    assert [line.text for line in host.state.messages] == ["to all"]
    assert [line.text for line in bo.state.messages] == ["to all", "to Cy"]
    late = await house.join(meeting, "Dan")
    assert [line.text for line in late.state.messages] == ["to all"]
    await host.ask("change_meeting", chat="host")
    assert await bo.refused("send_chat", key="3", text="to all") == "chat_host_only"
    assert await bo.refused("send_chat", key="4", text="to Cy", to=cy.id) == "chat_host_only"
    await bo.ask("send_chat", key="5", text="to the host", to=host.id)
    await host.ask("change_meeting", chat="off")
    assert await host.refused("send_chat", key="6", text="x") == "chat_off"


async def test_hands_reactions_and_names(house: House) -> None:
    meeting = await house.api.meeting()
    host = await house.join(meeting, "Ana", "host")
    bo = await house.join(meeting, "Bo")
    await bo.ask("raise_hand", raised=True)
    await host.until(lambda me: me.one("Bo").hand_raised_at)
    await host.ask("raise_hand", raised=False, participant=bo.id)
    await bo.until(lambda me: me.one("Bo").hand_raised_at is None)
    assert await bo.refused("raise_hand", raised=True, participant=host.id) == "not_allowed"
    await bo.ask("react", reaction="heart")
    reacted = await host.hear(Reacted)
    assert (reacted.participant, reacted.reaction) == (bo.id, "heart")
    await bo.ask("rename", participant=bo.id, name="  \u202eBo\u200b b ")
    await host.until(lambda me: "Bo b" in me.names)
    assert await bo.refused("rename", participant=bo.id, name="\u202e\u200b") == "bad_name"


ACTS: dict[str, dict[str, Any]] = {
    "admit": {},
    "remove": {"participant": "@cohost"},
    "mute": {"participant": "@cohost"},
    "ask_to_unmute": {"participant": "@cohost"},
    "set_role": {"participant": "@other", "role": "cohost"},
    "change_meeting": {"locked": True},
    "end_meeting": {},
    "raise_hand": {"participant": "@other", "raised": False},
    "rename": {"participant": "@other", "name": "Zed"},
}
MAY = {
    Role.ATTENDEE: set[str](),
    Role.COHOST: {"admit", "mute", "ask_to_unmute", "change_meeting", "raise_hand", "rename"},
    Role.HOST: set(ACTS),
}


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("act", list(ACTS))
async def test_who_may_do_what(house: House, role: Role, act: str) -> None:
    meeting = await house.api.meeting()
    await house.join(meeting, "Ana", "host")
    cohost = await house.join(meeting, "Cy", "cohost")
    other = await house.join(meeting, "Oda")
    actor = await house.join(meeting, "Me", role.value)
    names = {"@cohost": cohost.id, "@other": other.id}
    fields = {name: names.get(str(value), value) for name, value in ACTS[act].items()}
    assert await actor.refused(act, **fields) == ("ok" if act in MAY[role] else "not_allowed")


async def test_a_removed_person_neither_resumes_nor_uses_the_ticket_again(house: House) -> None:
    meeting = await house.api.meeting()
    host = await house.join(meeting, "Ana", "host")
    ticket = await house.api.ticket(meeting, "Bo")
    bo = await house.enter(ticket)
    await host.ask("remove", participant=bo.id)
    await bo.gone()
    assert bo.closed is not None
    assert bo.closed.reason is Reason.REMOVED
    with pytest.raises(Turned, match="removed"):
        await house.resume(bo)
    with pytest.raises(Turned, match="ticket_used"):
        await house.enter(ticket)


async def test_a_locked_meeting_lets_only_the_vouched_for_in(house: House) -> None:
    meeting = await house.api.meeting(settings={"lobby": False})
    host = await house.join(meeting, "Ana", "host")
    before = (await house.ask_in(meeting["join_url"])).json()
    await host.ask("change_meeting", locked=True)
    with pytest.raises(Turned, match="locked"):
        await house.enter(before["ticket"])
    await house.join(meeting, "Vouched")


async def test_the_host_hands_over_leaves_and_the_meeting_goes_on(house: House) -> None:
    meeting = await house.api.meeting()
    host = await house.join(meeting, "Ana", "host")
    bo = await house.join(meeting, "Bo")
    await host.ask("set_role", participant=bo.id, role="host")
    await bo.until(lambda me: me.one("Bo").role is Role.HOST)
    assert bo.one("Ana").role is Role.COHOST
    await host.ask("leave")
    await bo.until(lambda me: me.names == ["Bo"])
    await bo.ask("end_meeting")
    await bo.gone()
    assert bo.closed is not None
    assert bo.closed.reason is Reason.ENDED


async def test_the_end_closes_the_lobby_too(house: House) -> None:
    meeting = await house.api.meeting()
    host = await house.join(meeting, "Ana", "host")
    guest = await house.guest(meeting, "Gil")
    await house.api.call("POST", f"/meetings/{meeting['id']}/end", expect=204)
    for person in (host, guest):
        await person.gone()
        assert person.closed is not None
        assert person.closed.reason is Reason.ENDED


async def test_the_spotlight_ends_with_its_person(house: House) -> None:
    meeting = await house.api.meeting()
    host = await house.join(meeting, "Ana", "host")
    bo = await house.join(meeting, "Bo")
    await host.ask("change_meeting", spotlight=bo.id)
    await bo.until(lambda me: me.state.meeting.spotlight == bo.id)
    await bo.ask("leave")
    await host.until(lambda me: me.state.meeting.spotlight is None)
    assert await host.refused("change_meeting", spotlight="nobody") == "unknown_participant"


async def test_a_ticket_that_may_not_publish_publishes_nothing(house: House) -> None:
    meeting = await house.api.meeting()
    await house.join(meeting, "Ana", "host")
    viewer = await house.join(meeting, "Vi", publish=False)
    assert await viewer.refused("set_sources", sources=["microphone"]) == "publish_not_allowed"

"""Whatever is denied in whatever order, by whichever way somebody comes: no verb is done that the rules in force deny."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from accounts import browser
from conftest import SetClock, make_config
from contract.media_offers import one_way
from meeting_people import House, Turned, house_of
from meetinghouse.app.server import running_server
from rule_sets import put_in_force, raw_rules, rule

pytestmark = pytest.mark.database
_LATER_SECONDS = 2
_SENDS = one_way("sendonly")

# Done is True, refused by a rule is its id. A way's verbs are all that it does.
Way = Callable[[House], Awaitable[bool | str]]


async def _answered(house: House, path: str, body: Any) -> bool | str:  # noqa: ANN401
    answer = await house.api.http.post(f"/api/v1{path}", json=body)
    return True if answer.is_success else str(answer.json().get("rule", answer.text))


async def _make(house: House) -> bool | str:
    return await _answered(house, "/meetings", {})


async def _plan(house: House) -> bool | str:
    return await _answered(house, "/meetings", {"starts_at": "2030-01-01T10:00:00Z"})


async def _idle(house: House) -> Any:  # noqa: ANN401
    """A meeting that was made while that was allowed, and was never held."""
    return house.api.idle.pop()  # type: ignore[attr-defined]


async def _link(house: House) -> bool | str:
    answer = await house.ask_in((await _idle(house))["join_url"])
    return True if answer.is_success else str(answer.json().get("rule", answer.text))


async def _number(house: House) -> bool | str:
    meeting = await _idle(house)
    answer = await house.ask_in(meeting["number"], passcode=meeting["passcode"])
    return True if answer.is_success else str(answer.json().get("rule", answer.text))


async def _old_ticket(house: House) -> bool | str:
    try:
        await house.enter((await _idle(house))["ticket"])
    except Turned as turned:
        return turned.code
    return True


async def _whip(house: House) -> bool | str:
    meeting = await _idle(house)
    headers = {"authorization": f"Bearer {meeting['ticket']}", "content-type": "application/sdp"}
    answer = await house.api.http.post(f"/whip/{meeting['id']}", content=_SENDS, headers=headers)
    return True if answer.is_success else str(answer.json().get("rule", answer.text))


async def _invite(house: House) -> bool | str:
    house.api.invited += 1  # type: ignore[attr-defined]
    return await _answered(house, "/members", {"email": f"p{house.api.invited}@example.org"})  # type: ignore[attr-defined]


async def _enrol(house: House) -> bool | str:
    async with browser(house.running) as http:
        token = house.api.links.pop().partition("#t=")[2]  # type: ignore[attr-defined]
        answer = await http.post("/api/v1/enrolments", json={"token": token, "password": "correct pony tower"})
        return True if answer.is_success else str(answer.json().get("rule", answer.text))


_WAYS: dict[Way, set[str]] = {
    _make: {"host"},
    _plan: {"host"},
    _link: {"host", "join"},
    _number: {"host", "join"},
    _old_ticket: {"host", "join"},
    _whip: {"host", "join"},
    _invite: {"register"},
    _enrol: {"register"},
}
_STEPS = st.lists(
    st.tuples(st.sets(st.sampled_from(["host", "join", "register"])), st.sampled_from(list(_WAYS))),
    min_size=1,
    max_size=8,
)


async def _play(directory: Path, steps: list[tuple[set[str], Way]]) -> None:
    clock = SetClock()
    async with running_server(make_config(directory), clock) as running, house_of(running) as house:
        api: Any = house.api
        api.invited = 0
        api.idle = [await api.meeting(settings={"lobby": False}) for _ in steps]
        for meeting in api.idle:
            meeting["ticket"] = await api.ticket(meeting, "Ana", role="host")
        api.links = [
            (await api.call("POST", "/members", {"email": f"m{number}@example.org"}))["link"]
            for number in range(len(steps))
        ]
        for denied, way in steps:
            rules = [rule(f"no-{verb}", [verb]) for verb in sorted(denied)]
            await put_in_force(running, raw_rules(*rules))
            clock.advance(_LATER_SECONDS)
            done = await way(house)
            forbidden = _WAYS[way] & denied
            if not forbidden:
                assert done is True, (way, denied)
            else:
                assert done in {*(f"no-{verb}" for verb in forbidden), "not_allowed_here"}, (way, denied)


# Each example is a server: shrinking one would take minutes and say little more.
@settings(max_examples=10, deadline=None, phases=[Phase.explicit, Phase.generate])
@given(_STEPS)
def test_there_is_no_way_around(steps: list[tuple[set[str], Way]]) -> None:
    with tempfile.TemporaryDirectory() as directory:
        asyncio.run(_play(Path(directory), steps))


def test_every_way_alone(tmp_path: Path) -> None:
    """Each once with each verb denied, and once with none: what chance might leave out."""
    steps = [({verb} if verb else set(), way) for way in _WAYS for verb in ("host", "join", "register", "")]
    for start in range(0, len(steps), 16):
        asyncio.run(_play(tmp_path / str(start), steps[start : start + 16]))

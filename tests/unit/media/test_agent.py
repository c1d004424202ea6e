from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest

from contract.media_offers import offer
from meetinghouse.media.agent import DRAIN_LIMIT, Agent, EngineRefused, EngineStopped
from meetinghouse.media.engine import Answered, Command, Event, PeerConnected, SlotsChanged, Tile
from meetinghouse.media.fake import FakeEngine


@pytest.fixture
def engine() -> FakeEngine:
    return FakeEngine()


@pytest.fixture
async def agent(engine: FakeEngine) -> AsyncIterator[Agent]:
    agent = Agent(engine)
    yield agent
    await agent.close()


async def test_a_peer_comes_in_and_gets_its_answer(agent: Agent) -> None:
    answer = await agent.add_peer("r", "ana", offer())
    assert answer.startswith("v=0")


async def test_peers_that_come_together_get_their_own_answers(agent: Agent) -> None:
    offers = {f"p{number}": offer(video_slots=number) for number in range(1, 9)}
    answers = await asyncio.gather(*(agent.add_peer("r", peer, sdp) for peer, sdp in offers.items()))
    assert [answer.count("\r\nm=video") for answer in answers] == [2 + number for number in range(1, 9)]


async def test_a_refusal_is_raised_to_the_caller_with_its_code(agent: Agent) -> None:
    await agent.add_peer("r", "ana", offer())
    with pytest.raises(EngineRefused) as refused:
        await agent.add_peer("r", "ana", offer())
    assert refused.value.code == "duplicate_peer"
    with pytest.raises(EngineRefused, match="unknown_room"):
        await agent.close_room("nowhere")


async def test_subscribers_hear_every_event_in_order(agent: Agent) -> None:
    heard: list[Event] = []
    agent.subscribe(heard.append)
    await agent.add_peer("r", "ana", offer())
    await agent.add_peer("r", "ben", offer())
    await agent.set_sources("r", "ben", ["camera"])
    await agent.set_view("r", "ana", [Tile(peer="ben", source="camera", width=640, height=360)])
    await agent.renegotiate("r", "ana", offer(ufrag="Nu5x"))
    sequences = [event.sequence for event in heard if isinstance(event, Answered | PeerConnected | SlotsChanged)]
    assert sequences == sorted(sequences)
    (slots,) = [event for event in heard if isinstance(event, SlotsChanged)]
    assert [(slot.peer, slot.source) for slot in slots.slots if slot.peer] == [("ben", "camera")]


async def test_a_subscriber_that_raises_does_not_deafen_the_others(agent: Agent) -> None:
    heard: list[Event] = []

    def broken(event: Event) -> None:
        raise ValueError(event)

    end = agent.subscribe(broken)
    agent.subscribe(heard.append)
    await agent.add_peer("r", "ana", offer())
    assert heard
    end()
    await agent.remove_peer("r", "ana")


async def test_who_gave_up_waiting_does_not_get_anothers_answer(agent: Agent) -> None:
    impatient = asyncio.create_task(agent.add_peer("r", "ana", offer(video_slots=1)))
    await asyncio.sleep(0)  # submitted, not answered yet
    impatient.cancel()
    answer = await agent.renegotiate("r", "ana", offer(video_slots=2))
    assert answer.count("\r\nm=video") == 4


async def test_a_storm_of_events_leaves_turns_to_others(agent: Agent, engine: FakeEngine) -> None:
    await agent.add_peer("r", "ana", offer())
    heard: list[Event] = []
    agent.subscribe(heard.append)
    for _ in range(DRAIN_LIMIT * 3):
        engine.speak("r", "ana")
    seen: list[int] = []
    while len(heard) < DRAIN_LIMIT * 3:
        await asyncio.sleep(0)  # one turn of the loop
        seen.append(len(heard))
    assert DRAIN_LIMIT in seen


async def test_after_the_end_nobody_waits(engine: FakeEngine) -> None:
    agent = Agent(engine)
    await agent.close()
    await agent.close()
    assert not agent.alive
    with pytest.raises(EngineStopped):
        await agent.add_peer("r", "ana", offer())
    with pytest.raises(EngineStopped):
        agent.snapshot("r")


class DyingEngine(FakeEngine):
    """Takes commands and dies of the first one."""

    def submit(self, commands: list[Command]) -> None:
        super().submit(commands)
        super().drain(1000)
        self._emit_wake()

    def _emit_wake(self) -> None:
        self.measure()

    def drain(self, limit: int) -> Sequence[Event]:
        super().drain(limit)
        raise RuntimeError("the media engine's thread has died")


async def test_an_engine_that_dies_fails_those_who_wait() -> None:
    agent = Agent(DyingEngine())
    with pytest.raises(EngineStopped, match="died"):
        await agent.add_peer("r", "ana", offer())
    assert not agent.alive


async def test_a_peer_that_fails_before_its_answer_fails_its_caller() -> None:
    class Failing(FakeEngine):
        def drain(self, limit: int) -> Sequence[Event]:
            return [event for event in super().drain(limit) if not isinstance(event, Answered)]

    engine = Failing()
    agent = Agent(engine)
    waiting = asyncio.create_task(agent.add_peer("r", "ana", offer()))
    await asyncio.sleep(0)
    engine.fail("r", "ana", "panic")
    with pytest.raises(EngineRefused, match="panic"):
        await waiting
    await agent.close()

"""What a session remembers of the engine's words, for who asks again."""

from __future__ import annotations

from contract.media_offers import offer
from meetinghouse.media.agent import Agent
from meetinghouse.media.fake import FakeEngine
from meetinghouse.meetings.media_room import MediaRoom
from meetinghouse.meetings.messages import Layers, Source


async def test_watched_layers_are_those_of_one_connection() -> None:
    agent = Agent(FakeEngine())
    room = MediaRoom(agent, "r")
    await room.offer("ana", offer(), fresh=True, publish=True, subscribe=True)
    assert room.layers("ana") == ()
    room.wanted("ana", "camera", ["l", "m"])
    assert room.wanted("ana", "camera", ["l"]) == Layers(source=Source.CAMERA, layers=("l",))
    await room.offer("ana", offer(), fresh=False, publish=True, subscribe=True)
    assert room.layers("ana") == (Layers(source=Source.CAMERA, layers=("l",)),)
    await room.offer("ana", offer(), fresh=True, publish=True, subscribe=True)
    assert room.layers("ana") == (), "a new connection sends all"
    assert room.wanted("gone", "camera", ["l"]) is None
    await agent.close()

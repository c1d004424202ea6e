"""The engine's side of one session: its peers follow the session's state, its events become messages.

The state decides and the engine follows: a participant in the lobby is never known here, and who is gone is removed at once.
Watchers (WHEP) are peers beside the state: each belongs to the holder of a ticket, and ends with whom it watches.
A call that the engine refuses is counted and logged; only an offer has somebody who waits for the answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, Literal

import structlog
from msgspec import Struct

from meetinghouse.media import engine
from meetinghouse.media.agent import Agent, EngineRefused, EngineStopped
from meetinghouse.meetings.messages import Layers, Slot, Slots, Source, Speakers, Tile
from meetinghouse.meetings.metrics import MEDIA_FAILURES

_log = structlog.get_logger(__name__)

# How long an offer may take: handshakes are not part of it, so that a healthy engine answers within milliseconds.
_OFFER_SECONDS = 10
# What who watches one participant gets of them, best first: one picture and one sound.
_WATCHED: tuple[Literal["screen", "camera", "microphone", "screen_audio"], ...] = (
    "screen",
    "camera",
    "microphone",
    "screen_audio",
)
# Larger than any layer: a standard client cannot say how large it shows the picture, so it gets the best.
_WATCHED_PIXELS = (3840, 2160)
_SOURCES: dict[Source, Literal["microphone", "camera", "screen", "screen_audio"]] = {
    Source.MICROPHONE: "microphone",
    Source.CAMERA: "camera",
    Source.SCREEN: "screen",
    Source.SCREEN_AUDIO: "screen_audio",
}


class MediaRefused(Exception):  # noqa: N818 (an answer, not a fault)
    """The engine did not take an offer; `code` goes to the client."""

    def __init__(self, code: str, detail: str) -> None:
        """`detail` is for developers of clients."""
        super().__init__(code)
        self.code = code
        self.detail = detail


class _Peer(Struct, kw_only=True):
    """What the engine knows of one participant."""

    slots: tuple[Slot, ...] = ()
    codecs: dict[Source, str] = {}
    layers: dict[Source, Layers] = {}


class OneWay(Struct, kw_only=True):
    """One connection of a standard client: what its address (the `Location` of WHIP and WHEP) stands for.

    `peer` is its name in the engine: the participant for who publishes, else `id`. `ticket_mark` knows the ticket again,
    `entity_tag` the ICE session (RFC 9725 §4.3.1), and `offer` what an ICE restart renews.
    """

    id: str
    peer: str
    holder: str
    watched: str | None
    ticket_mark: bytes
    offer: str
    entity_tag: str


class MediaRoom:
    """The peers of one session; its room in the engine has the session's id."""

    def __init__(self, agent: Agent, room: str) -> None:
        """An empty room."""
        self._agent = agent
        self._room = room
        self._peers: dict[str, _Peer] = {}
        self._sources: dict[str, tuple[Source, ...]] = {}
        self._views: dict[str, tuple[Tile, ...]] = {}
        self._one_way: dict[str, OneWay] = {}
        self._calls: set[asyncio.Task[None]] = set()
        self.speakers = Speakers(participants=())

    def has(self, participant_id: str) -> bool:
        """Whether the engine keeps a connection of this participant."""
        return participant_id in self._peers

    def slots(self, participant_id: str) -> Slots:
        """What fills a participant's slots now."""
        peer = self._peers.get(participant_id)
        return Slots(slots=peer.slots if peer else ())

    def layers(self, participant_id: str) -> tuple[Layers, ...]:
        """Which layers of a participant's sources are wanted, where that is not all of them."""
        peer = self._peers.get(participant_id)
        return tuple(peer.layers.values()) if peer else ()

    def codecs(self, participant_id: str) -> dict[Source, str]:
        """The codecs of a participant's streams, as far as media has come."""
        peer = self._peers.get(participant_id)
        return dict(peer.codecs) if peer else {}

    async def offer(
        self, participant_id: str, sdp: str, *, fresh: bool, publish: bool, subscribe: bool, one_way: bool = False
    ) -> str:
        """Answer an offer.

        Raises:
            MediaRefused: with a code for the client.

        """
        if not fresh and participant_id not in self._peers:
            raise MediaRefused("no_connection", "There is no connection to change: send a fresh offer.")
        try:
            async with asyncio.timeout(_OFFER_SECONDS):
                if not fresh:
                    return await self._agent.renegotiate(self._room, participant_id, sdp)
                if self._peers.pop(participant_id, None) is not None:
                    await self._counted(self._agent.remove_peer(self._room, participant_id))
                self._peers[participant_id] = _Peer()
                return await self._agent.add_peer(
                    self._room, participant_id, sdp, publish=publish, subscribe=subscribe, one_way=one_way
                )
        except EngineRefused as refused:
            MEDIA_FAILURES.labels(refused.code).inc()
            if fresh and refused.code != "duplicate_peer":
                self._peers.pop(participant_id, None)
            raise MediaRefused(refused.code, refused.message) from refused
        except (EngineStopped, TimeoutError) as error:
            MEDIA_FAILURES.labels("engine_unavailable").inc()
            self._peers.pop(participant_id, None)
            raise MediaRefused("media_unavailable", "The media engine does not answer.") from error

    def resume(self, participant_id: str, sources: tuple[Source, ...]) -> None:
        """After a fresh answer: tell the new connection what is on and what is looked at.

        The sources are the state's: after a restart it knows them, and nothing here has followed it yet.
        """
        self.follow(participant_id, sources, again=True)
        if participant_id in self._views:
            self.set_view(participant_id, self._views[participant_id])

    def follow(self, participant_id: str, sources: tuple[Source, ...], *, again: bool = False) -> None:
        """These sources of a participant are on now."""
        same = self._sources.get(participant_id, ()) == sources
        self._sources[participant_id] = sources
        if participant_id in self._peers and (again or not same):
            names = [_SOURCES[source] for source in sources]
            self._call(self._agent.set_sources(self._room, participant_id, names))

    def set_view(self, participant_id: str, tiles: tuple[Tile, ...]) -> None:
        """A participant's layout shows these tiles now."""
        self._views[participant_id] = tiles
        if participant_id not in self._peers:
            return
        wanted = [
            engine.Tile(
                peer=tile.participant, source=tile.source, width=tile.width, height=tile.height, pinned=tile.pinned
            )
            for tile in tiles
        ]
        self._call(self._agent.set_view(self._room, participant_id, wanted))

    async def watch(self, one_way: OneWay) -> str:
        """Answer the offer of somebody who watches one participant: their screen if shared, else their camera.

        Raises:
            MediaRefused: with a code for the client.

        """
        answer = await self.offer(one_way.peer, one_way.offer, fresh=True, publish=False, subscribe=True, one_way=True)
        self.hold(one_way)
        width, height = _WATCHED_PIXELS
        tiles = [
            engine.Tile(peer=one_way.watched or "", source=source, width=width, height=height) for source in _WATCHED
        ]
        self._call(self._agent.set_view(self._room, one_way.peer, tiles))
        return answer

    def hold(self, one_way: OneWay) -> None:
        """A standard client's connection begins."""
        self._one_way[one_way.id] = one_way

    def one_way(self, identity: str) -> OneWay | None:
        """The standard client's connection with this id, while the engine has it."""
        return self._one_way.get(identity)

    @property
    def watches(self) -> int:
        """How many watch somebody."""
        return sum(one.watched is not None for one in self._one_way.values())

    def drop(self, participant_id: str) -> None:
        """A participant is gone, and who watched them has nothing to watch."""
        self._sources.pop(participant_id, None)
        self._views.pop(participant_id, None)
        self.forget(participant_id)
        for one in [one for one in self._one_way.values() if one.watched == participant_id]:
            self.forget(one.peer)

    def revoke(self, participant_id: str) -> None:
        """The ticket of this participant holds no longer: nor do the watches that were opened with it."""
        for one in [one for one in self._one_way.values() if one.holder == participant_id]:
            self.forget(one.peer)

    def forget(self, peer: str) -> None:
        """Take one peer out of the engine."""
        if self.failed(peer):
            self._call(self._agent.remove_peer(self._room, peer))

    def close(self) -> None:
        """The session is over."""
        self._one_way.clear()
        if self._peers:
            self._peers.clear()
            self._call(self._agent.close_room(self._room))

    def filled(self, participant_id: str, slots: list[engine.Slot]) -> Slots | None:
        """The engine filled slots anew; returns what to tell their owner."""
        peer = self._peers.get(participant_id)
        if peer is None:
            return None
        peer.slots = tuple(
            Slot(
                mid=slot.mid,
                participant=slot.peer,
                source=None if slot.peer is None else Source(slot.source),
                rtp_timestamp=slot.rtp_timestamp,
                cannot_decode=slot.cannot_decode,
                paused=slot.paused,
            )
            for slot in slots
        )
        return Slots(slots=peer.slots)

    def wanted(self, participant_id: str, source: str, layers: list[str]) -> Layers | None:
        """Only these layers of a stream are watched; returns what to tell its publisher."""
        peer = self._peers.get(participant_id)
        if peer is None:
            return None
        wanted = Layers(source=Source(source), layers=tuple(layers))
        peer.layers = {**peer.layers, wanted.source: wanted}
        return wanted

    def started(self, participant_id: str, source: str, codec: str) -> None:
        """The first media of a stream came."""
        peer = self._peers.get(participant_id)
        if peer is not None:
            peer.codecs = {**peer.codecs, Source(source): codec}

    def failed(self, participant_id: str) -> bool:
        """The engine has a peer no more; says whether it was known."""
        self._one_way = {identity: one for identity, one in self._one_way.items() if one.peer != participant_id}
        return self._peers.pop(participant_id, None) is not None

    def _call(self, call: Coroutine[Any, Any, None]) -> None:
        """Hand a command over now (tasks begin in the order in which they are made); look at its result later."""
        task = asyncio.create_task(self._counted(call), name="media-command")
        self._calls.add(task)
        task.add_done_callback(self._calls.discard)

    async def _counted(self, call: Coroutine[Any, Any, None]) -> None:
        try:
            await call
        except EngineRefused as refused:
            # Removed while the command was on its way, most often.
            MEDIA_FAILURES.labels(refused.code).inc()
            _log.info("media_command_refused", code=refused.code)
        except EngineStopped:
            MEDIA_FAILURES.labels("engine_unavailable").inc()

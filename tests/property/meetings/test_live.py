"""Random meetings through the real actions, database and restarts: what clients make of events is what a snapshot says."""
# ruff: noqa: ANN401 (strategies and coroutines of any type)

from __future__ import annotations

import asyncio
import itertools
import shutil
import tempfile
from collections.abc import Callable, Coroutine
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import select

from conftest import SetClock
from meetinghouse.brands.resolution import Brands
from meetinghouse.brands.settings import BrandingSettings
from meetinghouse.bus.local import LocalBus
from meetinghouse.db.engine import Database
from meetinghouse.db.tenancy import Across
from meetinghouse.market.decision_log import DecisionLog
from meetinghouse.market.enforcement import Enforcement
from meetinghouse.market.in_force import RulesInForce
from meetinghouse.media.agent import Agent
from meetinghouse.media.engine import EngineConfig
from meetinghouse.media.fake import FakeEngine
from meetinghouse.media.ice import IceServers
from meetinghouse.meetings import acts, state, tables
from meetinghouse.meetings.acts import Actor, ActRefused
from meetinghouse.meetings.live import LiveSession
from meetinghouse.meetings.messages import (
    ChangeMeeting,
    Closed,
    Reason,
    Role,
    SendChat,
    Sequenced,
    ServerMessage,
    Snapshot,
    Source,
    Welcome,
)
from meetinghouse.meetings.model import Kind, Meeting, Presence, Schedule, Settings
from meetinghouse.meetings.quality_recorder import QualityRecorder
from meetinghouse.meetings.sessions import EntryRefused, ResumeRefused, Sessions
from meetinghouse.meetings.settings import MeetingsSettings
from meetinghouse.meetings.tickets import new_ticket
from meetinghouse.people.tables import members
from meetinghouse.regions.model import Region
from meetinghouse.security.keyring import Keyring
from meetinghouse.security.limits import Limits

_decoder = msgspec.json.Decoder(ServerMessage)
_PLACES = st.integers(0, 7)
_NAMES = st.sampled_from(["Ana", "Bo", "程", "Dan"])


class Client:
    """One participant's client: applies what it hears, and remembers it over reconnects."""

    def __init__(self) -> None:
        self.snapshot: Snapshot | None = None
        self.resume = ""
        self.id = ""
        self.open = False
        self.closed: Reason | None = None

    def send(self, frame: str) -> None:
        message = _decoder.decode(frame)
        match message:
            case Welcome():
                self.open = True
                self.resume, self.id = message.resume, message.participant
            case Snapshot():
                self.snapshot = message
            case Closed():
                self.closed = message.reason
                self.open = False
            case _ if isinstance(message, Sequenced):
                assert self.snapshot is not None, "an event before the first snapshot"
                assert message.sequence > self.snapshot.sequence
                self.snapshot = state.apply(self.snapshot, message)

    def finish(self, last: Closed) -> None:
        self.closed = last.reason
        self.open = False


class Template:
    """A migrated database to copy: migrating for every example would be most of the time."""

    path: Path | None = None

    @classmethod
    async def copy_to(cls, directory: Path) -> str:
        if cls.path is None:
            cls.path = Path(tempfile.mkdtemp()) / "template.sqlite3"
            await (await Database.open(f"sqlite+aiosqlite:///{cls.path}")).close()
        target = directory / "meetings.sqlite3"
        shutil.copy(cls.path, target)
        return f"sqlite+aiosqlite:///{target}"


class Meetings(RuleBasedStateMachine):
    """One meeting, some clients, and everything that can happen."""

    @initialize(lobby=st.booleans())
    def begin(self, lobby: bool) -> None:  # noqa: FBT001
        self.loop = asyncio.new_event_loop()
        self.directory = Path(tempfile.mkdtemp())
        self.clock = SetClock()
        self.clients: list[Client] = []
        self.keys = itertools.count()
        self.run(self._open(lobby=lobby))

    def teardown(self) -> None:
        if hasattr(self, "loop"):
            self.run(self._close())
            self.loop.close()
            shutil.rmtree(self.directory)

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(asyncio.wait_for(work, 30))

    # --- coming and going --------------------------------------------------------------------------------------------

    @rule(name=_NAMES, role=st.sampled_from(Role), admitted=st.booleans())
    def enter(self, name: str, role: Role, admitted: bool) -> None:  # noqa: FBT001
        client = Client()
        expires = self.clock.now() + timedelta(minutes=5)
        ticket = new_ticket(self.meeting, name, expires, role=role, admitted=admitted or role is Role.COHOST)
        try:
            self.run(self.sessions.enter(ticket, client))
        except EntryRefused:
            assert not client.open
            return
        self.clients.append(client)

    @rule(place=_PLACES, remembers=st.booleans())
    def resume(self, place: int, remembers: bool) -> None:  # noqa: FBT001
        client = self._client(place)
        if client is None:
            return
        again = Client()
        again.resume, again.id = client.resume, client.id
        again.snapshot = client.snapshot if remembers else None
        last = again.snapshot.sequence if again.snapshot else None
        was_out = client.closed in {Reason.LEFT, Reason.REMOVED, Reason.DENIED, Reason.ENDED}
        try:
            self.run(self.sessions.resume(client.resume, last, again))
        except ResumeRefused:
            client.open = False
            return
        assert not was_out
        self.clients[self.clients.index(client)] = again

    @rule(place=_PLACES)
    def lose_the_line(self, place: int) -> None:
        client = self._client(place)
        if client is None or not client.open or (live := self._live()) is None:
            return
        client.open = False
        self.run(self._line_lost(live, client))

    @rule(place=_PLACES, reason=st.sampled_from([Reason.LEFT, Reason.LOST]))
    def leave(self, place: int, reason: Reason) -> None:
        self._act(place, lambda live, me: acts.leave(live, me, reason, self.clock.now()))

    @rule()
    @precondition(lambda self: hasattr(self, "sessions"))
    def restart(self) -> None:
        live = self._live()
        before = None if live is None else [self._without_lines(live, one) for one in live.people]
        self.run(self._close())
        for client in self.clients:
            client.open = False
        self.run(self._open_again())
        live = self._live()
        after = None if live is None else [self._without_lines(live, one) for one in live.people]
        if before is not None and after is not None:
            assert sorted(after, key=lambda one: one.you) == sorted(before, key=lambda one: one.you)

    # --- acting ------------------------------------------------------------------------------------------------------

    @rule(place=_PLACES, to=st.none() | _PLACES, text=st.text(min_size=1, max_size=5), again=st.booleans())
    def chat(self, place: int, to: int | None, text: str, again: bool) -> None:  # noqa: FBT001
        target = None if to is None else self._client(to)
        key = "again" if again else str(next(self.keys))
        request = SendChat(id=1, key=key, text=text, to=target.id if target else None)
        self._act(place, lambda live, me: acts.send_chat(live, me, request, self.clock.now()))

    @rule(place=_PLACES, sources=st.lists(st.sampled_from(Source), max_size=4))
    def set_sources(self, place: int, sources: list[Source]) -> None:
        self._act(place, lambda live, me: acts.set_sources(live, me, tuple(sources)))

    @rule(place=_PLACES, raised=st.booleans(), of=st.none() | _PLACES)
    def hand(self, place: int, raised: bool, of: int | None) -> None:  # noqa: FBT001
        target = None if of is None else self._client(of)
        participant = target.id if target else None
        self._act(
            place,
            lambda live, me: acts.raise_hand(live, me, raised=raised, participant=participant, now=self.clock.now()),
        )

    @rule(place=_PLACES, of=_PLACES, name=_NAMES)
    def rename(self, place: int, of: int, name: str) -> None:
        self._act_on(place, of, lambda live, me, target: acts.rename(live, me, target, name))

    @rule(place=_PLACES, of=st.none() | _PLACES)
    def admit(self, place: int, of: int | None) -> None:
        target = None if of is None else self._client(of)
        participant = target.id if target else None
        self._act(
            place,
            lambda live, me: acts.admit(live, Actor(Role.ATTENDEE, me), participant, self.clock.now(), 6),
        )

    @rule(place=_PLACES, of=_PLACES)
    def remove(self, place: int, of: int) -> None:
        self._act_on(
            place,
            of,
            lambda live, me, target: acts.remove(live, Actor(Role.ATTENDEE, me), target, self.clock.now()),
        )

    @rule(place=_PLACES, of=st.none() | _PLACES)
    def mute(self, place: int, of: int | None) -> None:
        target = None if of is None else self._client(of)
        participant = target.id if target else None
        self._act(place, lambda live, me: acts.mute(live, Actor(Role.ATTENDEE, me), participant))

    @rule(place=_PLACES, of=_PLACES, role=st.sampled_from(Role))
    def set_role(self, place: int, of: int, role: Role) -> None:
        self._act_on(place, of, lambda live, me, target: acts.set_role(live, me, target, role))

    @rule(
        place=_PLACES,
        locked=st.none() | st.booleans(),
        share=st.none() | st.sampled_from(["one", "many", "host"]),
        chat=st.none() | st.sampled_from(["everyone", "host", "off"]),
        spotlight=st.none() | _PLACES,
    )
    def change(self, place: int, locked: bool | None, share: Any, chat: Any, spotlight: int | None) -> None:  # noqa: FBT001
        target = None if spotlight is None else self._client(spotlight)
        request = ChangeMeeting(
            id=1,
            locked=locked,
            share=share,
            chat=chat,
            spotlight=None if spotlight is None else target.id if target else "",
        )
        self._act(place, lambda live, me: acts.change_meeting(live, Actor(Role.ATTENDEE, me), request))

    @rule(place=_PLACES)
    def end(self, place: int) -> None:
        self._act(place, lambda live, me: acts.end_meeting(live, Actor(Role.ATTENDEE, me), self.clock.now()))

    # --- what always holds -------------------------------------------------------------------------------------------

    @invariant()
    def clients_know_what_a_fresh_snapshot_says(self) -> None:
        live = self._live() if hasattr(self, "sessions") else None
        for client in getattr(self, "clients", []):
            if not client.open:
                continue
            assert live is not None
            person = live.people[client.id]
            if person.presence is Presence.WAITING:
                continue
            assert client.snapshot is not None
            assert client.snapshot.state == live.view(client.id)
            assert client.snapshot.sequence <= live.sequence

    @invariant()
    def whoever_waits_knows_nothing(self) -> None:
        live = self._live() if hasattr(self, "sessions") else None
        for client in getattr(self, "clients", []):
            if client.open and live is not None and live.people[client.id].presence is Presence.WAITING:
                assert client.snapshot is None

    @invariant()
    def one_share_at_most_under_one(self) -> None:
        live = self._live() if hasattr(self, "sessions") else None
        if live is not None and live.meeting.settings.share == "one":
            assert sum(Source.SCREEN in one.sources for one in live.roster) <= 1

    # --- inside ------------------------------------------------------------------------------------------------------

    async def _open(self, *, lobby: bool) -> None:
        self.url = await Template.copy_to(self.directory)
        await self._start()
        async with self.db.write(Across.UPKEEP) as write:
            owner = (await write.connection.execute(select(members.c.id, members.c.tenant_id))).one()
            self.meeting = Meeting(
                id="m",
                tenant_id=owner.tenant_id,
                host_id=owner.id,
                host_name="Owner",
                kind=Kind.PERSONAL,
                title="Random",
                number="1234567890",
                link_id="l" * 22,
                settings=Settings(lobby=lobby, join_before_host=True),
                schedule=Schedule(),
                revision=0,
                created_at=self.clock.now(),
            )
            await tables.add(write.connection, self.meeting)

    async def _open_again(self) -> None:
        await self._start()

    async def _start(self) -> None:
        self.db = await Database.open(self.url, synchronous="normal")
        self.agent = Agent(FakeEngine(EngineConfig()))
        self.sessions = Sessions(
            bus=LocalBus(),
            region=Region("local", "", "own"),
            db=self.db,
            clock=self.clock,
            keys=Keyring(b"k" * 32),
            agent=self.agent,
            limits=Limits(participants_per_meeting=6, lobby_per_meeting=3),
            settings=MeetingsSettings(),
            enforcement=Enforcement(
                self.clock,
                RulesInForce(self.db, self.clock),
                DecisionLog(self.db, self.clock),
            ),
            public_url="http://localhost",
            houses=Brands(self.db, self.clock, "http://localhost", BrandingSettings()),
            ice=IceServers.none(),
            quality=QualityRecorder(self.db, self.clock, MeetingsSettings()),
        )
        await self.sessions.start()

    async def _close(self) -> None:
        await self.sessions.stop()
        await self.agent.close()
        await self.db.close()

    async def _line_lost(self, live: LiveSession, client: Client) -> None:
        """A line breaks, and what that begins is done."""
        self.sessions.line_lost(live, client.id, client)
        await asyncio.gather(*self.sessions._tasks)

    def _live(self) -> LiveSession | None:
        return self.sessions.live_of("m")

    def _client(self, place: int) -> Client | None:
        return self.clients[place % len(self.clients)] if self.clients else None

    def _act(self, place: int, act: Callable[[LiveSession, str], Coroutine[Any, Any, None]]) -> None:
        client, live = self._client(place), self._live()
        if client is None or live is None or not client.open:
            return
        try:
            self.run(act(live, client.id))
        except ActRefused:
            return

    def _act_on(self, place: int, of: int, act: Callable[[LiveSession, str, str], Coroutine[Any, Any, None]]) -> None:
        target = self._client(of)
        if target is not None:
            self._act(place, lambda live, me: act(live, me, target.id))

    @staticmethod
    def _without_lines(live: LiveSession, participant_id: str) -> Any:
        """A view without who is connected, which a restart does not keep."""
        seen = live.view(participant_id)
        quiet = tuple(msgspec.structs.replace(one, reconnecting=False) for one in seen.participants)
        return msgspec.structs.replace(seen, participants=quiet)


TestMeetings = Meetings.TestCase
TestMeetings.settings = settings(
    max_examples=40,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)

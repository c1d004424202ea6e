"""All sessions that are held here: who enters them, who comes back, who is given up, and how they outlive the process.

Refusals: `EntryRefused` (a ticket lets nobody in, with a code) and `ResumeRefused` (with the reason why the place is gone).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Generator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from datetime import timedelta
from typing import Any

import msgspec
import structlog
from msgspec.structs import replace
from sqlalchemy.exc import IntegrityError

from meetinghouse.bus.local import Bus
from meetinghouse.db.clock import Clock
from meetinghouse.db.engine import Database
from meetinghouse.db.ids import new_id
from meetinghouse.db.tenancy import Across
from meetinghouse.market.enforcement import Enforcement
from meetinghouse.media.agent import Agent
from meetinghouse.media.engine import Event, LayersWanted, PeerFailed, SlotsChanged, SpeakersChanged, StreamStarted
from meetinghouse.media.ice import IceServers
from meetinghouse.meetings import acts, live_tables, messages, rules, tables
from meetinghouse.meetings.bounds import Bounds
from meetinghouse.meetings.journal import Journal
from meetinghouse.meetings.live import Change, Connection, LiveSession, NoLine, encode
from meetinghouse.meetings.media_room import MediaRoom
from meetinghouse.meetings.messages import Closed, MediaLost, Reason, Speakers, Welcome
from meetinghouse.meetings.metrics import ENTRIES, SESSIONS
from meetinghouse.meetings.model import Attendance, Kind, Meeting, Presence, Refused, Session, Ticket
from meetinghouse.meetings.quality_recorder import QualityRecorder
from meetinghouse.meetings.settings import MeetingsSettings
from meetinghouse.meetings.tickets import is_resume, mark_resume, new_resume, read_resume
from meetinghouse.people import tables as people_tables
from meetinghouse.people.news import MEMBER_OUT, MemberOut
from meetinghouse.regions.model import Region
from meetinghouse.security.houses import Houses
from meetinghouse.security.keyring import Keyring
from meetinghouse.security.limits import Limits
from meetinghouse.security.refusal import Refusal

_log = structlog.get_logger(__name__)

# The timer of a whole session that its plan's minutes are over, beside those of people.
_TIME_OVER = "time over"
# How long an instant meeting that was opened counts as upcoming.
_INSTANT_LIFE = timedelta(hours=24)


class EntryRefused(Exception):  # noqa: N818 (an answer, not a fault)
    """A ticket that lets nobody in now."""

    def __init__(self, code: str, refusal: Refusal | None = None) -> None:
        """`code` is stable; `refusal` is what a rule said, where one refused."""
        super().__init__(code)
        self.code = code
        self.refusal = refusal


class ResumeRefused(Exception):  # noqa: N818 (an answer, not a fault)
    """There is no place to come back to."""

    def __init__(self, reason: Reason) -> None:
        """`reason` is told only to who holds the right secret; everybody else reads `expired`."""
        super().__init__(reason.value)
        self.reason = reason


@contextmanager
def counted_entry() -> Generator[None, None, None]:
    """Count who comes in, and why somebody does not."""
    try:
        yield
    except EntryRefused as refused:
        ENTRIES.labels(refused.code).inc()
        raise
    ENTRIES.labels("entered").inc()


class Sessions:
    """The running sessions of this process."""

    def __init__(  # noqa: PLR0913 (the services, each by its name)
        self,
        *,
        db: Database,
        bus: Bus,
        clock: Clock,
        keys: Keyring,
        agent: Agent,
        limits: Limits,
        settings: MeetingsSettings,
        region: Region,
        enforcement: Enforcement,
        public_url: str,
        houses: Houses,
        ice: IceServers,
        quality: QualityRecorder,
    ) -> None:
        """Nothing is held yet; `start` brings back what was."""
        self.clock = clock
        self.keys = keys
        self.limits = limits
        self.settings = settings
        self.public_url = public_url
        self.houses = houses
        self.ice = ice
        self.quality = quality
        self.bounds = Bounds(db, clock, enforcement, region)
        self._db = db
        self._bus = bus
        self._listening = AsyncExitStack()
        self._agent = agent
        self._journal = Journal(db)
        self._by_id: dict[str, LiveSession] = {}
        self._by_meeting: dict[str, LiveSession] = {}
        self._by_link: dict[str, LiveSession] = {}
        self._rooms: dict[str, MediaRoom] = {}
        self._timers: dict[tuple[str, str], asyncio.TimerHandle] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._stopping = False
        # No session begins here any more; those that are held go on until they end.
        self.draining = False

    async def start(self) -> None:
        """Bring back the sessions that a stop or a crash interrupted; those who were in them have a while to return."""
        self._listening.callback(self._agent.subscribe(self._on_media))
        news = await self._listening.enter_async_context(self._bus.subscribe(MEMBER_OUT))
        self._listening.callback(asyncio.create_task(self._follow_members(news), name="sessions-members").cancel)
        async with self._db.read(Across.SESSIONS) as connection:
            for session in await live_tables.open_sessions(connection):
                meeting = await tables.by_id(connection, session.meeting_id)
                if meeting is None:
                    continue
                live = await self._hold(session, meeting)
                people = await live_tables.attendances_of(connection, session.id)
                live.restore(people, await live_tables.lines_of(connection, session.id))
                for participant_id in live.people:
                    self._expect_back(live, participant_id)
                if not live.people:
                    self._expect_anybody(live)
                await self._bound_in_time(live)
        if self._by_id:
            _log.info("sessions_restored", sessions=len(self._by_id))
        await self._expel_those_out()

    async def stop(self) -> None:
        """Let go of everything without ending it: whoever is in a meeting comes back to it after the next start."""
        self._stopping = True
        await self._listening.aclose()
        for timer in self._timers.values():
            timer.cancel()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._journal.close()
        SESSIONS.set(0)

    # --- asking ------------------------------------------------------------------------------------------------------

    def live_of(self, meeting_id: str) -> LiveSession | None:
        """The session of a meeting, if one is held."""
        return self._by_meeting.get(meeting_id)

    def live_of_link(self, link_id: str) -> LiveSession | None:
        """The session of the meeting with this link, if one is held."""
        return self._by_link.get(link_id)

    def in_progress(self, meeting_id: str) -> bool:
        """Whether somebody is in the meeting now."""
        live = self._by_meeting.get(meeting_id)
        return live is not None and live.in_progress

    @property
    def count(self) -> int:
        """How many sessions are held."""
        return len(self._by_id)

    def check_begin(self, meeting_id: str) -> None:
        """Whether a meeting goes on here, or may begin.

        Raises:
            EntryRefused: `draining`.

        """
        if self.draining and meeting_id not in self._by_meeting:
            raise EntryRefused("draining")

    async def people_limit(self, meeting: Meeting) -> int:
        """How many may be in a meeting at a time."""
        return await self.bounds.people_limit(meeting.tenant_id, self.limits.participants_per_meeting)

    def room_of(self, live: LiveSession) -> MediaRoom:
        """The engine's side of a session."""
        return self._rooms[live.session.id]

    # --- coming and going --------------------------------------------------------------------------------------------

    async def enter(self, ticket: Ticket, connection: Connection) -> LiveSession:
        """Redeem a ticket: its holder is then in the meeting or in its lobby, and has been welcomed.

        Raises:
            EntryRefused: with `ticket_used`, `unknown_meeting`, `draining`, the reason of the meeting, or that of a rule which
                forbids by now what it allowed when the ticket was made.

        """
        with counted_entry():
            async with self.held(ticket.meeting_id) as live:
                await self._enter(live, ticket, connection)
        return live

    async def resume(self, secret: str, last_sequence: int | None, connection: Connection) -> tuple[LiveSession, str]:
        """Come back to one's place: the missed events or a snapshot follow the welcome. Returns the participant's id too.

        Raises:
            ResumeRefused: the place is gone.

        """
        parts = read_resume(secret)
        if parts is None:
            raise self._refuse_resume(Reason.EXPIRED)
        live = self._by_id.get(parts.session_id)
        if live is not None:
            async with live.lock:
                person = live.people.get(parts.participant_id) or live.away.get(parts.participant_id)
                if not live.over and person is not None and self._may_resume(person, secret):
                    await self._resume(live, person, secret, last_sequence, connection)
                    ENTRIES.labels("resumed").inc()
                    return live, person.id
        raise self._refuse_resume(await self._why_gone(parts.participant_id, secret))

    @asynccontextmanager
    async def held(self, meeting_id: str) -> AsyncIterator[LiveSession]:
        """The session of a meeting, locked for its caller; where none is held one begins, if something comes of it.

        Raises:
            EntryRefused: `unknown_meeting`, `draining`.

        """
        while True:
            live = await self._open(meeting_id)
            async with live.lock:
                if live.over:
                    continue
                try:
                    yield live
                finally:
                    if not live.stored:
                        self._let_go(live)
                return

    async def check_entry(self, live: LiveSession, ticket: Ticket) -> Presence:
        """Where a ticket leads now, which is not redeemed yet. The caller holds the session's lock.

        Raises:
            EntryRefused: as `enter`.

        """
        if ticket.participant_id in live.known:
            raise EntryRefused("ticket_used")
        await self.check_still_allowed(ticket)
        if not live.stored:
            await self._check_may_begin(ticket.tenant_id)
        await self._bound_in_time(live)
        limit = await self.people_limit(live.meeting)
        presence = rules.check_entry(
            live.situation(member_id=ticket.member_id, people_limit=limit), ticket.role, admitted=ticket.admitted
        )
        if isinstance(presence, Refused):
            raise EntryRefused(presence.value)
        return presence

    def newcomer(self, live: LiveSession, ticket: Ticket, presence: Presence, secret: str) -> Attendance:
        """The row of who redeems a ticket; `secret` is what they come back with."""
        now = self.clock.now()
        former = live.former_roles.get(ticket.member_id) if ticket.member_id else None
        return Attendance(
            id=ticket.participant_id,
            tenant_id=ticket.tenant_id,
            session_id=live.session.id,
            name=ticket.name,
            role=rules.returning_role(ticket.role, former),
            presence=presence,
            asked_at=now,
            joined_at=now if presence is Presence.JOINED else None,
            resume_mark=mark_resume(self.keys, secret),
            resume_expires_at=now + timedelta(seconds=self.settings.resume_seconds),
            member_id=ticket.member_id,
            publish=ticket.publish,
            subscribe=ticket.subscribe,
        )

    async def let_in(
        self, live: LiveSession, person: Attendance, connection: Connection, first: Callable[[], None] | None = None
    ) -> None:
        """Store and announce that somebody is in; `first` is called just before the announcement.

        Raises:
            EntryRefused: `ticket_used`.

        """
        live.connections[person.id] = connection
        self._is_back(live, person.id)
        reopened = self._reopened(live) if person.presence is Presence.JOINED else None
        try:
            await live.commit(Change(people=(person,), meeting=reopened), first=first)
        except IntegrityError:
            # The row of this participant is there: the ticket was redeemed before.
            live.connections.pop(person.id, None)
            raise EntryRefused("ticket_used") from None
        except BaseException:
            live.connections.pop(person.id, None)
            raise

    async def check_still_allowed(self, ticket: Ticket) -> None:
        """Whether what binds every join still lets a ticket's holder in. The caller holds the session's lock.

        Raises:
            EntryRefused: with the code of the rule, or `ticket_invalid` for a member who is out.

        """
        try:
            await self.bounds.check_join(ticket.tenant_id)
        except Refusal as refused:
            raise EntryRefused(refused.code, refused) from None
        if ticket.member_id is not None:
            # Under the session's lock: whose account ends before is refused here, and after is sent out by `expel`.
            async with self._db.read(ticket.tenant_id) as connection:
                out = await people_tables.those_out(connection, {ticket.member_id})
            if out:
                raise EntryRefused("ticket_invalid")

    async def _check_may_begin(self, tenant_id: str) -> None:
        """Whether a meeting may begin. One that is held goes on, whatever the rules say by now."""
        try:
            await self.bounds.check_begin(tenant_id)
        except Refusal as refused:
            raise EntryRefused(refused.code, refused) from None

    async def row_of(self, participant_id: str) -> Attendance | None:
        """What is stored of a participant, of whichever session."""
        async with self._db.read(Across.JOIN) as connection:
            return await live_tables.attendance_of(connection, participant_id)

    def tell_of_relay(self, live: LiveSession, participant_id: str) -> None:
        """Tell somebody in the meeting of TURN, with fresh credentials, if there is one."""
        server = self.ice.of(participant_id, self.clock.now())
        if server is not None:
            message = messages.IceServers(urls=server.urls, username=server.username, credential=server.credential)
            live.send(participant_id, message)

    def line_lost(self, live: LiveSession, participant_id: str, connection: Connection) -> None:
        """A connection is gone. Its participant keeps the place for a while."""
        if not self._stopping:
            self._begin(self._line_lost(live, participant_id, connection))

    # --- inside ------------------------------------------------------------------------------------------------------

    async def _expel_those_out(self) -> None:
        """Whose account ended while nobody listened: the server was killed between that and what follows of it."""
        for live in list(self._by_id.values()):
            members = {
                one.member_id for one in (*live.people.values(), *live.away.values()) if one.member_id is not None
            }
            async with self._db.read(live.session.tenant_id) as connection:
                out = await people_tables.those_out(connection, members)
            for member_id in out:
                await acts.expel(live, member_id, self.clock.now())

    async def _follow_members(self, news: AsyncIterator[bytes]) -> None:
        """Send those out whose accounts end."""
        async for message in news:
            member_id = msgspec.json.decode(message, type=MemberOut).member_id
            for live in list(self._by_id.values()):
                await self._logged(acts.expel(live, member_id, self.clock.now()))

    async def _open(self, meeting_id: str) -> LiveSession:
        live = self._by_meeting.get(meeting_id)
        if live is not None:
            return live
        async with self._db.read(Across.JOIN) as connection:
            meeting = await tables.by_id(connection, meeting_id)
        if meeting is None:
            raise EntryRefused("unknown_meeting")
        self.check_begin(meeting_id)
        session = Session(
            id=new_id(),
            tenant_id=meeting.tenant_id,
            meeting_id=meeting.id,
            started_at=self.clock.now(),
            sequence_reserved=0,
        )
        return await self._hold(session, meeting)

    async def _hold(self, session: Session, meeting: Meeting) -> LiveSession:
        url = (await self.houses.of(meeting.tenant_id)).url
        live = self._by_meeting.get(meeting.id)
        if live is not None:
            return live
        room = MediaRoom(self._agent, session.id)
        live = LiveSession(
            session,
            meeting,
            public_url=url,
            journal=self._journal,
            clock=self.clock,
            media=room,
            ended=self._let_go,
            entered=self.tell_of_relay,
        )
        self._by_id[session.id] = live
        self._by_meeting[meeting.id] = live
        self._by_link[meeting.link_id] = live
        self._rooms[session.id] = room
        SESSIONS.set(len(self._by_id))
        return live

    def _let_go(self, live: LiveSession) -> None:
        self._by_id.pop(live.session.id, None)
        self._rooms.pop(live.session.id, None)
        if self._by_meeting.get(live.meeting.id) is live:
            del self._by_meeting[live.meeting.id]
            del self._by_link[live.meeting.link_id]
        live.over = True
        SESSIONS.set(len(self._by_id))

    async def _enter(self, live: LiveSession, ticket: Ticket, connection: Connection) -> None:
        presence = await self.check_entry(live, ticket)
        if presence is Presence.WAITING and len(live.lobby) >= self.limits.lobby_per_meeting:
            raise EntryRefused(Refused.FULL.value)
        secret = new_resume(live.session.id, ticket.participant_id)
        person = self.newcomer(live, ticket, presence, secret)
        welcome = self._welcome(live, person, secret)
        await self.let_in(live, person, connection, first=lambda: connection.send(welcome))

    def _reopened(self, live: LiveSession) -> Meeting | None:
        """The meeting as it is once somebody is in it again, if that differs."""
        meeting, now = live.meeting, self.clock.now()
        over = meeting.until_at is not None and meeting.until_at <= now
        if live.in_progress or not (meeting.ended_at or (over and meeting.kind is Kind.INSTANT)):
            return None
        return replace(meeting, ended_at=None, until_at=now + _INSTANT_LIFE)

    def _may_resume(self, person: Attendance, secret: str) -> bool:
        return is_resume(self.keys, secret, person.resume_mark) and person.resume_expires_at > self.clock.now()

    async def _resume(
        self,
        live: LiveSession,
        person: Attendance,
        secret: str,
        last_sequence: int | None,
        connection: Connection,
    ) -> None:
        before = live.connections.get(person.id)
        live.connections[person.id] = connection
        self._is_back(live, person.id)
        if before is not None:
            before.finish(Closed(reason=Reason.REPLACED))
        if person.presence is Presence.GONE:
            presence = Presence.JOINED if person.joined_at else Presence.WAITING
            person = replace(person, presence=presence, left_at=None, left_reason=None)
            welcome = self._welcome(live, person, secret)
            await live.commit(Change(people=(person,)), first=lambda: connection.send(welcome))
            return
        connection.send(self._welcome(live, person, secret))
        if person.presence is Presence.WAITING:
            return
        self.tell_of_relay(live, person.id)
        await live.show_presence(person.id)
        missed = None if last_sequence is None else live.missed(person.id, last_sequence)
        for message in [live.snapshot(person.id)] if missed is None else missed:
            connection.send(encode(message))

    def _welcome(self, live: LiveSession, person: Attendance, secret: str) -> str:
        return encode(
            Welcome(
                participant=person.id,
                state="joined" if person.presence is Presence.JOINED else "lobby",
                resume=secret,
                media_kept=self.room_of(live).has(person.id),
                heartbeat_seconds=self.settings.heartbeat_seconds,
                title=live.meeting.title,
            )
        )

    def _refuse_resume(self, reason: Reason) -> ResumeRefused:
        ENTRIES.labels(f"resume_{reason.value}").inc()
        return ResumeRefused(reason)

    async def _why_gone(self, participant_id: str, secret: str) -> Reason:
        person = await self.row_of(participant_id)
        if person is None or not self._may_resume(person, secret):
            return Reason.EXPIRED
        return Reason.ENDED if person.left_reason in {None, Reason.LOST} else person.left_reason

    async def _line_lost(self, live: LiveSession, participant_id: str, connection: Connection) -> None:
        async with live.lock:
            if live.connections.get(participant_id) is not connection:
                return
            del live.connections[participant_id]
            if live.over or participant_id not in live.people:
                return
            self._expect_back(live, participant_id)
            await live.show_presence(participant_id)

    def _expect_back(self, live: LiveSession, participant_id: str) -> None:
        self._in(self.settings.return_seconds, live, participant_id, lambda: self._give_up(live, participant_id))

    def _expect_anybody(self, live: LiveSession) -> None:
        self._in(self.settings.abandoned_seconds, live, "", lambda: self._abandon(live))

    def _is_back(self, live: LiveSession, participant_id: str) -> None:
        for key in ((live.session.id, participant_id), (live.session.id, "")):
            timer = self._timers.pop(key, None)
            if timer is not None:
                timer.cancel()

    async def _give_up(self, live: LiveSession, participant_id: str) -> None:
        if participant_id in live.connections or live.over:
            return
        await acts.leave(live, participant_id, Reason.LOST, self.clock.now())
        if live.session.id in self._by_id and not live.people:
            self._expect_anybody(live)

    async def _bound_in_time(self, live: LiveSession) -> None:
        """See to it that a session ends when the minutes of its tenant's plan are over; as the plan is by now."""
        minutes = (await self.bounds.entitlements(live.meeting.tenant_id)).minutes
        if minutes is not None:
            left = live.session.started_at + timedelta(minutes=minutes) - self.clock.now()
            self._in(max(0.0, left.total_seconds()), live, _TIME_OVER, lambda: self._time_over(live))

    async def _time_over(self, live: LiveSession) -> None:
        """End a session, not its meeting, which can begin anew."""
        async with live.lock:
            if not live.over and live.stored:
                await live.commit(Change(ended=True))

    async def _abandon(self, live: LiveSession) -> None:
        async with live.lock:
            if not live.over and not live.people:
                await live.commit(Change(ended=True))

    def _in(
        self, seconds: float, live: LiveSession, participant_id: str, work: Callable[[], Coroutine[Any, Any, None]]
    ) -> None:
        """Do `work` after some time, unless `_is_back` is called before."""
        key = (live.session.id, participant_id)

        def due() -> None:
            self._timers.pop(key, None)
            self._begin(work())

        earlier = self._timers.pop(key, None)
        if earlier is not None:
            earlier.cancel()
        self._timers[key] = asyncio.get_running_loop().call_later(seconds, due)

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(self._logged(work), name="sessions")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    @staticmethod
    async def _logged(work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except Exception:  # noqa: BLE001 (nobody waits for this work)
            # The disk may be full: the place stays, and the next attempt to return or the next start settles it.
            _log.exception("session_upkeep_failed")

    # --- the engine's events -----------------------------------------------------------------------------------------

    def _media_lost(self, live: LiveSession, participant_id: str, reason: str) -> None:
        """Who has a line is told and offers anew; who has none was there by media alone."""
        if not isinstance(live.connections.get(participant_id), NoLine):
            live.send(participant_id, MediaLost(reason=reason))
            return
        del live.connections[participant_id]
        self._begin(self._give_up(live, participant_id))

    def _on_media(self, event: Event) -> None:  # noqa: C901 (one case an event)
        match event:
            case SlotsChanged():
                live = self._by_id.get(event.room)
                slots = None if live is None else self.room_of(live).filled(event.peer, event.slots)
                if live is not None and slots is not None:
                    live.send(event.peer, slots)
            case LayersWanted():
                live = self._by_id.get(event.room)
                layers = None if live is None else self.room_of(live).wanted(event.peer, event.source, event.layers)
                if live is not None and layers is not None:
                    live.send(event.peer, layers)
            case SpeakersChanged():
                live = self._by_id.get(event.room)
                if live is not None:
                    room = self.room_of(live)
                    room.speakers = Speakers(participants=tuple(event.speakers))
                    live.send_all(room.speakers)
            case StreamStarted():
                live = self._by_id.get(event.room)
                if live is not None:
                    self.room_of(live).started(event.peer, event.source, event.codec)
            case PeerFailed():
                live = self._by_id.get(event.room)
                if live is not None and self.room_of(live).failed(event.peer):
                    self._media_lost(live, event.peer, event.reason)
            case _:
                return

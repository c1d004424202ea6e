"""The WebSocket `/signal`: reads requests, calls one act each, answers each exactly once. `protocol/README.md` is its prose."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any, Final

import msgspec
import structlog
from litestar import WebSocket, websocket
from litestar.di import NamedDependency
from msgspec import Struct

from meetinghouse.meetings import acts
from meetinghouse.meetings.acts import Actor, ActRefused
from meetinghouse.meetings.context import Meetings
from meetinghouse.meetings.details import detail_of
from meetinghouse.meetings.line import BAD_HELLO, FLOOD, HELLO_TIMEOUT, REFUSED, RESTARTING, Line
from meetinghouse.meetings.live import LiveSession
from meetinghouse.meetings.media_room import MediaRefused
from meetinghouse.meetings.messages import (
    PROTOCOL,
    PUBLIC_PROTOCOL,
    Admit,
    Answer,
    AskToUnmute,
    ChangeMeeting,
    ClientMessage,
    Closed,
    EndMeeting,
    Error,
    GetStatistics,
    Hello,
    Leave,
    Mute,
    Offer,
    Ok,
    OwnStatistics,
    Ping,
    RaiseHand,
    React,
    Reason,
    ReceivedStream,
    Remove,
    Rename,
    ReportQuality,
    Request,
    Role,
    SendChat,
    SetRole,
    SetSources,
    SetView,
    Source,
)
from meetinghouse.meetings.metrics import CLOSED, CONNECTIONS, REQUESTS
from meetinghouse.meetings.model import Presence
from meetinghouse.meetings.sessions import EntryRefused, ResumeRefused, Sessions
from meetinghouse.meetings.tickets import TicketRefused, read_ticket
from meetinghouse.security.languages import preferred
from meetinghouse.security.limiter import Limiter
from meetinghouse.security.origins import is_own_origin
from meetinghouse.security.refusal import Refusal, TooManyAttempts

_log = structlog.get_logger(__name__)

# Requests beyond the rate that are answered with a no before the line is closed. No client of good will gets there.
_EXCESS = 100
# How long the last frames may take to go out before the connection is left to itself.
_FAREWELL_SECONDS = 1.0

# The protocol's bounds of an id and of an SDP (`messages.RequestId`, `messages.Sdp`).
_IDS = 2**53
_OFFER_CHARACTERS = 262_144

_decoder: Final[msgspec.json.Decoder[ClientMessage]] = msgspec.json.Decoder(ClientMessage)
_TYPES: Final = frozenset(str(struct.__struct_config__.tag) for struct in ClientMessage.__args__)


class _Envelope(Struct):
    """What can still be read of a message that is wrong otherwise."""

    type: str = ""
    id: Any = None


_envelope: Final = msgspec.json.Decoder(_Envelope)


class _UnreadableError(Exception):
    """A message that is none; `id` is what it asked under, if that could be read."""

    def __init__(self, code: str, identity: int | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.id = identity


@websocket("/signal")
async def signal(socket: WebSocket[Any, Any, Any], meetings: NamedDependency[Meetings]) -> None:
    """One signalling connection, from its handshake to its end."""
    sessions, limiter = meetings.sessions, meetings.limiter
    if not _is_welcome(socket, sessions.public_url):
        await socket.close(code=BAD_HELLO)
        return
    await socket.accept(subprotocols=PROTOCOL if PROTOCOL in _offered(socket) else PUBLIC_PROTOCOL)
    line = Line(socket.send_data, socket.close, sessions.limits.signalling_queue_messages)
    sender = asyncio.create_task(_send_until_gone(line), name="signalling-sender")
    with CONNECTIONS.track_inprogress():
        try:
            await _Conversation(socket, line, sessions, limiter).run()
        finally:
            line.end(RESTARTING)
            await asyncio.wait({sender}, timeout=_FAREWELL_SECONDS)
            sender.cancel()


class _Conversation:
    """The requests of one connection, in order."""

    def __init__(self, socket: WebSocket[Any, Any, Any], line: Line, sessions: Sessions, limiter: Limiter) -> None:
        self._socket = socket
        self._line = line
        self._sessions = sessions
        self._limiter = limiter
        self._limits = sessions.limits
        self._languages = socket.headers.get("accept-language", "")
        self._told_of_relay = 0.0

    async def run(self) -> None:
        """Let somebody in, then carry out what they ask until the line ends."""
        entered = await self._enter()
        if entered is None:
            return
        live, me = entered
        try:
            await self._serve(live, me)
        finally:
            self._sessions.line_lost(live, me, self._line)

    async def _enter(self) -> tuple[LiveSession, str] | None:  # noqa: PLR0911 (one way out for each way not to come in)
        try:
            async with asyncio.timeout(self._limits.signalling_hello_seconds):
                hello = await self._read()
        except TimeoutError:
            self._line.end(HELLO_TIMEOUT)
            return None
        except _UnreadableError as error:
            self._turn_away(error.code, BAD_HELLO)
            return None
        if hello is None:
            return None
        if not isinstance(hello, Hello) or (hello.ticket is None) is (hello.resume is None):
            self._turn_away("hello_expected", BAD_HELLO)
            return None
        try:
            if hello.ticket is not None:
                ticket = read_ticket(self._sessions.keys, hello.ticket, self._sessions.clock.now())
                return await self._sessions.enter(ticket, self._line), ticket.participant_id
            return await self._sessions.resume(hello.resume or "", hello.last_sequence, self._line)
        except EntryRefused as refused:
            self._turn_away(refused.code, REFUSED, self._said(refused.refusal))
        except TicketRefused as refused:
            self._turn_away(refused.code, REFUSED)
        except ResumeRefused as refused:
            self._line.finish(Closed(reason=refused.reason))
        except Exception:  # noqa: BLE001 (logged; the person is told to come again)
            _log.exception("entry_failed")
            self._turn_away("internal_error", RESTARTING)
        return None

    def _turn_away(self, code: str, close: int, detail: str | None = None) -> None:
        self._line.say(Error(id=None, code=code, detail=detail or detail_of(code)))
        self._line.end(close)

    def _said(self, refusal: Refusal | None) -> str | None:
        """A rule's own sentence, in the language that the browser asks for."""
        if refusal is None:
            return None
        language = preferred(self._languages, refusal.messages)
        return refusal.detail if language is None else refusal.messages[language]

    async def _serve(self, live: LiveSession, me: str) -> None:
        excess = 0
        self._told_of_relay = self._sessions.clock.monotonic()
        while True:
            message = await self._read_or_reason()
            if message is None:
                return
            try:
                self._limiter.hit("signalling_messages", self._limits.signalling_messages, me)
            except TooManyAttempts as refused:
                excess += 1
                self._refuse(message, refused.code)
                if excess > _EXCESS:
                    CLOSED.labels("flood").inc()
                    self._line.end(FLOOD)
                    return
                continue
            if isinstance(message, _UnreadableError):
                REQUESTS.labels("unreadable", message.code).inc()
                self._refuse(message, message.code)
            elif isinstance(message, Hello):
                self._refuse(message, "bad_message")
            else:
                with self._line.answering():
                    await self._answer(live, me, message)

    async def _read_or_reason(self) -> ClientMessage | _UnreadableError | None:
        try:
            return await self._read()
        except _UnreadableError as error:
            return error

    def _refuse(self, message: ClientMessage | _UnreadableError, code: str) -> None:
        self._line.say(Error(id=getattr(message, "id", None), code=code, detail=detail_of(code)))

    async def _answer(self, live: LiveSession, me: str, message: Request) -> None:
        kind = str(message.__struct_config__.tag)
        try:
            person = live.people.get(me)
            if (person is None or person.presence is not Presence.JOINED) and not isinstance(message, Leave | Ping):
                raise ActRefused("not_admitted")  # noqa: TRY301 (one way to the answer)
            reply = await self._carry_out(live, me, message)
        except (ActRefused, MediaRefused, TooManyAttempts) as refused:
            REQUESTS.labels(kind, refused.code).inc()
            self._line.say(Error(id=message.id, code=refused.code, detail=detail_of(refused.code)))
            return
        except Exception:  # noqa: BLE001 (logged; one failed request must not end the meeting for somebody)
            REQUESTS.labels(kind, "internal_error").inc()
            _log.exception("request_failed", type=kind)
            self._line.say(Error(id=message.id, code="internal_error", detail=detail_of("internal_error")))
            return
        REQUESTS.labels(kind, "ok").inc()
        self._line.say(reply)
        if isinstance(message, Offer) and not live.over:
            room = self._sessions.room_of(live)
            self._line.say(room.slots(me))
            for layers in room.layers(me):
                self._line.say(layers)
            self._line.say(room.speakers)

    async def _carry_out(self, live: LiveSession, me: str, message: Request) -> Ok | Answer | OwnStatistics:  # noqa: C901, PLR0912 (one line a request)
        actor = Actor(Role.ATTENDEE, me)
        now = self._sessions.clock.now()
        match message:
            case Offer():
                return await self._offer(live, me, message)
            case SetSources():
                await acts.set_sources(live, me, message.sources)
            case SetView():
                self._sessions.room_of(live).set_view(me, message.tiles)
            case SendChat():
                self._limiter.hit("chat_messages", self._limits.chat_messages, me)
                await acts.send_chat(live, me, message, now)
            case RaiseHand():
                await acts.raise_hand(live, me, raised=message.raised, participant=message.participant, now=now)
            case React():
                self._limiter.hit("reactions", self._limits.reactions, me)
                acts.react(live, me, message.reaction)
            case Rename():
                await acts.rename(live, me, message.participant, message.name)
            case Admit():
                limit = await self._sessions.people_limit(live.meeting)
                await acts.admit(live, actor, message.participant, now, limit)
            case Remove():
                await acts.remove(live, actor, message.participant, now)
            case Mute():
                await acts.mute(live, actor, message.participant)
            case AskToUnmute():
                acts.ask_to_unmute(live, me, message.participant)
            case SetRole():
                await acts.set_role(live, me, message.participant, message.role)
            case ChangeMeeting():
                await acts.change_meeting(live, actor, message)
            case EndMeeting():
                await acts.end_meeting(live, actor, now)
            case Leave():
                await acts.leave(live, me, Reason.LEFT, now)
            case ReportQuality():
                self._sessions.quality.report(live.session.id, me, message)
            case GetStatistics():
                return self._statistics(live, me, message)
            case Ping():
                self._renew_relay(live, me)
        return Ok(id=message.id)

    def _renew_relay(self, live: LiveSession, me: str) -> None:
        """New credentials for TURN, once half the time of the last is over; pings come often enough to ask at."""
        now = self._sessions.clock.monotonic()
        if now - self._told_of_relay >= self._sessions.ice.seconds / 2 and me in live.people:
            self._told_of_relay = now
            if live.people[me].presence is Presence.JOINED:
                self._sessions.tell_of_relay(live, me)

    async def _offer(self, live: LiveSession, me: str, offer: Offer) -> Answer:
        if len(offer.sdp.encode()) > self._limits.offer_bytes:
            raise ActRefused("offer_too_large")
        person = live.people[me]
        room = self._sessions.room_of(live)
        answer = await room.offer(me, offer.sdp, fresh=offer.fresh, publish=person.publish, subscribe=person.subscribe)
        # Muted or removed meanwhile, perhaps.
        now_here = live.people.get(me)
        if offer.fresh and now_here is not None:
            room.resume(me, now_here.sources)
        return Answer(id=offer.id, sdp=answer)

    def _statistics(self, live: LiveSession, me: str, ask: GetStatistics) -> OwnStatistics:
        latest = self._sessions.quality.latest(live.session.id, me)
        if latest is None:
            return OwnStatistics(id=ask.id)
        return OwnStatistics(
            id=ask.id,
            rtt_ms=latest.rtt_ms,
            estimate_bps=latest.estimate_bps,
            target_bps=latest.target_bps,
            pacer_delay_ms=latest.pacer_delay_ms,
            streams=tuple(
                ReceivedStream(
                    participant=stream.peer,
                    source=Source(stream.source),
                    bitrate_bps=stream.bitrate_bps,
                    layer=stream.layer,
                    reason=stream.reason,
                )
                for stream in latest.down
            ),
        )

    async def _read(self) -> ClientMessage | None:
        """The next message; None when the line has ended."""
        event = await self._receive()
        if event is None or event["type"] != "websocket.receive":
            return None
        text = event.get("text")
        if text is None:
            raise _UnreadableError("bad_message")
        if len(text) > self._limits.signalling_message_bytes:
            raise _unreadable(text, "too_large")
        return _decode(text)

    async def _receive(self) -> Any:  # noqa: ANN401 (an ASGI event)
        """The next event; None once the line is cut off. Only waiting here is ever interrupted, never a request."""
        if self._line.was_cut():
            return None
        receiving = asyncio.current_task()
        self._line.on_cut = receiving.cancel if receiving is not None else None
        try:
            return await self._socket.receive()
        except asyncio.CancelledError:
            if receiving is None or not self._line.was_cut():
                raise
            receiving.uncancel()
            return None
        finally:
            self._line.on_cut = None


def _decode(text: str) -> ClientMessage:
    try:
        return _decoder.decode(text)
    except msgspec.ValidationError:
        raise _unreadable(text, "bad_message") from None
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        raise _UnreadableError("bad_message") from None


def _unreadable(text: str, code: str) -> _UnreadableError:
    """Why a message is refused, under the request's id where that can be read."""
    try:
        envelope = _envelope.decode(text)
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        return _UnreadableError(code)
    identity = envelope.id if isinstance(envelope.id, int) and 0 <= envelope.id < _IDS else None
    if envelope.type not in _TYPES:
        code = "unknown_message"
    elif envelope.type == "offer" and len(text) > _OFFER_CHARACTERS:
        code = "offer_too_large"
    return _UnreadableError(code, identity)


def _is_welcome(socket: WebSocket[Any, Any, Any], public_url: str) -> bool:
    """Our protocol, and no page of another site: browsers always say which page a WebSocket is of (RFC 6455 §10.2)."""
    headers = socket.headers
    if not {PROTOCOL, PUBLIC_PROTOCOL} & _offered(socket):
        return False
    origin = headers.get("origin")
    if origin is None:
        return True
    scheme = "https" if socket.scope.get("scheme") == "wss" else "http"
    return is_own_origin(origin, host=headers.get("host", ""), scheme=scheme, public_url=public_url)


def _offered(socket: WebSocket[Any, Any, Any]) -> set[str]:
    return {name.strip() for name in socket.headers.get("sec-websocket-protocol", "").split(",")}


async def _send_until_gone(line: Line) -> None:
    """The receiver may vanish at any time; the reading side learns of it by itself."""
    with contextlib.suppress(Exception):
        await line.run()

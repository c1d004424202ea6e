"""People of the meeting tests: an owner who speaks HTTP, participants who speak the signalling protocol, on real sockets."""
# ruff: noqa: ANN401 (JSON is any value)

from __future__ import annotations

import asyncio
import itertools
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import httpx2
import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from meetinghouse.app.server import Running
from meetinghouse.meetings import messages, state
from meetinghouse.meetings.messages import PROTOCOL, Closed, Error, Sequenced, ServerMessage, Snapshot, Welcome
from meetinghouse.people.tokens import make_operators_token

WAIT_SECONDS = 60
_decoder = msgspec.json.Decoder(ServerMessage)
_encoder = msgspec.json.Encoder()

SDP = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"


class Turned(Exception):  # noqa: N818
    """The server said no: the code of its error or the reason of its `closed`, and how it closed."""

    def __init__(self, code: str, close: int | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.close = close


class Api:
    """The HTTP API with the owner's token."""

    def __init__(self, http: httpx2.AsyncClient, url: str) -> None:
        self.http = http
        self.url = url

    async def call(self, method: str, path: str, body: Any = None, expect: int | None = None) -> Any:
        answer = await self.http.request(method, f"/api/v1{path}", json=body)
        if expect is not None:
            assert answer.status_code == expect, answer.text
        else:
            assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    async def meeting(self, **ask: Any) -> Any:
        return await self.call("POST", "/meetings", ask, 201)

    async def ticket(self, meeting: Any, name: str = "Guest", **ask: Any) -> str:
        made = await self.call("POST", f"/meetings/{meeting['id']}/tickets", {"name": name, **ask}, 201)
        return str(made["ticket"])


class Person:
    """One signalling connection, with the state that its events make."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.welcome: Welcome | None = None
        self.snapshot: Snapshot | None = None
        self.heard: list[ServerMessage] = []
        self.closed: Closed | None = None
        self.close_code: int | None = None
        self._ids = itertools.count(1)
        self._answers: dict[int, asyncio.Future[Any]] = {}
        self._news = asyncio.Condition()
        self._reader = asyncio.create_task(self._read())

    @property
    def id(self) -> str:
        assert self.welcome is not None
        return self.welcome.participant

    @property
    def state(self) -> messages.State:
        assert self.snapshot is not None
        return self.snapshot.state

    @property
    def names(self) -> list[str]:
        return [one.name for one in self.state.participants]

    def one(self, name: str) -> messages.Participant:
        return next(one for one in self.state.participants if one.name == name)

    async def ask(self, type_: str, **fields: Any) -> Any:
        """Send a request; returns its `ok` or `answer`, raises `Turned` for its `error`."""
        identity = next(self._ids)
        future = self._answers[identity] = asyncio.get_running_loop().create_future()
        await self.say({"type": type_, "id": identity, **fields})
        return await asyncio.wait_for(future, WAIT_SECONDS)

    async def refused(self, type_: str, **fields: Any) -> str:
        """The code of the error that a request gets."""
        try:
            await self.ask(type_, **fields)
        except Turned as turned:
            return turned.code
        return "ok"

    async def say(self, message: Any) -> None:
        text = message if isinstance(message, str) else _encoder.encode(message).decode()
        await self.socket.send(text)

    async def until(self, seen: Callable[[Person], object]) -> None:
        """Wait for events until `seen` holds."""
        async with asyncio.timeout(WAIT_SECONDS), self._news:
            await self._news.wait_for(lambda: seen(self) or self._reader.done())
        assert seen(self), self.heard

    async def caught_up(self) -> None:
        """All that the server said before this call is here."""
        await self.ask("ping")

    async def hear(self, kind: type[Any], count: int = 1) -> Any:
        await self.until(lambda me: sum(isinstance(message, kind) for message in me.heard) >= count)
        return [message for message in self.heard if isinstance(message, kind)][count - 1]

    async def gone(self) -> None:
        """Wait until the server has closed."""
        async with asyncio.timeout(WAIT_SECONDS):
            await asyncio.wait({self._reader})

    async def drop(self) -> None:
        """Lose the line, as a broken network does."""
        self.socket.transport.abort()
        await self.gone()

    async def _read(self) -> None:
        try:
            async for text in self.socket:
                await self._take(_decoder.decode(text))
        except ConnectionClosed:
            pass
        finally:
            self.close_code = self.socket.close_code
            async with self._news:
                self._news.notify_all()

    async def _take(self, message: ServerMessage) -> None:
        self.heard.append(message)
        match message:
            case Welcome():
                self.welcome = message
            case Snapshot():
                self.snapshot = message
            case Closed():
                self.closed = message
            case messages.Ok() | messages.Answer() | messages.OwnStatistics() | Error() if message.id in self._answers:
                future = self._answers.pop(message.id)
                if isinstance(message, Error):
                    future.set_exception(Turned(message.code))
                else:
                    future.set_result(message)
            case _ if isinstance(message, Sequenced):
                assert self.snapshot is not None
                assert message.sequence > self.snapshot.sequence
                self.snapshot = state.apply(self.snapshot, message)
        async with self._news:
            self._news.notify_all()


class House:
    """A running server and everybody who uses it."""

    def __init__(self, running: Running, api: Api) -> None:
        self.running = running
        self.api = api
        self.people: list[Person] = []

    async def connect(self, **options: Any) -> Person:
        """An open line on which nothing was said."""
        url = self.running.url.replace("http", "ws", 1) + "/signal"
        options.setdefault("subprotocols", [PROTOCOL])
        socket = await connect(url, compression=None, max_size=None, **options)
        person = Person(socket)
        self.people.append(person)
        return person

    async def enter(self, ticket: str) -> Person:
        """Redeem a ticket."""
        return await self._hello({"ticket": ticket})

    async def resume(self, before: Person, *, last: bool = True) -> Person:
        """Come back with the secret of an earlier connection."""
        assert before.welcome is not None
        hello: dict[str, Any] = {"resume": before.welcome.resume}
        if last and before.snapshot is not None:
            hello["last_sequence"] = before.snapshot.sequence
        return await self._hello(hello, known=before.snapshot if last else None)

    async def join(self, meeting: Any, name: str, role: str = "attendee", **ask: Any) -> Person:
        """In by a ticket of the owner."""
        return await self.enter(await self.api.ticket(meeting, name, role=role, **ask))

    async def guest(self, meeting: Any, name: str) -> Person:
        """In by the full link, as a stranger."""
        answer = await self.ask_in(meeting["join_url"], name)
        assert answer.status_code == 201, answer.text
        return await self.enter(answer.json()["ticket"])

    async def ask_in(self, meeting: str, name: str = "Gil", **fields: Any) -> httpx2.Response:
        """`POST /join` of a stranger."""
        async with httpx2.AsyncClient(base_url=self.running.url, trust_env=False) as http:
            return await http.post("/api/v1/join", json={"meeting": meeting, "name": name, **fields})

    async def _hello(self, hello: dict[str, Any], known: Snapshot | None = None) -> Person:
        person = await self.connect()
        person.snapshot = known
        await person.say({"type": "hello", **hello})
        await person.until(lambda me: me.welcome or me.closed or any(isinstance(m, Error) for m in me.heard))
        if person.welcome is None:
            await person.gone()
            last = person.heard[-1]
            raise Turned(last.code if isinstance(last, Error) else last.reason.value, person.close_code)  # type: ignore[union-attr]
        if person.welcome.state == "joined":
            await person.until(lambda me: me.snapshot)
        return person

    async def close(self) -> None:
        for person in self.people:
            await person.socket.close()
            await person.gone()


@asynccontextmanager
async def house_of(running: Running, verify: ssl.SSLContext | bool = True) -> AsyncIterator[House]:  # noqa: FBT001, FBT002
    """The people of a running server; the API speaks with a token of its owner, and by TLS if `verify` lets it."""
    services = running.services
    token = await make_operators_token(
        services.db, services.keys, services.clock, member_email=None, scopes=None, lifetime=timedelta(days=1)
    )
    headers = {"Authorization": f"Bearer {token.token}"}
    async with httpx2.AsyncClient(base_url=running.url, headers=headers, trust_env=False, verify=verify) as http:
        house = House(running, Api(http, running.url))
        try:
            yield house
        finally:
            await house.close()

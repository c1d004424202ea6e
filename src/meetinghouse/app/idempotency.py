"""`Idempotency-Key`: a request that is sent again is answered again, not carried out again.

Only answers of success are kept; a refusal changed nothing, so that asking again is harmless and may succeed. An answer can
hold secrets (a token, a ticket): it is kept encrypted. The key belongs to the caller's credential, method and path.

A process killed between carrying out and keeping the answer forgets that it did: the key then protects against lost answers,
not against lost servers.
"""

from __future__ import annotations

from datetime import timedelta

import msgspec
from litestar.enums import ScopeType
from litestar.types import (
    ASGIApp,
    HTTPDisconnectEvent,
    HTTPReceiveMessage,
    HTTPRequestEvent,
    HTTPScope,
    Message,
    Receive,
    Scope,
    Send,
)
from sqlalchemy import delete, insert, select

from meetinghouse.app.problems import problem_bytes
from meetinghouse.db.clock import Clock
from meetinghouse.db.engine import Database
from meetinghouse.db.tenancy import Across
from meetinghouse.people.identify import SESSION_COOKIE
from meetinghouse.people.tables import idempotent_answers
from meetinghouse.security.keyring import Keyring
from meetinghouse.security.limits import Limits

_METHODS = frozenset({"POST", "PATCH", "PUT", "DELETE"})
_PREFIX = "/api/v1/"
_KEY_BYTES = 255
_PURPOSE = "idempotency"
_SUCCESS = range(200, 300)


class _Answer(msgspec.Struct, frozen=True, array_like=True):
    """An answer as it was sent."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


class Idempotency:
    """Wraps the application."""

    def __init__(self, app: ASGIApp, db: Database, keys: Keyring, clock: Clock, limits: Limits) -> None:
        """Keep answers of `app` in `db`."""
        self._app = app
        self._db = db
        self._keys = keys
        self._clock = clock
        self._limits = limits
        self._under_way: set[bytes] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request or connection."""
        if (
            scope["type"] == ScopeType.WEBSOCKET
            or scope["method"] not in _METHODS
            or not scope["path"].startswith(_PREFIX)
        ):
            await self._app(scope, receive, send)
            return
        key = dict(scope["headers"]).get(b"idempotency-key")
        if key is None:
            await self._app(scope, receive, send)
            return
        if not 0 < len(key) <= _KEY_BYTES:
            await _refuse(send, 400, "invalid_idempotency_key", f"Idempotency-Key takes 1 to {_KEY_BYTES} characters.")
            return
        body = await _read(receive, self._limits.body_bytes)
        if body is None:
            await _refuse(send, 413, "too_large", "The request is larger than this server accepts.")
            return
        await self._answer(scope, send, key, body)

    async def _answer(self, scope: HTTPScope, send: Send, key: bytes, body: bytes) -> None:
        mark = self._mark(scope, key)
        request_mark = self._keys.mark(_PURPOSE, body)
        kept = await self._kept(mark)
        if kept is not None:
            if kept[0] != request_mark:
                await _refuse(send, 422, "idempotency_key_reused", "This Idempotency-Key was used for another request.")
                return
            await _replay(send, kept[1])
            return
        if mark in self._under_way:
            await _refuse(
                send, 409, "request_in_progress", "The first request with this Idempotency-Key is still under way."
            )
            return
        self._under_way.add(mark)
        try:
            await self._carry_out(scope, send, mark, request_mark, body)
        finally:
            self._under_way.discard(mark)

    async def _carry_out(self, scope: HTTPScope, send: Send, mark: bytes, request_mark: bytes, body: bytes) -> None:
        """Let the application answer, keep the answer, and only then send it."""
        messages: list[Message] = []

        async def collect(message: Message) -> None:
            messages.append(message)

        await self._app(scope, _given(body), collect)
        answer = _collected(messages)
        if answer.status in _SUCCESS:
            await self._keep(mark, request_mark, answer)
        for message in messages:
            await send(message)

    def _mark(self, scope: HTTPScope, key: bytes) -> bytes:
        headers = dict(scope["headers"])
        cookie = headers.get(b"cookie", b"") if SESSION_COOKIE.encode() in headers.get(b"cookie", b"") else b""
        client = scope.get("client")
        guest = client[0].encode() if client else b""
        caller = headers.get(b"authorization") or cookie or guest
        return self._keys.mark(_PURPOSE, b"\0".join((caller, scope["method"].encode(), scope["path"].encode(), key)))

    async def _kept(self, mark: bytes) -> tuple[bytes, _Answer] | None:
        query = select(idempotent_answers.c.request_mark, idempotent_answers.c.answer).where(
            idempotent_answers.c.mark == mark, idempotent_answers.c.expires_at > self._clock.now()
        )
        async with self._db.read(Across.NOBODYS) as connection:
            row = (await connection.execute(query)).one_or_none()
        if row is None:
            return None
        return row.request_mark, msgspec.msgpack.decode(self._keys.unseal(_PURPOSE, row.answer), type=_Answer)

    async def _keep(self, mark: bytes, request_mark: bytes, answer: _Answer) -> None:
        now = self._clock.now()
        sealed = self._keys.seal(_PURPOSE, msgspec.msgpack.encode(answer))
        expires_at = now + timedelta(seconds=self._limits.idempotency_seconds)
        async with self._db.write(Across.NOBODYS) as write:
            await write.connection.execute(delete(idempotent_answers).where(idempotent_answers.c.expires_at <= now))
            await write.connection.execute(
                insert(idempotent_answers).values(
                    mark=mark, request_mark=request_mark, answer=sealed, expires_at=expires_at
                )
            )


async def _read(receive: Receive, limit: int) -> bytes | None:
    """The whole body; `None` when it is longer than `limit`."""
    body = b""
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return body
        body += message["body"]
        if len(body) > limit:
            return None
        if not message["more_body"]:
            return body


def _given(body: bytes) -> Receive:
    """A `receive` that gives `body` once."""
    request: HTTPRequestEvent = {"type": "http.request", "body": body, "more_body": False}
    gone: HTTPDisconnectEvent = {"type": "http.disconnect"}
    events: list[HTTPReceiveMessage] = [request]

    async def receive() -> HTTPReceiveMessage:
        return events.pop() if events else gone

    return receive


def _collected(messages: list[Message]) -> _Answer:
    status, headers, body = 500, [], b""
    for message in messages:
        if message["type"] == "http.response.start":
            status, headers = message["status"], list(message["headers"])
        elif message["type"] == "http.response.body":
            body += message["body"]
    return _Answer(status, headers, body)


async def _replay(send: Send, answer: _Answer) -> None:
    headers = [*answer.headers, (b"idempotent-replayed", b"true")]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body, "more_body": False})


async def _refuse(send: Send, status: int, code: str, detail: str) -> None:
    for message in problem_bytes(status, code, detail):
        await send(message)

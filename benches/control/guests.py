"""People who join over raw sockets: a client that costs far less than the server which it measures.

One connection for `POST /join`, one for the WebSocket, as a browser's. Requests are encoded once, frames are read by their
lengths, and of a message only its type is looked at.
"""

from __future__ import annotations

import asyncio
import base64
import json
import struct
import time
from collections.abc import Sequence

_TEXT, _CLOSE, _PING, _PONG = 0x1, 0x8, 0x9, 0xA
_FINAL, _MASKED = 0x80, 0x80
_SHORT, _LONG = 126, 127
_LEAVE_SECONDS = 10


class Guests:
    """People who join one server and stay."""

    def __init__(self, host: str, port: int, offer: str) -> None:
        self._address = (host, port)
        self._offer = _frame(_TEXT, json.dumps({"type": "offer", "id": 1, "sdp": offer, "fresh": True}).encode())
        self._head = f"Host: {host}:{port}\r\n".encode()
        self._here: list[_Signalling] = []

    async def join(self, link: str) -> float:
        """One whole join; its milliseconds."""
        began = time.perf_counter()
        loop = asyncio.get_running_loop()
        asked: asyncio.Future[bytes] = loop.create_future()
        body = json.dumps({"meeting": link, "name": "Guest"}).encode()
        request = b"POST /api/v1/join HTTP/1.1\r\n" + self._head + b"Connection: close\r\n"
        request += b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body
        await loop.create_connection(lambda: _Request(request, asked), *self._address)
        hello = _frame(_TEXT, json.dumps({"type": "hello", "ticket": json.loads(await asked)["ticket"]}).encode())
        answered: asyncio.Future[None] = loop.create_future()
        line = _Signalling(self._head, hello, self._offer, answered)
        self._here.append(line)
        await loop.create_connection(lambda: line, *self._address)
        await answered
        return (time.perf_counter() - began) * 1000

    async def fast(self, links: Sequence[str], at_once: int) -> None:
        """As fast as it goes, so many at a time."""
        waiting = iter(links)

        async def one_after_another() -> None:
            for link in waiting:
                await self.join(link)

        await asyncio.gather(*(one_after_another() for _ in range(at_once)))

    async def paced(self, links: Sequence[str], rate: float) -> list[float]:
        """At a fixed rate, whether earlier ones are done or not: a slow server is not asked less."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        joining = []
        for number, link in enumerate(links):
            await asyncio.sleep(max(0.0, began + number / rate - loop.time()))
            joining.append(asyncio.create_task(self.join(link)))
        return await asyncio.gather(*joining)

    async def leave(self) -> None:
        """Everybody goes."""
        here, self._here = self._here, []
        for line in here:
            line.close()
        await asyncio.wait_for(asyncio.gather(*(line.gone for line in here)), _LEAVE_SECONDS)


class _Request(asyncio.Protocol):
    """One HTTP request on a connection that the server closes."""

    def __init__(self, request: bytes, answer: asyncio.Future[bytes]) -> None:
        self._request = request
        self._answer = answer
        self._heard = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.write(self._request)  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        self._heard += data

    def connection_lost(self, exc: Exception | None) -> None:
        head, _, body = self._heard.partition(b"\r\n\r\n")
        if head.split(b" ", 2)[1:2] in ([b"200"], [b"201"]):
            self._answer.set_result(body)
        else:
            self._answer.set_exception(exc or RuntimeError(f"refused: {self._heard.decode()}"))


class _Signalling(asyncio.Protocol):
    """A WebSocket (RFC 6455): hello, the snapshot, the offer, its answer; then it listens."""

    def __init__(self, head: bytes, hello: bytes, offer: bytes, answered: asyncio.Future[None]) -> None:
        self._head = head
        self._hello = hello
        self._offer = offer
        self._answered = answered
        self._heard = bytearray()
        self._upgraded = False
        self._transport: asyncio.Transport
        self.gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]
        request = b"GET /signal HTTP/1.1\r\n" + self._head + b"Upgrade: websocket\r\nConnection: Upgrade\r\n"
        request += b"Sec-WebSocket-Key: " + base64.b64encode(bytes(16)) + b"\r\nSec-WebSocket-Version: 13\r\n"
        self._transport.write(request + b"Sec-WebSocket-Protocol: meetinghouse.v1\r\n\r\n")

    def data_received(self, data: bytes) -> None:
        self._heard += data
        if not self._upgraded:
            end = self._heard.find(b"\r\n\r\n")
            if end < 0:
                return
            if not self._heard.startswith(b"HTTP/1.1 101 "):
                self._fail(self._heard.decode())
                return
            del self._heard[: end + 4]
            self._upgraded = True
            self._transport.write(self._hello)
        while self._read_frame():
            pass

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._answered.done():
            self._fail(f"the server hung up: {exc}")
        self.gone.set_result(None)

    def close(self) -> None:
        """Leave for good, so that nothing is kept for a return; the server closes the connection."""
        self._transport.write(_frame(_TEXT, b'{"type":"leave","id":2}'))

    def _read_frame(self) -> bool:
        heard = self._heard
        if len(heard) < 2:  # noqa: PLR2004 (the least head)
            return False
        start, length = 2, heard[1]
        if length == _SHORT:
            start, length = 4, int.from_bytes(heard[2:4])
        elif length == _LONG:
            start, length = 10, int.from_bytes(heard[2:10])
        if len(heard) < start + length:
            return False
        kind, payload = heard[0] & 0xF, bytes(heard[start : start + length])
        del heard[: start + length]
        if kind == _PING:
            self._transport.write(_frame(_PONG, payload))
        elif kind == _TEXT:
            self._said(payload)
        elif kind == _CLOSE:
            self._transport.write(_frame(_CLOSE, payload))
        return True

    def _said(self, message: bytes) -> None:
        if message.startswith(b'{"type":"snapshot"'):
            self._transport.write(self._offer)
        elif message.startswith(b'{"type":"answer"'):
            self._answered.set_result(None)
        elif message.startswith((b'{"type":"error"', b'{"type":"closed"')):
            self._fail(message.decode())

    def _fail(self, why: str) -> None:
        if not self._answered.done():
            self._answered.set_exception(RuntimeError(f"refused: {why}"))


def _frame(kind: int, payload: bytes) -> bytes:
    """A client's frame. Its mask is zero, which leaves the payload as it is: nobody is between us and the server."""
    if len(payload) < _SHORT:
        head = struct.pack(">BB", _FINAL | kind, _MASKED | len(payload))
    else:
        head = struct.pack(">BBH", _FINAL | kind, _MASKED | _SHORT, len(payload))
    return head + bytes(4) + payload

"""One person's open signalling line: a bounded queue of frames, and the task that sends them in order."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager

from meetinghouse.meetings.live import encode
from meetinghouse.meetings.messages import Closed, ServerMessage
from meetinghouse.meetings.metrics import CLOSED

# WebSocket close codes (RFC 6455 §7.4: 4000-4999 are the application's). `protocol/README.md` lists them.
DONE = 1000
RESTARTING = 1012
BAD_HELLO = 4400
REFUSED = 4401
HELLO_TIMEOUT = 4408
TOO_SLOW = 4413
FLOOD = 4429


class Line:
    """Queues what the meeting says, and sends it as fast as the receiver takes it."""

    def __init__(
        self,
        send_text: Callable[[str], Awaitable[None]],
        close: Callable[[int], Awaitable[None]],
        limit: int,
    ) -> None:
        """Hold at most `limit` unsent frames; a receiver that is slower is cut off, and comes back to a snapshot.

        `on_cut` is called when that happens.
        """
        self._cut = False
        self.on_cut: Callable[[], object] | None = None
        self._send_text = send_text
        self._close = close
        self._limit = limit
        self._frames: asyncio.Queue[str | int] = asyncio.Queue()
        self._ended = False
        self._answering = False
        self._last: Closed | None = None

    def send(self, frame: str) -> None:
        """Queue one message."""
        if self._ended:
            return
        if self._frames.qsize() >= self._limit:
            self._cut_off()
            return
        self._frames.put_nowait(frame)

    def say(self, message: ServerMessage) -> None:
        """Queue one message that goes to this line only."""
        self.send(encode(message))

    def finish(self, last: Closed) -> None:
        """Queue the last message, and close after it."""
        if self._ended:
            return
        if self._answering:
            self._last = last
            return
        CLOSED.labels(last.reason.value).inc()
        self.say(last)
        self.end(DONE)

    @contextmanager
    def answering(self) -> Generator[None, None, None]:
        """While a request is carried out: its answer goes out before the last message that it may itself cause."""
        self._answering = True
        try:
            yield
        finally:
            self._answering = False
            if self._last is not None:
                self.finish(self._last)

    def end(self, code: int) -> None:
        """Close once what is queued is sent."""
        if not self._ended:
            self._ended = True
            self._frames.put_nowait(code)

    def was_cut(self) -> bool:
        """Whether the receiver was too slow."""
        return self._cut

    def _cut_off(self) -> None:
        CLOSED.labels("too_slow").inc()
        while not self._frames.empty():
            self._frames.get_nowait()
        self.end(TOO_SLOW)
        self._cut = True
        if self.on_cut is not None:
            self.on_cut()

    async def run(self) -> None:
        """Send until the end; a receiver that is gone ends it too."""
        while True:
            frame = await self._frames.get()
            if isinstance(frame, int):
                await self._close(frame)
                return
            await self._send_text(frame)

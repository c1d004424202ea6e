"""The bus: news between parts that do not know each other, by subject.

Shaped for a message broker: a subject is dotted words, a message is bytes, delivery is at most once to who listens now.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol

# Messages that a slow listener may lag behind; then the oldest are dropped, as a broker would drop its slow consumer.
_QUEUE = 1000


class Bus(Protocol):
    """Publish and subscribe."""

    async def publish(self, subject: str, message: bytes) -> None:
        """Give `message` to everybody who listens to `subject` now."""
        ...

    def subscribe(self, subject: str) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """Messages of `subject` (a last word `>` stands for any rest) for as long as the block runs."""
        ...


class LocalBus:
    """The bus of one process."""

    def __init__(self) -> None:
        """Nobody listens yet."""
        self._listeners: dict[asyncio.Queue[bytes], str] = {}

    async def publish(self, subject: str, message: bytes) -> None:
        """Give `message` to everybody who listens to `subject` now."""
        for queue, pattern in list(self._listeners.items()):
            if not _matches(pattern, subject):
                continue
            if queue.full():
                queue.get_nowait()
            queue.put_nowait(message)

    @asynccontextmanager
    async def subscribe(self, subject: str) -> AsyncIterator[AsyncIterator[bytes]]:
        """Messages of `subject` for as long as the block runs."""
        queue: asyncio.Queue[bytes] = asyncio.Queue(_QUEUE)
        self._listeners[queue] = subject
        try:
            yield _each(queue)
        finally:
            del self._listeners[queue]


async def _each(queue: asyncio.Queue[bytes]) -> AsyncIterator[bytes]:
    while True:
        yield await queue.get()


def _matches(pattern: str, subject: str) -> bool:
    return pattern == subject or (pattern.endswith(".>") and subject.startswith(pattern[:-1]))

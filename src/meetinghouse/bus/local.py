"""The bus: news between parts that do not know each other, by subject.

Shaped for a message broker: a subject is dotted words, a message is bytes, delivery is at most once to who listens now.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Protocol

# Messages that a slow listener may lag behind; then the oldest are dropped, as a broker would drop its slow consumer.
_QUEUE = 1000


class Bus(Protocol):
    """Publish and subscribe."""

    async def publish(self, subject: str, message: bytes) -> None:
        """Give `message` to everybody who listens to `subject` now."""
        ...

    def subscribe(self, subject: str) -> AsyncIterator[bytes]:
        """Messages of `subject` (a last word `>` stands for any rest), from now on."""
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

    async def subscribe(self, subject: str) -> AsyncIterator[bytes]:
        """Messages of `subject`, from the first step of the iteration on."""
        async with self._listening(subject) as queue:
            while True:
                yield await queue.get()

    @asynccontextmanager
    async def _listening(self, subject: str) -> AsyncIterator[asyncio.Queue[bytes]]:
        queue: asyncio.Queue[bytes] = asyncio.Queue(_QUEUE)
        self._listeners[queue] = subject
        try:
            yield queue
        finally:
            del self._listeners[queue]


def _matches(pattern: str, subject: str) -> bool:
    return pattern == subject or (pattern.endswith(".>") and subject.startswith(pattern[:-1]))

"""The database: readers side by side, one writer at a time, and hooks that run once a write is committed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from meetinghouse.db import postgresql, sqlite
from meetinghouse.db.durability import Synchronous
from meetinghouse.db.migrate import upgrade


class Transaction:
    """An open write. What must be told to others is given to `after_commit` and happens only if the commit does."""

    def __init__(self, connection: AsyncConnection) -> None:
        """Made by `Database.write`."""
        self.connection = connection
        self._after: list[Callable[[], None]] = []

    def after_commit(self, call: Callable[[], None]) -> None:
        """Run `call` once the write is durable, in the order given, before any later write of this process begins."""
        self._after.append(call)

    def committed(self) -> None:
        """Run the hooks."""
        for call in self._after:
            call()


class Database:
    """One open database: a connection that writes, and a few that only read."""

    def __init__(self, writer: AsyncEngine, readers: AsyncEngine) -> None:
        """Made by `Database.open`."""
        self._writer = writer
        self._readers = readers
        self._turn = asyncio.Lock()

    @classmethod
    async def open(cls, url: str, *, synchronous: Synchronous = "full", alone: bool = False) -> Database:
        """Open, and bring the schema up to date.

        Args:
            url: `sqlite+aiosqlite:///path` or `postgresql+asyncpg://user@host/name`.
            synchronous: what a commit promises.
            alone: for a server, which must be the only one; commands work beside it.

        Raises:
            OSError: the database cannot be reached, or another server runs on it.
            SchemaTooNewError: a later version wrote it.

        """
        kind = postgresql if url.startswith(postgresql.SCHEME) else sqlite
        database = cls(kind.writing_engine(url, synchronous, alone=alone), kind.reading_engine(url))
        try:
            async with database.write() as write:
                await write.connection.run_sync(upgrade)
        except BaseException:
            await database.close()
            raise
        return database

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A connection for reading: each statement sees the newest committed rows, and none can write."""
        async with self._readers.connect() as connection:
            yield connection

    @asynccontextmanager
    async def write(self) -> AsyncIterator[Transaction]:
        """A transaction: committed when the block ends, rolled back when it raises.

        There is one at a time. Writers of this process take turns here, those of several where the engine begins: what a
        transaction has read still holds when it writes, on either database.
        """
        async with self._turn, self._writer.connect() as connection:
            async with connection.begin():
                transaction = Transaction(connection)
                yield transaction
            transaction.committed()

    async def close(self) -> None:
        """Close every connection."""
        await self._readers.dispose()
        await self._writer.dispose()

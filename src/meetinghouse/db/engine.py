"""The database: readers side by side, one writer at a time, and hooks that run once a write is committed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Literal

from sqlalchemy.exc import ProgrammingError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from meetinghouse.db import postgresql, sqlite
from meetinghouse.db.durability import Synchronous
from meetinghouse.db.migrate import upgrade
from meetinghouse.db.tenancy import EVERYBODY, REACH, Reach, keep_apart, shown


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
    async def open(
        cls, url: str, *, owner_url: str = "", synchronous: Synchronous = "full", alone: bool = False
    ) -> Database:
        """Open, and bring the schema up to date.

        Args:
            url: `sqlite+aiosqlite:///path` or `postgresql+asyncpg://user@host/name`.
            owner_url: the same database by the role that owns the tables, where that of `url` only works on them.
            synchronous: what a commit promises.
            alone: for a server, which must be the only one; commands work beside it.

        Raises:
            OSError: the database cannot be reached, another server runs on it, or the role has no right to its tables.
            SchemaTooNewError: a later version wrote it.

        """
        kind = postgresql if url.startswith(postgresql.SCHEME) else sqlite
        database = cls(kind.writing_engine(url, synchronous, alone=alone), kind.reading_engine(url))
        try:
            # Who is to be alone is so before anything is changed.
            async with database._writer.connect():
                pass
            await database._bring_up_to_date(owner_url and kind.writing_engine(owner_url, synchronous, alone=False))
        except ProgrammingError as error:
            await database.close()
            raise postgresql.explained(error) from error
        except BaseException:
            await database.close()
            raise
        return database

    @asynccontextmanager
    async def read(self, reach: Reach) -> AsyncIterator[AsyncConnection]:
        """A connection for reading what `reach` allows: each statement sees the newest committed rows, and none can write."""
        async with self._readers.connect() as connection:
            connection.info[REACH] = shown(reach)
            yield connection

    @asynccontextmanager
    async def write(self, reach: Reach) -> AsyncIterator[Transaction]:
        """A transaction on what `reach` allows: committed when the block ends, rolled back when it raises.

        There is one at a time. Writers of this process take turns here, those of several where the engine begins: what a
        transaction has read still holds when it writes, on either database.
        """
        async with self._turn, self._writer.connect() as connection:
            connection.info[REACH] = shown(reach)
            async with connection.begin():
                transaction = Transaction(connection)
                yield transaction
            transaction.committed()

    async def close(self) -> None:
        """Close every connection."""
        await self._readers.dispose()
        await self._writer.dispose()

    async def _bring_up_to_date(self, owner: AsyncEngine | Literal[""]) -> None:
        role = self._writer.url.username if owner else None
        engine = owner or self._writer
        try:
            async with engine.connect() as connection:
                connection.info[REACH] = EVERYBODY
                async with connection.begin():
                    await connection.run_sync(upgrade)
                    await connection.run_sync(keep_apart, role)
        finally:
            if owner:
                await owner.dispose()

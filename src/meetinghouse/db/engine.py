"""The database: readers side by side, one writer at a time, and hooks that run once a write is committed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Literal

from sqlalchemy import Connection, event
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from meetinghouse.db.migrate import upgrade

Synchronous = Literal["normal", "full"]

# Every SQLite connection is a thread, and reads are short. More cost memory for nothing.
_READERS = 5
# How long a statement waits for another process (a command beside a running server) that holds the lock.
_BUSY_TIMEOUT_MS = 5000
# Compiled statements that are kept; all statements of the program fit.
_STATEMENT_CACHE = 1000


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
    async def open(cls, url: str, *, synchronous: Synchronous = "full") -> Database:
        """Open, and bring the schema up to date.

        Args:
            url: `sqlite+aiosqlite:///path`.
            synchronous: SQLite's promise at a commit. With either, a killed process loses no committed row (the kernel
                has the pages); `full` also survives a power cut, at the price of one fsync a write.

        """
        writer = _writing_engine(url, synchronous)
        database = cls(writer, _reading_engine(url))
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

        Writers of this process take turns here, so that none of them meets SQLite's busy handler.
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


def _writing_engine(url: str, synchronous: Synchronous) -> AsyncEngine:
    engine = _engine(url, 1, f"PRAGMA synchronous = {synchronous}", "PRAGMA foreign_keys = ON")

    @event.listens_for(engine.sync_engine, "begin")
    def _begun(connection: Connection) -> None:
        # IMMEDIATE: a write lock taken at the first statement cannot fail half way through as an upgraded one can.
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def _reading_engine(url: str) -> AsyncEngine:
    """Without transactions: a statement is one visit to the connection's thread instead of three."""
    return _engine(url, _READERS, "PRAGMA query_only = ON", isolation_level="AUTOCOMMIT", skip_autocommit_rollback=True)


def _engine(url: str, connections: int, *pragmas: str, **options: object) -> AsyncEngine:
    engine = create_async_engine(
        url,
        pool_size=connections,
        max_overflow=0,
        pool_reset_on_return=None,
        query_cache_size=_STATEMENT_CACHE,
        # Parameters hold names and addresses; errors with them would carry these into the log.
        hide_parameters=True,
        **options,
    )

    @event.listens_for(engine.sync_engine, "connect")
    def _connected(dbapi_connection: Any, _record: Any) -> None:  # noqa: ANN401 (the driver's own type)
        # The begin of transactions is ours: the driver's own comes too late, at the first change.
        dbapi_connection.isolation_level = None
        cursor = dbapi_connection.cursor()
        for pragma in (f"PRAGMA busy_timeout = {_BUSY_TIMEOUT_MS}", "PRAGMA journal_mode = WAL", *pragmas):
            cursor.execute(pragma)
        cursor.close()

    return engine

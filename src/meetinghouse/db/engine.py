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

# One writer and a few readers: every SQLite connection is a thread, and reads are short. More cost memory for nothing.
_CONNECTIONS = 6
# How long a statement waits for another process (a command beside a running server) that holds the lock.
_BUSY_TIMEOUT_MS = 5000
# Compiled statements that are kept; all statements of the program fit.
_STATEMENT_CACHE = 1000

_READ_ONLY = "meetinghouse_read"


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
    """One open database."""

    def __init__(self, engine: AsyncEngine) -> None:
        """Made by `Database.open`."""
        self._engine = engine
        self._writer = asyncio.Lock()

    @classmethod
    async def open(cls, url: str, *, synchronous: Synchronous = "full") -> Database:
        """Open, and bring the schema up to date.

        Args:
            url: `sqlite+aiosqlite:///path`.
            synchronous: SQLite's promise at a commit. With either, a killed process loses no committed row (the kernel
                has the pages); `full` also survives a power cut, at the price of one fsync a write.

        """
        engine = create_async_engine(
            url,
            pool_size=_CONNECTIONS,
            max_overflow=0,
            query_cache_size=_STATEMENT_CACHE,
            pool_reset_on_return=None,
            # Parameters hold names and addresses; errors with them would carry these into the log.
            hide_parameters=True,
        )
        _prepare_sqlite(engine, synchronous)
        database = cls(engine)
        try:
            async with database.write() as write:
                await write.connection.run_sync(upgrade)
        except BaseException:
            await engine.dispose()
            raise
        return database

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A connection for reading. Each statement sees the newest committed rows; nothing may be written through it."""
        async with self._engine.connect() as connection:
            yield await connection.execution_options(**{_READ_ONLY: True})

    @asynccontextmanager
    async def write(self) -> AsyncIterator[Transaction]:
        """A transaction: committed when the block ends, rolled back when it raises.

        Writers of this process take turns here, so that none of them meets SQLite's busy handler.
        """
        async with self._writer, self._engine.connect() as connection:
            async with connection.begin():
                transaction = Transaction(connection)
                yield transaction
            transaction.committed()

    async def close(self) -> None:
        """Close every connection."""
        await self._engine.dispose()


def _prepare_sqlite(engine: AsyncEngine, synchronous: Synchronous) -> None:
    """Set each new connection up, and take the begin of transactions from the driver, whose own begins come too late."""

    @event.listens_for(engine.sync_engine, "connect")
    def _connected(dbapi_connection: Any, _record: Any) -> None:  # noqa: ANN401 (the driver's own type)
        dbapi_connection.isolation_level = None
        cursor = dbapi_connection.cursor()
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute(f"PRAGMA synchronous = {synchronous}")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.execute(f"PRAGMA busy_timeout = {_BUSY_TIMEOUT_MS}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def _begun(connection: Connection) -> None:
        # IMMEDIATE: a write lock taken at the first statement cannot fail half way through as an upgraded one can.
        if not connection.get_execution_options().get(_READ_ONLY):
            connection.exec_driver_sql("BEGIN IMMEDIATE")

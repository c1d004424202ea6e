"""SQLite: one file in WAL mode."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, event
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from meetinghouse.db.durability import STATEMENT_CACHE, Synchronous

# Every SQLite connection is a thread, and reads are short. More cost memory for nothing.
_READERS = 5
# How long a statement waits for another process (a command beside a running server) that holds the lock.
_BUSY_TIMEOUT_MS = 5000
# What begins a look at all rows as they are at one moment: the first that is read.
BEGIN_SNAPSHOT = "BEGIN"


def writing_engine(url: str, synchronous: Synchronous, *, alone: bool) -> AsyncEngine:  # noqa: ARG001 (as PostgreSQL's)
    """One connection. A transaction holds the file's write lock from its first statement on.

    That a server is alone is held by the lock of its data directory, where the file is.
    """
    engine = _engine(url, 1, f"PRAGMA synchronous = {synchronous}", "PRAGMA foreign_keys = ON")

    @event.listens_for(engine.sync_engine, "begin")
    def _begun(connection: Connection) -> None:
        # IMMEDIATE: a write lock taken at the first statement cannot fail half way through as an upgraded one can.
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def reading_engine(url: str) -> AsyncEngine:
    """Without transactions: a statement is one visit to the connection's thread instead of three."""
    return _engine(url, _READERS, "PRAGMA query_only = ON", isolation_level="AUTOCOMMIT", skip_autocommit_rollback=True)


def _engine(url: str, connections: int, *pragmas: str, **options: object) -> AsyncEngine:
    engine = create_async_engine(
        url,
        pool_size=connections,
        max_overflow=0,
        pool_reset_on_return=None,
        query_cache_size=STATEMENT_CACHE,
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

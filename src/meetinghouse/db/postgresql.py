"""PostgreSQL by asyncpg."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, event
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from meetinghouse.db.durability import STATEMENT_CACHE, Synchronous

SCHEME = "postgresql"
# Every connection is a process of the database's; reads are short.
_READERS = 5
# Advisory locks: "Meeting" and "MeetinG" in ASCII, since other programs on the same database number theirs, too.
_WRITERS = 0x4D656574696E67
_SERVER = 0x4D656574696E47
# A database that does not answer fails a request instead of keeping it.
_CONNECT_SECONDS = 10
_STATEMENT_SECONDS = 30
_SYNCHRONOUS_COMMIT = {"full": "on", "normal": "off"}


class DatabaseUnreachableError(ConnectionError):
    """PostgreSQL does not answer or does not let us in; nothing was read or written."""


class DatabaseTakenError(ConnectionError):
    """Another server runs on this database."""


def writing_engine(url: str, synchronous: Synchronous, *, alone: bool) -> AsyncEngine:
    """One connection. A transaction begins with a lock that all writers of the database share.

    Without it two that run at once could each decide by what the other is about to change, as SQLite's single writer cannot.
    A server, which keeps what goes on in memory, is `alone`: its connection holds a lock for as long as it lasts, and a server
    that lost it to another writes no more.
    """
    engine = _engine(url, 1, {"synchronous_commit": _SYNCHRONOUS_COMMIT[synchronous]})
    if alone:

        @event.listens_for(engine.sync_engine, "connect")
        def _connected(dbapi_connection: Any, _record: Any) -> None:  # noqa: ANN401 (the driver's own type)
            cursor = dbapi_connection.cursor()
            cursor.execute(f"SELECT pg_try_advisory_lock({_SERVER})")
            (is_ours,) = cursor.fetchone()
            cursor.close()
            dbapi_connection.commit()
            if not is_ours:
                message = "Another server runs on this database: stop it first, or give this one a database of its own."
                raise DatabaseTakenError(message)

    @event.listens_for(engine.sync_engine, "begin")
    def _begun(connection: Connection) -> None:
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITERS})")

    return engine


def reading_engine(url: str) -> AsyncEngine:
    """Without transactions: a statement is one round trip instead of three."""
    return _engine(
        url,
        _READERS,
        {"default_transaction_read_only": "on"},
        isolation_level="AUTOCOMMIT",
        skip_autocommit_rollback=True,
    )


async def describe(url: str) -> tuple[int, str]:
    """The server's version, such as 18, and the database's encoding, which must be `UTF8`.

    Raises:
        DatabaseUnreachableError: it does not answer.

    """
    connection = await _connect(url.replace("+asyncpg", "", 1), timeout=_CONNECT_SECONDS)
    try:
        return connection.get_server_version().major, await connection.fetchval("SHOW server_encoding")
    finally:
        await connection.close()


def _engine(url: str, connections: int, settings: dict[str, str], **options: object) -> AsyncEngine:
    return create_async_engine(
        url.replace(f"{SCHEME}://", f"{SCHEME}+asyncpg://", 1),
        pool_size=connections,
        max_overflow=0,
        # A database that was restarted costs one question at the next use, and no request.
        pool_pre_ping=True,
        query_cache_size=STATEMENT_CACHE,
        # Parameters hold names and addresses; errors with them would carry these into the log.
        hide_parameters=True,
        connect_args={
            "async_creator_fn": _connect,
            "timeout": _CONNECT_SECONDS,
            "command_timeout": _STATEMENT_SECONDS,
            "server_settings": {"application_name": "meetinghouse", **settings},
        },
        **options,
    )


async def _connect(*arguments: Any, **options: Any) -> Any:  # noqa: ANN401 (as the driver wants it)
    import asyncpg  # type: ignore[import-untyped]  # noqa: PLC0415 (who is on SQLite pays nothing for it)

    try:
        return await asyncpg.connect(*arguments, **options)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        message = f"The database cannot be reached ({error}): look whether PostgreSQL runs and database.url is right."
        raise DatabaseUnreachableError(message) from error

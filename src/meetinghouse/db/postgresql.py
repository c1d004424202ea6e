"""PostgreSQL by asyncpg."""

from __future__ import annotations

from typing import Any

from msgspec import Struct
from sqlalchemy import Connection, event, make_url
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from meetinghouse.db.durability import STATEMENT_CACHE, Synchronous
from meetinghouse.db.tenancy import REACH, SETTING

SCHEME = "postgresql"
# Every connection is a process of the database's; reads are short.
_READERS = 5
# Advisory locks: "Meeting" and "MeetinG" in ASCII, since other programs on the same database number theirs, too.
_WRITERS = 0x4D656574696E67
_SERVER = 0x4D656574696E47
# A database that does not answer fails a request instead of keeping it.
_CONNECT_SECONDS = 10
_STATEMENT_SECONDS = 30
# Under which key of a reading connection's `info` stands whose rows it shows.
_SHOWN = "meetinghouse_shown"
# What begins a look at all rows as they are at one moment.
BEGIN_SNAPSHOT = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_INSUFFICIENT_PRIVILEGE = "42501"
_SYNCHRONOUS_COMMIT = {"full": "on", "normal": "off"}


class DatabaseUnreachableError(ConnectionError):
    """PostgreSQL does not answer or does not let us in; nothing was read or written."""


class DatabaseTakenError(ConnectionError):
    """Another server runs on this database."""


class DatabaseRightsError(ConnectionError):
    """The role may not do what is to be done."""


def explained(error: ProgrammingError) -> Exception:
    """What the start tells people where the role of `database.url` does not own the tables."""
    if getattr(error.orig, "sqlstate", None) != _INSUFFICIENT_PRIVILEGE:
        return error
    return DatabaseRightsError(
        f"The role of database.url has no right to make or change tables ({error.orig}): "
        "name the role that owns them in database.owner_url."
    )


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
        reach = connection.info.pop(REACH, "")
        lock = f"SELECT pg_advisory_xact_lock({_WRITERS}), set_config('{SETTING}', $1, true)"
        connection.exec_driver_sql(lock, (reach,))

    return engine


def reading_engine(url: str) -> AsyncEngine:
    """Without transactions: a statement is one round trip instead of three.

    Whose rows a connection shows is said anew for each use of it, unless it shows these already.
    """
    engine = _engine(
        url,
        _READERS,
        {"default_transaction_read_only": "on"},
        isolation_level="AUTOCOMMIT",
        skip_autocommit_rollback=True,
    )

    @event.listens_for(engine.sync_engine, "begin")
    def _begun(connection: Connection) -> None:
        reach = connection.info.pop(REACH, "")
        # Taken out first: who is cancelled meanwhile leaves a connection of which nothing is known.
        if connection.info.pop(_SHOWN, None) != reach:
            connection.exec_driver_sql(f"SELECT set_config('{SETTING}', $1, false)", (reach,))
        connection.info[_SHOWN] = reach

    return engine


def role_of(url: str) -> str | None:
    """Whom a URL signs in as."""
    return make_url(url).username


class Server(Struct, frozen=True):
    """What a database says of itself and of the role that asks: whether policies do not bind it, whether it owns tables."""

    version: int
    encoding: str
    is_unbound: bool
    is_owner: bool


async def describe(url: str) -> Server:
    """Look at a database.

    Raises:
        DatabaseUnreachableError: it does not answer.

    """
    connection = await _connect(url.replace("+asyncpg", "", 1), timeout=_CONNECT_SECONDS)
    try:
        row = await connection.fetchrow(
            "SELECT current_setting('server_encoding'), rolsuper OR rolbypassrls, "
            "EXISTS (SELECT FROM pg_class WHERE relowner = r.oid AND relname = 'tenants') "
            "FROM pg_roles r WHERE rolname = current_user"
        )
        return Server(connection.get_server_version().major, *row)
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

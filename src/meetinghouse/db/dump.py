"""All rows, out of one database and into another of either kind: what backups hold.

Tables are read as the database describes them, so that none can be forgotten here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from msgspec import Struct, convert
from sqlalchemy import Connection, MetaData, Table, delete, insert, inspect, select, text

from meetinghouse.db import postgresql, sqlite
from meetinghouse.db.migrate import revision_of, upgrade
from meetinghouse.db.tenancy import EVERYBODY, REACH, keep_apart

# Rows that are in memory at a time. A row is some kilobytes at most.
_BATCH = 500
_VERSION_TABLE = "alembic_version"
# What a file holds as text or a number and a driver wants as itself.
_CONVERTED = (bool, date, datetime, Decimal)


class Rows(Struct, frozen=True, array_like=True, tag="rows"):
    """Some rows of one table."""

    table: str
    columns: list[str]
    values: list[list[Any]]


class NotEmptyError(Exception):
    """There are tables in the database that was to be filled."""


async def dump(url: str, begin: Callable[[str], None], write: Callable[[Rows], None]) -> Counter[str]:
    """Hand out everything as it is at one moment, while others write.

    `begin` is told the schema's revision, `write` then gets all rows. Returns how many rows each table has.

    Raises:
        OSError: the database cannot be reached.
        LookupError: nothing has been made in it yet.

    """
    kind = _kind(url)
    engine = kind.reading_engine(url)
    try:
        async with engine.connect() as connection:
            connection.info[REACH] = EVERYBODY
            await connection.exec_driver_sql(kind.BEGIN_SNAPSHOT)
            counts: Counter[str] = await connection.run_sync(_dump, begin, write)
            await connection.exec_driver_sql("COMMIT")
            return counts
    finally:
        await engine.dispose()


async def load(url: str, owner_url: str, revision: str, batches: Iterable[Rows]) -> Counter[str]:
    """Fill an empty database in one transaction: the schema of `revision`, the rows, then what revisions came since.

    Raises:
        NotEmptyError: there are tables in it.
        SchemaTooNewError: this program does not know `revision`.
        OSError: the database cannot be reached, or a server runs on it.

    """
    engine = _kind(url).writing_engine(owner_url or url, "full", alone=True)
    try:
        async with engine.connect() as connection:
            connection.info[REACH] = EVERYBODY
            async with connection.begin():
                if await connection.run_sync(lambda sync: inspect(sync).get_table_names()):
                    raise NotEmptyError
                counts: Counter[str] = await connection.run_sync(_load, revision, batches)
                await connection.run_sync(keep_apart, postgresql.role_of(url) if owner_url else None)
                return counts
    finally:
        await engine.dispose()


def _kind(url: str) -> Any:  # noqa: ANN401 (one of two modules)
    return postgresql if url.startswith(postgresql.SCHEME) else sqlite


def _dump(connection: Connection, begin: Callable[[str], None], write: Callable[[Rows], None]) -> Counter[str]:
    revision = revision_of(connection)
    if revision is None:
        raise LookupError
    begin(revision)
    counts: Counter[str] = Counter()
    for table in _tables(connection):
        # Plain text: what the schema gives are texts that know how they are quoted.
        name, columns = str(table.name), [str(column.name) for column in table.columns]
        counts[name] = 0
        found = connection.execute(select(table), execution_options={"yield_per": _BATCH})
        for rows in found.partitions():
            write(Rows(name, columns, [list(row) for row in rows]))
            counts[name] += len(rows)
    return counts


def _load(connection: Connection, revision: str, batches: Iterable[Rows]) -> Counter[str]:
    upgrade(connection, revision)
    tables = {str(table.name): table for table in _tables(connection)}
    counts: Counter[str] = Counter(dict.fromkeys(tables, 0))
    lift, check = _references(connection, tables.values())
    for statement in lift:
        connection.exec_driver_sql(statement)
    for table in tables.values():
        # What a migration puts into a fresh database is in the backup as it became since. Some tables let nothing be deleted.
        if connection.execute(select(table).limit(1)).first() is not None:
            connection.execute(delete(table))
    for batch in batches:
        table = tables[batch.table]
        connection.execute(insert(table), list(_read(table, batch)))
        counts[batch.table] += len(batch.values)
    for statement in check:
        connection.exec_driver_sql(statement)
    upgrade(connection)
    return counts


def _tables(connection: Connection) -> list[Table]:
    found = MetaData()
    found.reflect(connection)
    return sorted((one for one in found.tables.values() if one.name != _VERSION_TABLE), key=lambda one: one.name)


def _read(table: Table, batch: Rows) -> Iterator[dict[str, Any]]:
    types = [table.columns[name].type.python_type for name in batch.columns]
    for row in batch.values:
        yield {
            name: convert(value, kind, strict=False) if kind in _CONVERTED and value is not None else value
            for name, kind, value in zip(batch.columns, types, row, strict=True)
        }


def _references(connection: Connection, tables: Iterable[Table]) -> tuple[list[str], list[str]]:
    """What lets rows come before those that they refer to, and what checks at the end that all came."""
    if connection.dialect.name == "sqlite":
        return ["PRAGMA defer_foreign_keys = ON"], []
    query = text("SELECT conname FROM pg_constraint WHERE contype = 'f' AND conrelid = CAST(:table AS regclass)")
    alter = [
        f'ALTER TABLE "{table.name}" ALTER CONSTRAINT "{name}"'
        for table in tables
        for name in connection.execute(query, {"table": f'"{table.name}"'}).scalars()
    ]
    lift = [f"{one} DEFERRABLE INITIALLY DEFERRED" for one in alter]
    return lift, ["SET CONSTRAINTS ALL IMMEDIATE", *(f"{one} NOT DEFERRABLE" for one in alter)]

"""The database: who writes waits, hooks follow the commit, and the schema moves forward only."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, insert, select, text
from sqlalchemy.ext.asyncio import create_async_engine

from meetinghouse.db.engine import Database
from meetinghouse.db.ids import new_id
from meetinghouse.db.migrate import SchemaTooNewError
from meetinghouse.db.tenancy import Across
from meetinghouse.db.types import Json, UtcTime

NOTES = Table("notes", MetaData(), Column("id", Integer, primary_key=True), Column("at", UtcTime), Column("body", Json))


@pytest.fixture
async def db(owners_database_url: str) -> AsyncIterator[Database]:
    database = await Database.open(owners_database_url, synchronous="normal")
    async with database.write(Across.UPKEEP) as write:
        await write.connection.run_sync(NOTES.create)
    yield database
    await database.close()


async def _count(db: Database) -> int:
    async with db.read(Across.UPKEEP) as connection:
        return len((await connection.execute(select(NOTES))).all())


async def _fail_half_way(db: Database, told: list[str]) -> None:
    async with db.write(Across.UPKEEP) as write:
        write.after_commit(lambda: told.append("never"))
        await write.connection.execute(insert(NOTES).values(id=2))
        raise RuntimeError


async def test_hooks_run_after_the_commit_and_never_without_one(db: Database) -> None:
    told: list[str] = []
    async with db.write(Across.UPKEEP) as write:
        write.after_commit(lambda: told.append("first"))
        write.after_commit(lambda: told.append("second"))
        await write.connection.execute(insert(NOTES).values(id=1))
        assert told == []
    assert told == ["first", "second"]
    with pytest.raises(RuntimeError):
        await _fail_half_way(db, told)
    assert told == ["first", "second"]
    assert await _count(db) == 1


async def test_writers_take_turns_and_readers_see_only_what_is_committed(db: Database) -> None:
    async def add(number: int) -> None:
        async with db.write(Across.UPKEEP) as write:
            found = (await write.connection.execute(select(NOTES))).all()
            await asyncio.sleep(0)
            await write.connection.execute(insert(NOTES).values(id=number, body={"before": len(found)}))

    await asyncio.gather(*(add(number) for number in range(20)))
    async with db.read(Across.UPKEEP) as connection:
        rows = (await connection.execute(select(NOTES.c.body))).scalars().all()
    assert sorted(row["before"] for row in rows) == list(range(20))
    async with db.write(Across.UPKEEP) as write:
        await write.connection.execute(insert(NOTES).values(id=99))
        assert await _count(db) == 20


async def test_times_come_back_as_they_were_in_utc(db: Database) -> None:
    shanghai = datetime(2020, 8, 23, 8, 0, 0, 123456, tzinfo=timezone(timedelta(hours=8)))
    async with db.write(Across.UPKEEP) as write:
        await write.connection.execute(insert(NOTES).values(id=1, at=shanghai, body=[1, {"中": None}]))
    async with db.read(Across.UPKEEP) as connection:
        row = (await connection.execute(select(NOTES.c.at, NOTES.c.body))).one()
    assert row.at == shanghai
    assert row.at.tzinfo is UTC
    assert row.body == [1, {"中": None}]


async def test_a_fresh_database_has_one_tenant_and_explicit_policies(db: Database) -> None:
    async with db.read(Across.UPKEEP) as connection:
        counts = {
            table: (await connection.execute(text(f"SELECT count(*) FROM {table}"))).scalar()  # noqa: S608
            for table in ("operators", "tenants", "members", "residency_policies", "market_rule_sets")
        }
    assert set(counts.values()) == {1}


async def test_opening_again_keeps_everything(database_url: str) -> None:
    first = await Database.open(database_url)
    async with first.read(Across.UPKEEP) as connection:
        before = (await connection.execute(text("SELECT id FROM tenants"))).scalar()
    await first.close()
    second = await Database.open(database_url)
    async with second.read(Across.UPKEEP) as connection:
        assert (await connection.execute(text("SELECT id FROM tenants"))).scalar() == before
    await second.close()


async def test_a_later_schema_is_refused_and_left_alone(database_url: str) -> None:
    await (await Database.open(database_url)).close()
    engine = create_async_engine(database_url.replace("postgresql://", "postgresql+asyncpg://"))
    async with engine.begin() as raw:
        await raw.execute(text("UPDATE alembic_version SET version_num = '9999_future'"))
    await engine.dispose()
    with pytest.raises(SchemaTooNewError, match="9999_future"):
        await Database.open(database_url)


def test_ids_sort_by_their_time_and_differ() -> None:
    ids = [new_id() for _ in range(1000)]
    assert len(set(ids)) == 1000
    assert all(len(one) == 26 for one in ids)
    assert [one[:10] for one in ids] == sorted(one[:10] for one in ids)

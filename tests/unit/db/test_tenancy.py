"""The database keeps tenants apart, whatever a query forgets."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import insert, select, text, update
from sqlalchemy.exc import DBAPIError

import databases
from conftest import make_config
from meetinghouse.app.doctor import examine
from meetinghouse.db.engine import Database
from meetinghouse.db.ids import new_id
from meetinghouse.db.tenancy import Across
from meetinghouse.people.tables import audit, members, tenants

pytestmark = pytest.mark.postgresql

_NOW = datetime(2026, 11, 23, tzinfo=UTC)


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Database]:
    """A database as the server has it, with a second tenant."""
    database = await Database.open(database_url)
    async with database.write(Across.UPKEEP) as write:
        first = (await write.connection.execute(select(tenants))).mappings().one()
        await write.connection.execute(insert(tenants).values({**first, "id": "second", "name": "Second"}))
        await write.connection.execute(insert(members).values(_member("hers", "second")))
    yield database
    await database.close()


def _member(member_id: str, tenant_id: str) -> dict[str, object]:
    return {
        "id": member_id,
        "tenant_id": tenant_id,
        "name": "Somebody",
        "role": "owner",
        "status": "active",
        "created_at": _NOW,
    }


async def test_a_query_without_its_tenant_finds_nothing_of_others(db: Database) -> None:
    everything = select(members.c.id)
    async with db.read("second") as connection:
        assert list((await connection.execute(everything)).scalars()) == ["hers"]
        assert list((await connection.execute(select(tenants.c.id))).scalars()) == ["second"]
    async with db.read(Across.OPERATOR) as connection:
        assert len((await connection.execute(everything)).all()) == 2
    for nobody in ("", "third"):
        async with db.read(nobody) as connection:
            assert (await connection.execute(everything)).all() == []
    async with db.write("second") as write:
        assert (await write.connection.execute(update(members).values(name="Mine"))).rowcount == 1


async def test_nothing_is_written_for_another_tenant(db: Database) -> None:
    async with db.read(Across.UPKEEP) as connection:
        first = (await connection.execute(select(tenants.c.id).where(tenants.c.id != "second"))).scalar_one()
    with pytest.raises(DBAPIError, match="row-level security"):
        async with db.write("second") as write:
            await write.connection.execute(
                insert(audit).values(
                    id=new_id(), tenant_id=first, at=_NOW, actor="hers", action="try", subject="", detail={}
                )
            )
    with pytest.raises(DBAPIError, match="row-level security"):
        async with db.write("second") as write:
            await write.connection.execute(update(members).values(tenant_id=first))


async def test_whose_rows_are_shown_does_not_outlast_its_reader(db: Database) -> None:
    """Connections are used again: each use says anew whose rows it is for."""
    everything = select(members.c.tenant_id)
    for reach, count in (("second", 1), (Across.JOIN, 2), ("", 0), ("second", 1), ("third", 0)) * 3:
        async with db.read(reach) as connection:
            assert len((await connection.execute(everything)).all()) == count


async def test_every_table_of_tenants_is_under_the_policy_and_its_owner_too(owners_database_url: str) -> None:
    """A new table with a `tenant_id` gets the policy at the start; one that does not fails here."""
    db = await Database.open(owners_database_url)
    async with db.read(Across.UPKEEP) as connection:
        having = await connection.execute(
            text("SELECT table_name FROM information_schema.columns WHERE column_name = 'tenant_id'")
        )
        bound = await connection.execute(
            text(
                "SELECT c.relname FROM pg_class c JOIN pg_policy p ON p.polrelid = c.oid "
                "WHERE c.relrowsecurity AND c.relforcerowsecurity"
            )
        )
        # Those two name companies that everybody's rules refer to; theirs is where the staff is at home.
        wanted = {*having.scalars(), "tenants"} - {"operators", "partners"}
        assert len(wanted) > 10
        assert set(bound.scalars()) == wanted
    async with db.read("nobody") as connection:
        for table in wanted:
            assert (await connection.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one() == 0  # noqa: S608
    await db.close()


async def test_a_table_that_comes_later_is_put_under_the_policy(database_url: str, owners_database_url: str) -> None:
    owner = await Database.open(owners_database_url)
    async with owner.write(Across.UPKEEP) as write:
        await write.connection.execute(text("CREATE TABLE later (tenant_id text)"))
    await owner.close()
    db = await Database.open(database_url, owner_url=owners_database_url)
    async with db.write("second") as write:
        await write.connection.execute(text("INSERT INTO later VALUES ('second')"))
    async with db.read("third") as connection:
        assert (await connection.execute(text("SELECT * FROM later"))).all() == []
    await db.close()


async def test_a_role_without_rights_is_told_whose_are_needed(database_url: str, owners_database_url: str) -> None:
    owner = await Database.open(owners_database_url)
    async with owner.write(Across.UPKEEP) as write:
        await write.connection.execute(text("CREATE TABLE later (tenant_id text)"))
    await owner.close()
    with pytest.raises(ConnectionError, match=r"database\.owner_url"):
        await Database.open(database_url)


async def test_the_doctor_says_which_role_is_not_bound(tmp_path: Path, owners_database_url: str) -> None:
    def finding(url: str) -> tuple[str, str]:
        found = next(one for one in examine(make_config(tmp_path, database={"url": url})) if one.check == "database")
        return found.status, found.detail

    assert finding(owners_database_url)[0] == "warning"
    status, detail = finding(databases.administrators_url())
    assert status == "failed"
    assert "superuser" in detail

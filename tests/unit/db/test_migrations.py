"""A database of an earlier version, with data in it, comes forward."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine

import meetinghouse.db.migrate
from meetinghouse.db.engine import Database
from meetinghouse.db.migrate import newest_revision
from meetinghouse.db.tenancy import Across
from meetinghouse.people import tables

_VERSIONS = Path(meetinghouse.db.migrate.__file__).parent / "migrations" / "versions"


async def _made_by(database_url: str, revision: str, *statements: str) -> None:
    """Make the database as the program of `revision` did, and what `statements` put into it."""

    def upgrade(connection: Connection) -> None:
        config = Config()
        config.set_main_option("script_location", str(_VERSIONS.parent))
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        for statement in statements:
            connection.execute(text(statement))

    engine = create_async_engine(database_url.replace("postgresql://", "postgresql+asyncpg://"))
    async with engine.begin() as raw:
        await raw.run_sync(upgrade)
    await engine.dispose()


async def _rows(db: Database, query: str) -> list[tuple[Any, ...]]:
    async with db.read(Across.UPKEEP) as connection:
        return [tuple(row) for row in await connection.execute(text(query))]


async def test_tenants_get_the_standard_plan_and_the_first_becomes_the_operators_home(empty_database_url: str) -> None:
    await _made_by(
        empty_database_url,
        "0003_quality",
        "INSERT INTO tenants (id, operator_id, name, kind, channel, country, created_at) "
        "SELECT 'zz', operator_id, 'Harbour', 'personal', 'online', 'CN', created_at FROM tenants",
    )
    db = await Database.open(empty_database_url)
    try:
        first, other = await _rows(db, "SELECT id, plan_id, partner_id, status FROM tenants ORDER BY id")
        assert (first[1:], other) == (("standard", None, "active"), ("zz", "standard", None, "active"))
        assert await _rows(db, "SELECT tenant_id FROM operators") == [(first[0],)]
        async with db.read(Across.UPKEEP) as connection:
            tenant = await tables.tenant(connection, "zz")
            assert (await tables.first_tenant(connection)).id == first[0]
        assert (tenant.country, tenant.plan, tenant.partner, tenant.subdivision) == ("CN", "standard", None, None)
    finally:
        await db.close()


_MEMBER = (
    "INSERT INTO members (id, tenant_id, email, name, role, status, created_at) "
    "SELECT 'ana', id, 'ana@example.org', 'Ana', 'member', 'active', 7 FROM tenants"
)
_MEETING = (
    "INSERT INTO meetings (id, tenant_id, host_id, kind, title, number, link_id, settings, revision, created_at) "
    "SELECT 'standup', tenant_id, id, 'personal', 'Standup', '1234567890', 'link', '{}', 0, 7 FROM members WHERE id = 'ana'"
)


@pytest.mark.parametrize("revision", sorted(path.stem for path in _VERSIONS.glob("[0-9]*.py")))
async def test_every_earlier_version_comes_forward_with_what_is_in_it(empty_database_url: str, revision: str) -> None:
    has_meetings = revision >= "0002"
    await _made_by(empty_database_url, revision, _MEMBER, *([_MEETING] if has_meetings else []))
    db = await Database.open(empty_database_url)
    try:
        assert await _rows(db, "SELECT version_num FROM alembic_version") == [(newest_revision(),)]
        assert await _rows(db, "SELECT email, created_at FROM members WHERE id = 'ana'") == [("ana@example.org", 7)]
        assert len(await _rows(db, "SELECT id FROM members")) == 2
        assert len(await _rows(db, "SELECT id FROM meetings WHERE number = '1234567890'")) == has_meetings
        ((tenant_id,),) = await _rows(db, "SELECT tenant_id FROM members WHERE id = 'ana'")
        async with db.read(tenant_id) as connection:
            assert await tables.member(connection, "ana") is not None
            assert (await tables.tenant(connection, tenant_id)).plan == "standard"
    finally:
        await db.close()

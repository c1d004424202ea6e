"""A database of an earlier version, with data in it, comes forward."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine

import meetinghouse.db.migrate
from meetinghouse.db.engine import Database
from meetinghouse.db.tenancy import Across
from meetinghouse.people import tables


async def _made_by(database_url: str, revision: str, *statements: str) -> None:
    """Make the database as the program of `revision` did, and what `statements` put into it."""

    def upgrade(connection: Connection) -> None:
        config = Config()
        config.set_main_option("script_location", str(Path(meetinghouse.db.migrate.__file__).parent / "migrations"))
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

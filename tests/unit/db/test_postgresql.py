"""What only a database server can do: go, come back, and be used by somebody else."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx2
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

import databases
from accounts import Owner
from conftest import StartServer, make_config
from meetinghouse.app.doctor import examine
from meetinghouse.app.server import Running, running_server
from meetinghouse.app.services import StartError
from meetinghouse.db.engine import Database
from meetinghouse.db.tenancy import Across

pytestmark = pytest.mark.postgresql

_NOBODY = "postgresql://nobody@127.0.0.1:1/nothing"


async def test_a_database_that_was_away_costs_nobody_anything(server: Running, owner: Owner) -> None:
    await _end_connections(server.services.config.database_url)
    assert (await owner.http.get("/api/v1/me")).status_code == 200
    await _end_connections(server.services.config.database_url)
    made = await owner.http.post("/api/v1/tokens", json={"name": "Later", "scopes": ["meetings:read"]})
    assert made.status_code == 201


async def test_while_it_is_away_requests_say_so(server: Running, client: httpx2.AsyncClient, owner: Owner) -> None:
    url = server.services.config.database_url
    await _administrate(url, 'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
    await _end_connections(url)
    answer = await owner.http.post("/api/v1/tokens", json={"name": "Now", "scopes": ["meetings:read"]})
    assert (answer.status_code, answer.json()["code"]) == (503, "storage_unavailable")
    assert (await client.get("/healthz")).status_code == 200
    await _administrate(url, 'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
    assert (await owner.http.get("/api/v1/me")).status_code == 200


async def test_a_second_server_is_refused_and_commands_are_not(
    start_server: StartServer, tmp_path: Path, database_url: str
) -> None:
    elsewhere = tmp_path / "elsewhere"
    async with start_server():
        with pytest.raises(StartError, match="Another server"):
            async with running_server(make_config(elsewhere, database={"url": database_url})):
                pass
        await (await Database.open(database_url)).close()
    async with running_server(make_config(elsewhere, database={"url": database_url})):
        pass


async def test_writers_of_two_processes_take_turns(database_url: str) -> None:
    first, second = [await Database.open(database_url) for _ in range(2)]

    async def count(database: Database) -> None:
        async with database.write(Across.UPKEEP) as write:
            seen = (await write.connection.execute(text("SELECT count(*) FROM operators"))).scalar_one()
            row = {"id": f"operator-{seen}", "name": "", "at": 0}
            await write.connection.execute(text("INSERT INTO operators VALUES (:id, :name, :at)"), row)

    await asyncio.gather(*(count(database) for database in (first, second) for _ in range(10)))
    async with first.read(Across.UPKEEP) as connection:
        assert (await connection.execute(text("SELECT count(*) FROM operators"))).scalar_one() == 21
        with pytest.raises(DBAPIError, match="read-only"):
            await connection.execute(text("DELETE FROM operators"))
    await first.close()
    await second.close()


async def test_what_cannot_be_reached_is_said(tmp_path: Path, database_url: str) -> None:
    with pytest.raises(StartError, match=r"cannot be reached.*database\.url"):
        async with running_server(make_config(tmp_path, database={"url": _NOBODY})):
            pass
    found = {one.check: one for one in examine(make_config(tmp_path, database={"url": _NOBODY}))}
    assert found["database"].status == "failed"
    found = {one.check: one for one in examine(make_config(tmp_path, database={"url": database_url}))}
    assert (found["database"].status, found["database"].detail) == ("ok", "PostgreSQL 18 answers.")


async def _end_connections(url: str) -> None:
    query = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}' AND pid <> pg_backend_pid()"
    )
    await _administrate(url, query)


async def _administrate(url: str, query: str) -> None:
    """Run something beside the database `{name}`."""
    name = url.partition("?")[0].rpartition("/")[2]
    engine = create_async_engine(
        databases.administrators_url().replace("postgresql://", "postgresql+asyncpg://"),
        isolation_level="AUTOCOMMIT",
    )
    async with engine.connect() as connection:
        await connection.execute(text(query.format(name=name)))
    await engine.dispose()

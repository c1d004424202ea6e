"""A real server on a real port, for every test that speaks HTTP or WebSocket."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest

import databases
from accounts import Owner, signed_in_owner
from meetinghouse.app.config import Config, load_config
from meetinghouse.app.server import Running, running_server
from meetinghouse.telemetry.logs import configure_logs

pytest_addoption = databases.add_option
pytest_configure = databases.start


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What runs on the wanted database."""
    databases.select(config, items)


@dataclass
class SetClock:
    """A clock that tests move by hand."""

    time: datetime = field(default_factory=lambda: datetime(2026, 11, 23, 12, 0, tzinfo=UTC))
    seconds: float = 0.0

    def now(self) -> datetime:
        """The wall clock."""
        return self.time + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        """Seconds since the test began."""
        return self.seconds

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.seconds += seconds


@pytest.fixture(scope="session", autouse=True)
def _plain_logs() -> None:
    """As the program logs; the library's own default draws every local variable of a trace, for seconds."""
    configure_logs("warning", "text")


StartServer = Callable[..., AbstractAsyncContextManager[Running]]


def make_config(directory: Path, **sections: dict[str, Any]) -> Config:
    """A configuration on loopback with the fake engine, its data below `directory`."""
    base: dict[str, dict[str, Any]] = {
        "server": {"listen": "127.0.0.1:0", "shutdown_seconds": 1},
        "media": {"listen": "127.0.0.1:0", "engine": "fake"},
        "data": {"directory": str(directory / "data")},
        "database": {"synchronous": "normal"},
    }
    if "url" not in sections.get("database", {}):
        base["database"]["url"] = databases.url_for(directory)
    for name, keys in sections.items():
        base[name] = {**base.get(name, {}), **keys}
    return load_config(None, {}, base)


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    """A database of this test's own."""
    return databases.url_for(tmp_path)


@pytest.fixture
def empty_database_url(tmp_path: Path) -> str:
    """The same without any table."""
    return databases.empty_url_for(tmp_path) or f"sqlite+aiosqlite:///{tmp_path / 'empty.sqlite3'}"


@pytest.fixture
def owners_database_url(tmp_path: Path, database_url: str) -> str:
    """The same by the role that owns the tables, where that is another."""
    return databases.owner_url_for(tmp_path) or database_url


@pytest.fixture
def start_server(tmp_path: Path) -> StartServer:
    """Starts servers on this test's data directory: `async with start_server(limits={…}, clock=…) as running`."""

    @asynccontextmanager
    async def start(*, clock: SetClock | None = None, **sections: dict[str, Any]) -> AsyncIterator[Running]:
        async with running_server(make_config(tmp_path, **sections), clock) as running:
            yield running

    return start


@pytest.fixture
async def server(start_server: StartServer) -> AsyncIterator[Running]:
    """A server with defaults."""
    async with start_server() as running:
        yield running


@pytest.fixture
async def client(server: Running) -> AsyncIterator[httpx2.AsyncClient]:
    """An HTTP client of `server` without any sign-in."""
    async with httpx2.AsyncClient(base_url=server.url, trust_env=False) as http:
        yield http


@pytest.fixture
async def owner(server: Running) -> AsyncIterator[Owner]:
    """The first owner of `server`, signed in."""
    async with signed_in_owner(server) as signed_in:
        yield signed_in

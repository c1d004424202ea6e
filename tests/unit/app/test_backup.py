"""An installation comes back from its backup, on either database, and a bad one touches nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

import databases
from accounts import browser, signed_in_owner
from conftest import SetClock, StartServer, make_config
from meetinghouse.app.backup import Backup, BackupError, make_backup, read_key, restore_backup, verify_backup
from meetinghouse.app.config import Config
from meetinghouse.app.server import Running, running_server
from meetinghouse.db import dump
from meetinghouse.people.identify import SESSION_COOKIE
from meetinghouse.security import vault
from meetinghouse.security.secret import Secret

_KEY = Secret("a key for these tests")
Elsewhere = Callable[[str], Config]


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Guessing this key is cheap, and tables have more rows than are read at once."""
    monkeypatch.setattr(vault, "_SCRYPT_N", 2)
    monkeypatch.setattr(dump, "_BATCH", 2)


@pytest.fixture
def elsewhere(tmp_path: Path) -> Elsewhere:
    """Configurations of empty installations: on the database of these tests, or on SQLite."""

    def make(name: str) -> Config:
        directory = tmp_path / name
        empty = "" if name == "sqlite" else databases.empty_url_for(directory)
        url = empty or f"sqlite+aiosqlite:///{directory / 'data' / 'meetinghouse.sqlite3'}"
        return make_config(directory, database={"url": url})

    return make


async def _titles(running: Running, cookie: str) -> set[str]:
    async with browser(running) as http:
        http.cookies.set(SESSION_COOKIE, cookie)
        answer = await http.get("/api/v1/meetings", params={"when": "all", "limit": 200})
    assert answer.status_code == 200, answer.text
    return {one["title"] for one in answer.json()["items"]}


async def _backed_up(running: Running, path: Path) -> tuple[Backup, str, set[str]]:
    """A backup taken while meetings are made; the owner's cookie and what there was before it."""
    async with signed_in_owner(running) as owner:

        async def make(title: str) -> None:
            answer = await owner.http.post("/api/v1/meetings", json={"title": title})
            assert answer.status_code == 201, answer.text

        before = {f"before {number}" for number in range(5)}
        await asyncio.gather(*map(make, before))
        backup = asyncio.create_task(make_backup(running.services.config, SetClock(), _KEY, path))
        await asyncio.gather(*(make(f"during {number}") for number in range(20)))
        return await backup, owner.http.cookies[SESSION_COOKIE], before


def _files(config: Config) -> list[Path]:
    return list(config.data_directory.glob("*"))


@pytest.mark.parametrize("name", ["same", "sqlite"])
async def test_what_was_backed_up_while_it_served_is_served_elsewhere(
    start_server: StartServer, elsewhere: Elsewhere, tmp_path: Path, name: str
) -> None:
    path, target = tmp_path / "backup", elsewhere(name)
    async with start_server() as running:
        made, cookie, before = await _backed_up(running, path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert await verify_backup(_KEY, path) == made
    assert await restore_backup(target, _KEY, path) == made
    async with running_server(target) as restored:
        assert {one for one in await _titles(restored, cookie) if one.startswith("before")} == before
    # Over what is there nothing is restored.
    with pytest.raises(BackupError, match="already"):
        await restore_backup(target, _KEY, path)


@pytest.mark.postgresql
@pytest.mark.database
async def test_an_installation_moves_from_sqlite_to_postgresql(tmp_path: Path, elsewhere: Elsewhere) -> None:
    path, target = tmp_path / "backup", elsewhere("same")
    async with running_server(make_config(tmp_path / "small", database={"url": ""})) as running:
        made, cookie, before = await _backed_up(running, path)
    assert await restore_backup(target, _KEY, path) == made
    async with running_server(target) as restored:
        assert await _titles(restored, cookie) >= before


async def test_a_bad_backup_or_key_touches_nothing(server: Running, elsewhere: Elsewhere, tmp_path: Path) -> None:
    path = tmp_path / "backup"
    await make_backup(server.services.config, SetClock(), _KEY, path)
    whole = path.read_bytes()
    target = elsewhere("same")
    with pytest.raises(BackupError, match="already"):
        await make_backup(server.services.config, SetClock(), _KEY, path)
    with pytest.raises(BackupError, match="key is not the one"):
        await restore_backup(target, Secret("another key of these tests"), path)
    changed = bytearray(whole)
    changed[-100] ^= 1
    for bad in (whole[:-1], whole[: len(whole) // 2], b"", b"something else", bytes(changed)):
        path.write_bytes(bad)
        with pytest.raises(BackupError, match="backup"):
            await verify_backup(_KEY, path)
        with pytest.raises(BackupError, match="backup"):
            await restore_backup(target, _KEY, path)
    assert _files(target) == []
    path.write_bytes(whole)
    await restore_backup(target, _KEY, path)


async def test_a_backup_of_a_later_version_is_refused(
    server: Running, elsewhere: Elsewhere, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, target = tmp_path / "backup", elsewhere("same")
    monkeypatch.setattr(dump, "revision_of", lambda _: "9999_future")
    await make_backup(server.services.config, SetClock(), _KEY, path)
    monkeypatch.undo()
    with pytest.raises(BackupError, match="later version"):
        await restore_backup(target, _KEY, path)


async def test_nothing_and_a_short_key_are_refused(elsewhere: Elsewhere, tmp_path: Path) -> None:
    with pytest.raises(BackupError, match="nothing to back up"):
        await make_backup(elsewhere("sqlite"), SetClock(), _KEY, tmp_path / "backup")
    assert not (tmp_path / "backup").exists()
    short = tmp_path / "key"
    short.write_text("too short\n")
    with pytest.raises(BackupError, match="openssl"):
        read_key(short)
    short.write_text("long enough to be one\n")
    assert read_key(short).reveal() == "long enough to be one"

"""Backups: everything that an installation is, in one encrypted file that restores on either database.

A file holds the rows of all tables as they were at one moment, the key file and the certificates of the data directory. Reading
one is always done twice: first to the end, so that a file that was changed or cut off, or a wrong key, touches nothing.
"""

from __future__ import annotations

import os
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO

import msgspec
from msgspec import Struct
from sqlalchemy.exc import OperationalError

from meetinghouse.app.config import Config
from meetinghouse.app.server import held_directory
from meetinghouse.app.services import StartError
from meetinghouse.app.version import program_version
from meetinghouse.db.clock import Clock
from meetinghouse.db.dump import NotEmptyError, Rows, dump, load
from meetinghouse.db.migrate import SchemaTooNewError
from meetinghouse.security.secret import Secret
from meetinghouse.security.vault import VaultError, VaultWriter, read_vault

_KEY_CHARACTERS = 16
_LENGTH_BYTES = 4
_SQLITE = "sqlite+aiosqlite:///"
_SECRET = "secret.key"  # noqa: S105 (a file's name)
# Beside the database and the key: certificates that the server made for itself.
_KEPT = (_SECRET, "tls/*")


class BackupError(StartError):
    """A backup cannot be made, read or restored; nothing was changed. The text is for who typed the command."""


class Backup(Struct, frozen=True, kw_only=True):
    """What a backup holds."""

    made_at: datetime
    program: str
    revision: str
    rows: dict[str, int]
    files: list[str]


class _File(Struct, frozen=True, array_like=True, tag="file"):
    """A file of the data directory."""

    path: str
    data: bytes


class _End(Struct, frozen=True, array_like=True, tag="end"):
    """How many rows there should have been."""

    rows: dict[str, int]


def read_key(path: Path) -> Secret:
    """The key of backups: what the file says, without the space around it.

    Raises:
        BackupError: it cannot be read, or is too short to keep anybody out.

    """
    try:
        key = path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise BackupError(f"The key file {path} cannot be read: {error}.") from None
    if len(key) < _KEY_CHARACTERS:
        message = f"The key in {path} has less than {_KEY_CHARACTERS} characters: make one with openssl rand -hex 32."
        raise BackupError(message)
    return Secret(key)


async def make_backup(config: Config, clock: Clock, key: Secret, path: Path) -> Backup:
    """Write everything to a new file, beside a running server. The file appears once it is whole and on the disk.

    Raises:
        BackupError: there is a file already, nothing to back up, or no place.

    """
    _check_absent(path, "give another name")
    part = path.with_name(f"{path.name}.part")
    try:
        with _private(part) as file:
            made = await _write(config, clock, key, file)
            file.flush()
            os.fsync(file.fileno())
        part.rename(path)
    except (LookupError, FileNotFoundError):
        raise BackupError("There is nothing to back up: no server has used this database yet.") from None
    except (OSError, OperationalError) as error:
        raise BackupError(f"The backup could not be made: {error}.") from error
    finally:
        part.unlink(missing_ok=True)
    return made


async def verify_backup(key: Secret, path: Path) -> Backup:
    """Restore into a directory that is thrown away, and compare.

    Raises:
        BackupError: it would not restore.

    """
    found = _examined(key, path)
    with TemporaryDirectory(prefix="meetinghouse-verify-") as scratch:
        await _load(f"{_SQLITE}{scratch}/restored.sqlite3", "", found, key, path)
    return found


async def restore_backup(config: Config, key: Secret, path: Path) -> Backup:
    """Fill an empty installation with what a backup holds.

    Raises:
        BackupError: the backup would not restore, or there is something already.

    """
    found = _examined(key, path)
    with held_directory(config.data_directory):
        files = {record.path: record.data for record in _records(key, path) if isinstance(record, _File)}
        secret = config.data_directory / _SECRET
        if secret.exists() and secret.read_bytes() != files[_SECRET]:
            raise BackupError(f"{secret} is there already: restore into an empty directory.")
        database = _sqlite_path(config.database_url)
        if database is None:
            await _load(config.database_url, config.database.owner_url, found, key, path)
        else:
            await _load_file(database, found, key, path)
        # The key comes last but belongs to what was stored: who is interrupted here restores once more with it in place.
        for name, data in files.items():
            _put(config.data_directory / name, data)
    return found


async def _load_file(database: Path, found: Backup, key: Secret, path: Path) -> None:
    _check_absent(database, "restore into an empty directory")
    part = database.with_name(f"{database.name}.part")
    leftovers = [part.with_name(part.name + end) for end in ("", "-wal", "-shm")]
    try:
        for one in leftovers:
            one.unlink(missing_ok=True)
        await _load(f"{_SQLITE}{part}", "", found, key, path)
        part.rename(database)
    finally:
        for one in leftovers:
            one.unlink(missing_ok=True)


async def _load(url: str, owner_url: str, found: Backup, key: Secret, path: Path) -> None:
    batches = (record for record in _records(key, path) if isinstance(record, Rows))
    try:
        counts = await load(url, owner_url, found.revision, batches)
    except NotEmptyError:
        raise BackupError("There are tables in the database already: restore into an empty one.") from None
    except SchemaTooNewError:
        message = f"The backup was made by a later version ({found.program}): restore it with that one."
        raise BackupError(message) from None
    except (OSError, OperationalError) as error:
        raise BackupError(f"The backup could not be restored: {error}.") from error
    # A later schema may have more tables; what came of each that was backed up is counted before it is brought forward.
    if {table: counts[table] for table in found.rows} != found.rows:
        raise BackupError("The backup does not hold as many rows as it says: take another one.")


async def _write(config: Config, clock: Clock, key: Secret, file: BinaryIO) -> Backup:
    about = {"made_at": clock.now().isoformat(), "program": program_version()}
    packed = zlib.compressobj()
    vaults: list[VaultWriter] = []

    def write(record: Struct) -> None:
        encoded = msgspec.msgpack.encode(record)
        vaults[0].write(packed.compress(len(encoded).to_bytes(_LENGTH_BYTES) + encoded))

    files = [one for pattern in _KEPT for one in sorted(config.data_directory.glob(pattern)) if one.is_file()]
    names = [str(one.relative_to(config.data_directory)) for one in files]

    def begin(revision: str) -> None:
        about["revision"] = revision
        vaults.append(VaultWriter(file, key, about))
        for name, one in zip(names, files, strict=True):
            write(_File(name, one.read_bytes()))

    database = _sqlite_path(config.database_url)
    if database is not None and not database.stat().st_size:
        raise LookupError
    rows = await dump(config.database_url, begin, write)
    write(_End(rows))
    vaults[0].write(packed.flush())
    vaults[0].close()
    return _backup(about, rows, names)


def _examined(key: Secret, path: Path) -> Backup:
    """What a backup holds, once all of it has been read.

    Raises:
        BackupError: it cannot be read to its end, or is not whole.

    """
    counts: Counter[str] = Counter()
    files: list[str] = []
    end: _End | None = None
    about: dict[str, str] = {}
    for record in _records(key, path, about.update):
        if isinstance(record, Rows):
            counts[record.table] += len(record.values)
        elif isinstance(record, _File):
            files.append(record.path)
        else:
            end = record
    if end is None or _SECRET not in files or any(counts[table] != rows for table, rows in end.rows.items()):
        raise BackupError(f"{path} is not whole: take another backup.")
    return _backup(about, end.rows, files)


def _records(
    key: Secret, path: Path, told: Callable[[dict[str, str]], Any] = lambda _: None
) -> Iterator[Rows | _File | _End]:
    decoder = msgspec.msgpack.Decoder(Rows | _File | _End)
    unpacked, waiting = zlib.decompressobj(), bytearray()
    try:
        with path.open("rb") as file:
            about, chunks = read_vault(file, key)
            told(about)
            for chunk in chunks:
                waiting += unpacked.decompress(chunk)
                while len(waiting) >= (end := _LENGTH_BYTES + int.from_bytes(waiting[:_LENGTH_BYTES])):
                    yield decoder.decode(bytes(waiting[_LENGTH_BYTES:end]))
                    del waiting[:end]
    except VaultError as error:
        raise BackupError(f"{path}: {error}") from None
    except OSError as error:
        raise BackupError(f"{path} cannot be read: {error.strerror}.") from None


def _backup(about: dict[str, str], rows: dict[str, int], files: list[str]) -> Backup:
    return Backup(
        made_at=datetime.fromisoformat(about["made_at"]),
        program=about["program"],
        revision=about["revision"],
        rows=dict(rows),
        files=files,
    )


def _put(path: Path, data: bytes) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.part")
    with _private(part) as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    part.rename(path)


def _private(path: Path) -> BinaryIO:
    """A file that nobody else may read."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")


def _check_absent(path: Path, advice: str) -> None:
    if path.exists():
        raise BackupError(f"{path} is there already: {advice}.")


def _sqlite_path(url: str) -> Path | None:
    return Path(url.removeprefix(_SQLITE)) if url.startswith(_SQLITE) else None

"""`meetinghouse backup` and `meetinghouse restore`."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Parameter

from meetinghouse.cli_options import AsJson, ConfigFile, Data, print_json

if TYPE_CHECKING:
    from meetinghouse.app.backup import Backup

backup_app = App(name="backup", help="Back everything up, beside a running server.")
restore_app = App(name="restore", help="Fill an empty installation from a backup.")

File = Annotated[Path, Parameter(help="The backup.")]
KeyFile = Annotated[Path, Parameter(help="A file with the key of backups, at least 16 characters.")]


@backup_app.default
def make(
    file: File, *, key_file: KeyFile, config: ConfigFile = None, data: Data = None, as_json: AsJson = False
) -> None:
    """Write all rows as they are now, the secret key and the certificates to one encrypted file."""
    from meetinghouse.app.backup import make_backup, read_key
    from meetinghouse.app.run import effective_config
    from meetinghouse.db.clock import SystemClock

    loaded = effective_config(config, data, os.environ)
    _say("backed up", asyncio.run(make_backup(loaded, SystemClock(), read_key(key_file), file)), as_json=as_json)


@backup_app.command
def verify(file: File, *, key_file: KeyFile, as_json: AsJson = False) -> None:
    """See that a backup can be restored, by restoring it into a directory that is thrown away."""
    from meetinghouse.app.backup import read_key, verify_backup

    _say("restores well", asyncio.run(verify_backup(read_key(key_file), file)), as_json=as_json)


@restore_app.default
def restore(
    file: File, *, key_file: KeyFile, config: ConfigFile = None, data: Data = None, as_json: AsJson = False
) -> None:
    """Fill an empty data directory and database, SQLite or PostgreSQL, whichever the backup came from."""
    from meetinghouse.app.backup import read_key, restore_backup
    from meetinghouse.app.run import effective_config

    loaded = effective_config(config, data, os.environ)
    _say("restored", asyncio.run(restore_backup(loaded, read_key(key_file), file)), as_json=as_json)


def _say(done: str, backup: Backup, *, as_json: bool) -> None:
    if as_json:
        print_json(backup)
        return
    print(
        f"{done}: {sum(backup.rows.values())} rows in {len(backup.rows)} tables of {backup.made_at:%Y-%m-%d %H:%M:%S} UTC"
    )

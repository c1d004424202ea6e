"""The command `serve`, from its options to the last line on the terminal."""

from __future__ import annotations

import asyncio
import gc
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import uvloop

from meetinghouse.app.announce import Announcement, announcement, leave_note
from meetinghouse.app.config import Config, load_config
from meetinghouse.app.server import Running, serve, write_ready_file
from meetinghouse.telemetry.logs import configure_logs

# Where the platform keeps a user's data (XDG base directory specification).
_USER_DATA = Path(".local") / "share"


def effective_config(
    file: Path | None,
    data: Path | None,
    environment: Mapping[str, str],
    *,
    listen: str | None = None,
    media: str | None = None,
) -> Config:
    """The configuration under the options of the command line.

    The data directory is `--data`, else `$MEETINGHOUSE_DATA`, else the file's, else the platform's for this user.

    Raises:
        ConfigError: with the sentence to show.

    """
    overrides: dict[str, dict[str, Any]] = {}
    directory = data or environment.get("MEETINGHOUSE_DATA")
    if directory:
        overrides["data"] = {"directory": str(directory)}
    if listen is not None:
        overrides["server"] = {"listen": listen}
    if media is not None:
        overrides["media"] = {"listen": media}
    return load_config(file, environment, overrides, default_data=_user_data(environment))


def run_server(config: Config, ready_file: Path | None, say: Callable[[Announcement], None]) -> None:
    """Serve until SIGTERM or SIGINT.

    Raises:
        StartError: with the sentence to show.

    """
    configure_logs(config.telemetry.log_level, config.telemetry.log_format)

    async def announce(running: Running) -> None:
        leave_note(config.data_directory, running)
        said = await announcement(running)
        # Before it is said: who reads the words finds the file. Who waits for the file must wait for the pipe too.
        if ready_file is not None:
            write_ready_file(ready_file, running.ready_file())
        say(said)
        # What the start made stays: later collections need not walk through it.
        gc.freeze()
        gc.enable()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(config, announce))


def _user_data(environment: Mapping[str, str]) -> str:
    base = environment.get("XDG_DATA_HOME") or os.fspath(Path.home() / _USER_DATA)
    return os.fspath(Path(base) / "meetinghouse")

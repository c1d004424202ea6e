"""The commands, one short function each.

Exit 0 on success, 1 on a refusal or failed check with a sentence on stderr, 2 on wrong usage.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Parameter

app = App(name="meetinghouse", help="Video conferencing that nobody can take away from its users.")


@app.command
def serve(
    *,
    config: Path | None = None,
    data: Path | None = None,
    listen: str | None = None,
    media: str | None = None,
    ready_file: Path | None = None,
) -> None:
    """Run the server until it is told to stop."""
    from meetinghouse.app.config import load_config
    from meetinghouse.app.server import Running, serve as run, write_ready_file
    from meetinghouse.telemetry.logs import configure_logs

    overrides: dict[str, dict[str, Any]] = {"data": {"directory": str(data or os.environ.get("MEETINGHOUSE_DATA") or "data")}, "server": {}, "media": {}}
    if listen: overrides["server"]["listen"] = listen
    if media: overrides["media"]["listen"] = media
    loaded = load_config(config, os.environ, overrides)
    configure_logs(loaded.telemetry.log_level, loaded.telemetry.log_format)

    def announce(running: Running) -> None:
        print(running.url, flush=True)
        if ready_file:
            write_ready_file(ready_file, running.ready_file())

    import uvloop
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run(loaded, announce))


def main() -> None:
    """The program's entry."""
    app()

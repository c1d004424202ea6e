"""`make load`: the load generator against a server that it starts itself, or, with `--whip` or `--streams`, against another.

`make load` alone is a webinar of 50 for 10 s. `make load ARGS="meeting --people 6 --audio --seconds 20"` passes everything on
to `sfu-load`; `make load ARGS=--help` lists what there is. The picture is written to `build/load.svg`.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from itertools import pairwise
from pathlib import Path

from servers import ours

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = ROOT / "target" / "release" / "sfu-load"
MODEST = ["webinar", "--watchers", "50", "--audio"]
PICTURE = ROOT / "build" / "load.svg"


def built() -> Path:
    """The program, up to date."""
    command = ["cargo", "build", "--release", "--locked", "--quiet", "-p", "sfu-load"]
    subprocess.run(command, cwd=ROOT, check=True)
    return PROGRAM


def publishers_of(arguments: list[str]) -> int:
    """How many streams the scenario wants."""
    word, usual = ("--people", 10) if "meeting" in arguments[:1] else ("--publishers", 1)
    given = [after for before, after in pairwise(arguments) if before == word]
    return int(given[-1]) if given and given[-1].isdigit() else usual


def cores() -> tuple[int | None, int | None]:
    """For the server and for the client: different ones where there are two."""
    have = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    return (have[0], have[-1]) if len(have) > 1 else (None, None)


def main() -> int:
    """Run it; the exit code is the load generator's."""
    program = str(built())
    arguments = sys.argv[1:] or MODEST
    if {"--whip", "--streams", "--help", "-h"} & set(arguments) or arguments[0].startswith("-"):
        return subprocess.run([program, *arguments], check=False).returncode
    if "--chart" not in arguments:
        PICTURE.parent.mkdir(exist_ok=True)
        arguments = [*arguments, "--chart", str(PICTURE)]
    server_core, client_core = cores()
    if client_core is not None:
        os.sched_setaffinity(0, {client_core})
    with ours(server_core, publishers_of(arguments)) as target, tempfile.NamedTemporaryFile("w") as streams:
        streams.write("\n".join(target.streams))
        streams.flush()
        command = [program, *arguments, "--streams", streams.name, "--pid", str(target.pid)]
        done = subprocess.run(command, check=False)
    if done.returncode == 0:
        where = f"server on core {server_core}, client on core {client_core}" if client_core is not None else "one core"
        print(f"  {where}; picture: {arguments[arguments.index('--chart') + 1]}")
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())

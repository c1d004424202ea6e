"""What the machine itself can do: the null reflector (`crates/sfu-load/src/bin/null-reflector.rs`) under the same rates.

It sends on to everybody what it receives and does nothing else, with the same reads and runs as our server, and its clients
count and do nothing else. What a server delivers is told as a share of that: it drifts less than packets a second do.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PROGRAM = Path(__file__).resolve().parents[2] / "target" / "release" / "null-reflector"
WATCHERS = 100
# As the load generator tells it: a side that is on a core for this share of the time is what limits the result.
BUSY = 0.9


@contextlib.contextmanager
def reflecting(core: int | None) -> Iterator[tuple[str, int]]:
    """A reflector on one core: its address and its process."""
    process = subprocess.Popen([str(PROGRAM), "serve"], stdout=subprocess.PIPE, text=True)
    try:
        if core is not None:
            os.sched_setaffinity(process.pid, {core})
        assert process.stdout is not None
        yield process.stdout.readline().strip(), process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def reflected(core: int | None, rate: int, frame: int, seconds: int, *, sound: bool) -> dict[str, Any]:
    """One step, with the names of the load generator's result, and what was stolen meanwhile."""
    with reflecting(core) as (address, pid):
        words = [address, str(pid), str(WATCHERS), str(rate), str(frame), str(seconds), "with" if sound else "without"]
        before = _times()
        done = subprocess.run([str(PROGRAM), "load", *words, "sound"], check=False, stdout=subprocess.PIPE, text=True)
        after = _times()
    if done.returncode:
        sys.exit("The null reflector failed.")
    found: dict[str, Any] = json.loads(done.stdout)
    spent = [late - early for early, late in zip(before, after, strict=True)]
    found["share_stolen"] = spent[7] / max(1, sum(spent))
    sides = [side for side in ("client", "server") if found[f"{side}_share"] >= BUSY]
    found["limit"] = sides[0] if sides else "none"
    found["us_per_packet"] = 1000 * found["server_share"] / max(0.001, found["kpps"])
    return found


def _times() -> list[int]:
    line = Path("/proc/stat").read_text("utf-8").splitlines()[0]
    return [int(field) for field in line.split()[1:9]]

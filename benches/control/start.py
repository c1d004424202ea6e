"""How fast the server starts and what it keeps in memory: real processes, native engine, empty data directories.

`python benches/control/start.py [--rounds N]`; `benches/run.py` calls `measure`.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TypedDict

TARGET_SECONDS = 2.0
TARGET_MB = 200.0
_GIVE_UP_SECONDS = 60


class Start(TypedDict):
    """Medians over the rounds."""

    first_seconds: float
    again_seconds: float
    idle_mb: float


def resident_kb(pid: int) -> int:
    """What a process holds in memory."""
    lines = Path(f"/proc/{pid}/status").read_text("utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:"))


def _once(data: Path) -> tuple[float, float]:
    """Seconds from the process's start to its ready file, and its resident memory then."""
    ready = data / "ready.json"
    ready.unlink(missing_ok=True)
    command = [sys.executable, "-m", "meetinghouse", "serve", "--data", str(data), "--ready-file", str(ready)]
    began = time.perf_counter()
    server = subprocess.Popen(
        [*command, "--listen", "127.0.0.1:0", "--media", "127.0.0.1:0"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        while not ready.exists():
            if server.poll() is not None or time.perf_counter() - began > _GIVE_UP_SECONDS:
                raise RuntimeError("the server did not start: run `meetinghouse serve` to see why")
            time.sleep(0.005)
        return time.perf_counter() - began, resident_kb(server.pid) / 1024
    finally:
        server.terminate()
        server.wait()


def measure(rounds: int = 5) -> Start:
    """Start `rounds` servers, each twice: with an empty directory, and again with what it left."""
    first, again, memory = [], [], []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as folder:
            first.append(_once(Path(folder))[0])
            seconds, megabytes = _once(Path(folder))
            again.append(seconds)
            memory.append(megabytes)
    return Start(
        first_seconds=statistics.median(first),
        again_seconds=statistics.median(again),
        idle_mb=statistics.median(memory),
    )


def main() -> int:
    """Print the numbers beside their targets."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    numbers = measure(rounds)
    print(
        f"Server: process start to ready file, medians of {rounds} rounds, native engine, Python {sys.version.split()[0]}"
    )
    print(f"  first start (makes the database)  {numbers['first_seconds']:6.2f} s")
    print(f"  start                             {numbers['again_seconds']:6.2f} s   target {TARGET_SECONDS} s")
    print(f"  resident memory, idle             {numbers['idle_mb']:6.0f} MB  target {TARGET_MB:.0f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())

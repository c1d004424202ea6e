"""`make soak`: half an hour of watchers who come and go on a server of its own, and what of them is left.

`make soak ARGS=5` takes five minutes. Once a minute everybody leaves; then the server's memory and open files are read. It
fails when files are not back to what they were, memory still rises in the second half, the server met a bug, or it ended.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx2
from servers import Target, ours

from load import built, cores

MINUTES = 30
ROUND = [
    "churn",
    "--watchers",
    "20",
    "--audio",
    "--joins-per-second",
    "20",
    "--stay",
    "5",
    "--seconds",
    "50",
    "--quiet",
]
# Whoever went without a word is given up after 30 seconds (`ICE` consent); then files are as before.
GIVEN_UP_SECONDS = 60
# Of the memory at half time, what may come on top until the end: pages that an allocator takes once.
MAY_GROW = 0.02
BUGS = ('reason="panic"', 'reason="worker"')


def memory_kb(pid: int) -> int:
    """Resident memory."""
    lines = Path(f"/proc/{pid}/status").read_text("ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))


def files(pid: int) -> int:
    """Open files."""
    return sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())


def settled(pid: int, baseline: int) -> int:
    """Open files once those of everybody who left are closed, or as many as there are then."""
    until = time.monotonic() + GIVEN_UP_SECONDS
    while files(pid) > baseline and time.monotonic() < until:
        time.sleep(1)
    return files(pid)


def bugs(target: Target) -> list[str]:
    """Counts of peers that a bug cost."""
    url = target.streams[0].split("/whip/")[0]
    text = httpx2.get(f"{url}/metrics", trust_env=False).text
    return [line for line in text.splitlines() if any(reason in line for reason in BUGS) and not line.endswith(" 0.0")]


def soak(program: str, target: Target, minutes: int) -> list[str]:
    """Round after round; returns what was wrong."""
    wrong = []
    memory = []
    baseline = 0
    with tempfile.NamedTemporaryFile("w") as streams:
        streams.write("\n".join(target.streams))
        streams.flush()
        until = time.monotonic() + 60 * minutes
        while time.monotonic() < until:
            done = subprocess.run([program, *ROUND, "--streams", streams.name], check=False, capture_output=True)
            if done.returncode:
                wrong.append(f"the load ended with {done.returncode}: {done.stderr.decode()[-300:]}")
                break
            # The first round opens what stays open: the database's files, the loop's own.
            baseline = baseline or settled(target.pid, 0)
            memory.append(memory_kb(target.pid))
            left = settled(target.pid, baseline)
            print(f"  {len(memory):3} rounds: {memory[-1] / 1024:7.1f} MB, {left} files", flush=True)
            if left > baseline:
                wrong.append(f"{left} files are open, {baseline} were at first")
                break
    later = memory[len(memory) // 2 :]
    if len(later) > 1 and later[-1] > later[0] * (1 + MAY_GROW):
        wrong.append(f"memory rose from {later[0]} kB at half time to {later[-1]} kB")
    return wrong + bugs(target)


def main() -> int:
    """Run it."""
    minutes = int(sys.argv[1]) if sys.argv[1:] else MINUTES
    program = str(built())
    server_core, client_core = cores()
    if client_core is not None:
        os.sched_setaffinity(0, {client_core})
    with ours(server_core, 1) as target:
        wrong = soak(program, target, minutes)
    for sentence in wrong:
        print(f"  {sentence}", file=sys.stderr)
    print(f"  {minutes} minutes: {'nothing was left' if not wrong else 'not well'}")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())

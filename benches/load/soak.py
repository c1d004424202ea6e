"""`make soak`: half an hour of watchers who come and go on a server of its own, and what of them is left.

`make soak ARGS=5` takes five minutes, after two to warm up. It fails when the server's open files are not back to what they
were once all are gone, when its memory still rises towards the end, when it met a bug, or when it ended.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import httpx2
from servers import Target, ours

from load import built, cores

MINUTES = 30
WARM_UP_SECONDS = 30
CHURN = ["churn", "--watchers", "20", "--audio", "--joins-per-second", "20", "--stay", "5", "--quiet"]
# Whoever went without a word is given up after 30 seconds without consent; then files are as before.
GIVEN_UP_SECONDS = 60
LOOK_SECONDS = 10
# Of the third quarter's memory, what the fourth may have on top: pages that an allocator takes once.
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


def churn(program: str, stream: str, seconds: int) -> subprocess.Popen[bytes]:
    """The load generator at work; it reads its stream, with the ticket, from its input."""
    command = [program, *CHURN, "--seconds", str(seconds), "--streams", "-"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    assert process.stdin is not None
    process.stdin.write(stream.encode())
    process.stdin.close()
    return process


def soak(program: str, target: Target, minutes: int) -> list[str]:
    """Come and go; returns what was wrong."""
    wrong = []
    # The first opens what stays open: the database's files, the loop's own.
    if churn(program, target.streams[0], WARM_UP_SECONDS).wait():
        return ["the load did not begin"]
    baseline = settled(target.pid, 0)
    memory = []
    load = churn(program, target.streams[1], 60 * minutes)
    while load.poll() is None:
        time.sleep(LOOK_SECONDS)
        memory.append(memory_kb(target.pid))
        print(f"  {len(memory) * LOOK_SECONDS:5} s: {memory[-1] / 1024:6.1f} MB, {files(target.pid)} files", flush=True)
    if load.returncode:
        wrong.append(f"the load ended with {load.returncode}")
    left = settled(target.pid, baseline)
    if left > baseline:
        wrong.append(f"{left} files are open, {baseline} were before")
    third, fourth = (memory[len(memory) * n // 4 : len(memory) * (n + 1) // 4] for n in (2, 3))
    if third and fourth and sum(fourth) / len(fourth) > sum(third) / len(third) * (1 + MAY_GROW):
        wrong.append(f"memory rises: {third[0]} kB at half time, {fourth[-1]} kB at the end")
    return wrong + bugs(target)


def main() -> int:
    """Run it."""
    minutes = int(sys.argv[1]) if sys.argv[1:] else MINUTES
    program = str(built())
    server_core, client_core = cores()
    if client_core is not None:
        os.sched_setaffinity(0, {client_core})
    with ours(server_core, 2) as target:
        wrong = soak(program, target, minutes)
    for sentence in wrong:
        print(f"  {sentence}", file=sys.stderr)
    print(f"  {minutes} minutes: {'nothing was left' if not wrong else 'not well'}")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())

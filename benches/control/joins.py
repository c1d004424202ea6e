"""Measures joins: `POST /join`, signalling up to the snapshot, and the answer to an offer, against the fake engine.

Usage: `python benches/control/joins.py [--joins N] [--people N] [--json]`. The server runs in a process of its own on one
core (where the system can pin processes), the client on another. First joins come as fast as the server takes them (joins/s);
then at half the target's rate (latencies). A join is done when its answer to the offer is there. Everybody stays until a part's
end, so that what the server grew by is what participants cost in memory (without media: the engine is the fake).
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict
from urllib.parse import urlsplit

import httpx2
import uvloop
from guests import Guests
from start import resident_kb

ROOT = Path(__file__).parents[2]
SDP = "\r\n".join(
    [
        "v=0",
        "o=- 1 2 IN IP4 127.0.0.1",
        "s=-",
        "t=0 0",
        "a=group:BUNDLE 0 1 2",
        "m=audio 9 UDP/TLS/RTP/SAVPF 111",
        "c=IN IP4 0.0.0.0",
        "a=ice-ufrag:ufra",
        "a=ice-pwd:passwordpasswordpassword",
        "a=fingerprint:sha-256 " + ":".join(["AB"] * 32),
        "a=setup:actpass",
        "a=mid:0",
        "a=sendonly",
        "a=rtcp-mux",
        "a=rtpmap:111 opus/48000/2",
        "m=audio 9 UDP/TLS/RTP/SAVPF 111",
        "c=IN IP4 0.0.0.0",
        "a=mid:1",
        "a=recvonly",
        "a=rtcp-mux",
        "a=rtpmap:111 opus/48000/2",
        "m=video 9 UDP/TLS/RTP/SAVPF 96",
        "c=IN IP4 0.0.0.0",
        "a=mid:2",
        "a=recvonly",
        "a=rtcp-mux",
        "a=rtpmap:96 VP8/90000",
        "",
    ]
)
TARGET_JOINS_PER_S = 200
TARGET_P99_MS = 150
READY_SECONDS = 60
# What keeps one address or one member from doing this much.
LIFTED = (
    "WRITES_PER_MEMBER",
    "GUESSES_PER_NUMBER",
    "GUESSES_PER_ADDRESS",
    "GUESSES_PER_NETWORK",
    "OFFERS_PER_TICKET",
)


@dataclass(frozen=True)
class Server:
    """A running server and its owner's token."""

    url: str
    token: str
    pid: int


class Joins(TypedDict):
    """What was found."""

    joins_per_s: float
    server_cpu_ms_per_join: float
    client_cpu_ms_per_join: float
    server_kb_per_person: float
    p50_ms: float
    p95_ms: float
    p99_ms: float
    share_waited: float


def main() -> None:
    """Run the benchmark and print what it found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--joins", type=int, default=1000)
    parser.add_argument("--people", type=int, default=8, help="people per meeting")
    parser.add_argument("--at-once", type=int, default=32)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    pinned = len(cores) > 1
    if pinned:
        os.sched_setaffinity(0, {cores[-1]})
    with tempfile.TemporaryDirectory() as directory, serving(Path(directory), cores[0] if pinned else None) as server:
        found = uvloop.run(measure(server, options.joins, options.people, options.at_once))
    if options.json:
        print(json.dumps(found))
        return
    where = f"server on core {cores[0]}, client on core {cores[-1]}" if pinned else "server and client not pinned"
    print(f"Joins: API, signalling, answer to an offer; fake engine, SQLite, Python {sys.version.split()[0]}; {where}")
    print(
        f"  {options.joins} people in meetings of {options.people}, {options.at_once} at once; load {os.getloadavg()[0]:.1f}"
    )
    print(f"  joins on one core                {found['joins_per_s']:7.0f} /s    target {TARGET_JOINS_PER_S}")
    print(f"  CPU of the server for a join     {found['server_cpu_ms_per_join']:7.2f} ms")
    print(f"  CPU of the client for a join     {found['client_cpu_ms_per_join']:7.2f} ms")
    print(
        f"  memory of the server for a person{found['server_kb_per_person']:7.0f} kB    while they stay, without media"
    )
    print(
        f"  at {TARGET_JOINS_PER_S / 2:.0f} joins/s                   {found['p50_ms']:7.1f} ms median "
        f"{found['p95_ms']:7.1f} ms p95 {found['p99_ms']:7.1f} ms p99   target {TARGET_P99_MS} ms"
    )
    print(
        f"  of that time the server waited   {100 * found['share_waited']:7.1f} %     for its core, which others used"
    )


@contextlib.contextmanager
def serving(
    directory: Path, core: int | None, engine: str = "fake", environment: Mapping[str, str] | None = None
) -> Iterator[Server]:
    """A server on one core, with the limits that would keep one address from joining so often lifted."""
    ready = directory / "ready.json"
    data = directory / "data"
    variables = {
        **os.environ,
        "PYTHONPATH": str(ROOT / "src"),
        "MEETINGHOUSE_MEDIA__ENGINE": engine,
        **{f"MEETINGHOUSE_LIMITS__{name}": "1000000/1s" for name in LIFTED},
        **(environment or {}),
    }
    command = [sys.executable, "-m", "meetinghouse", "serve", "--data", str(data)]
    command += ["--listen", "127.0.0.1:0", "--media", "127.0.0.1:0", "--ready-file", str(ready)]
    process = subprocess.Popen(command, env=variables, stdout=subprocess.DEVNULL)
    try:
        if core is not None:
            os.sched_setaffinity(process.pid, {core})
        until = time.monotonic() + READY_SECONDS
        while not ready.exists():
            if process.poll() is not None or time.monotonic() > until:
                sys.exit("The server did not start.")
            time.sleep(0.02)
        url = json.loads(ready.read_text())["url"]
        token = [sys.executable, "-m", "meetinghouse", "token", "create", "--data", str(data), "--owner", "--json"]
        made = subprocess.run(token, env=variables, check=True, capture_output=True, text=True).stdout
        yield Server(url, json.loads(made)["token"], process.pid)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


async def measure(server: Server, joins: int, people: int, at_once: int) -> Joins:
    """Joins/s at full speed, then milliseconds at half the target."""
    headers = {"Authorization": f"Bearer {server.token}"}
    async with httpx2.AsyncClient(base_url=server.url, headers=headers, trust_env=False) as owner:
        meetings = [await new_meeting(owner) for _ in range(2 * joins // people + 2)]
    url = urlsplit(server.url)
    guests = Guests(str(url.hostname), int(url.port or 80), SDP)
    await guests.fast([meetings.pop()] * people, at_once)
    memory, spent, own, began = (
        resident_kb(server.pid),
        cpu_seconds(server.pid),
        time.process_time(),
        time.perf_counter(),
    )
    await guests.fast([meetings[number // people] for number in range(joins)], at_once)
    took, cpu, own = time.perf_counter() - began, cpu_seconds(server.pid) - spent, time.process_time() - own
    memory = resident_kb(server.pid) - memory
    await guests.leave()
    rest = meetings[joins // people + 1 :]
    paced = [rest[number // people] for number in range(min(joins, people * len(rest)))]
    stolen = waited_seconds(server.pid)
    cuts = statistics.quantiles(await guests.paced(paced, TARGET_JOINS_PER_S / 2), n=100)
    stolen = waited_seconds(server.pid) - stolen
    await guests.leave()
    return Joins(
        joins_per_s=joins / took,
        server_cpu_ms_per_join=cpu * 1000 / joins,
        client_cpu_ms_per_join=own * 1000 / joins,
        server_kb_per_person=memory / joins,
        p50_ms=cuts[49],
        p95_ms=cuts[94],
        p99_ms=cuts[98],
        share_waited=stolen * TARGET_JOINS_PER_S / 2 / len(paced),
    )


async def new_meeting(owner: httpx2.AsyncClient) -> str:
    """The link of a meeting without a lobby."""
    answer = await owner.post("/api/v1/meetings", json={"settings": {"lobby": False}})
    answer.raise_for_status()
    return str(answer.json()["join_url"])


def cpu_seconds(pid: int) -> float:
    """What a process used of its cores so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def waited_seconds(pid: int) -> float:
    """How long a process was ready to run and did not: what others on the machine took from it."""
    return int(Path(f"/proc/{pid}/schedstat").read_text("utf-8").split()[1]) / 1e9


if __name__ == "__main__":
    main()

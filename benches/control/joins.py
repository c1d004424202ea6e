"""Measures joins: `POST /join`, signalling up to the snapshot, and the answer to an offer, against the fake engine.

Usage: `python benches/control/joins.py [--joins N] [--people N] [--json]`. The server runs in a process of its own on one
core (where the system can pin processes), the client on another. First joins come as fast as the server takes them (joins/s);
then at half that rate (latencies). A join is done when its answer to the offer is there.
"""
# ruff: noqa: ANN401 (sockets and JSON)

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
from websockets.asyncio.client import connect

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
READY_SECONDS = 60
# What keeps one address or one member from doing this much.
LIFTED = ("WRITES_PER_MEMBER", "GUESSES_PER_NUMBER", "GUESSES_PER_ADDRESS", "GUESSES_PER_NETWORK")


@dataclass(frozen=True)
class Server:
    """A running server and its owner's token."""

    url: str
    token: str
    pid: int


def main() -> None:
    """Run the benchmark and print what it found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--joins", type=int, default=1000)
    parser.add_argument("--people", type=int, default=8, help="people per meeting")
    parser.add_argument("--at-once", type=int, default=32)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with contextlib.suppress(AttributeError, OSError):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    with tempfile.TemporaryDirectory() as directory, serving(Path(directory)) as server:
        found = asyncio.run(measure(server, options.joins, options.people, options.at_once))
    if options.json:
        print(json.dumps(found))
    else:
        for name, value in found.items():
            print(f"{name:28} {value:10.1f}")


@contextlib.contextmanager
def serving(directory: Path) -> Any:
    """A server on one core, with the limits that would keep one address from joining so often lifted."""
    ready = directory / "ready.json"
    data = directory / "data"
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT / "src"),
        "MEETINGHOUSE_MEDIA__ENGINE": "fake",
        **{f"MEETINGHOUSE_LIMITS__{name}": "1000000/1s" for name in LIFTED},
    }
    command = [sys.executable, "-m", "meetinghouse", "serve", "--data", str(data)]
    command += ["--listen", "127.0.0.1:0", "--media", "127.0.0.1:0", "--ready-file", str(ready)]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    try:
        with contextlib.suppress(AttributeError, OSError):
            os.sched_setaffinity(process.pid, {min(os.sched_getaffinity(process.pid))})
        until = time.monotonic() + READY_SECONDS
        while not ready.exists():
            if process.poll() is not None or time.monotonic() > until:
                sys.exit("The server did not start.")
            time.sleep(0.02)
        url = json.loads(ready.read_text())["url"]
        token = [sys.executable, "-m", "meetinghouse", "token", "create", "--data", str(data), "--owner", "--json"]
        made = subprocess.run(token, env=environment, check=True, capture_output=True, text=True).stdout
        yield Server(url, json.loads(made)["token"], process.pid)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


async def measure(server: Server, joins: int, people: int, at_once: int) -> dict[str, float]:
    """Joins/s at full speed, then milliseconds at half of it."""
    headers = {"Authorization": f"Bearer {server.token}"}
    async with httpx2.AsyncClient(base_url=server.url, headers=headers, trust_env=False) as owner:
        meetings = [await new_meeting(owner) for _ in range(2 * joins // people + 2)]
    # Shorter than the server keeps idle connections, so that none is used in the moment it is closed.
    limits = httpx2.Limits(max_connections=at_once, max_keepalive_connections=at_once, keepalive_expiry=1.0)
    async with httpx2.AsyncClient(base_url=server.url, limits=limits, trust_env=False) as http:
        guests = Guests(http, server.url.replace("http", "ws", 1) + "/signal")
        await guests.join(meetings.pop())
        spent, began = cpu_seconds(server.pid), time.perf_counter()
        await guests.fast([meetings[number // people] for number in range(joins)], at_once)
        took, cpu = time.perf_counter() - began, cpu_seconds(server.pid) - spent
        await guests.leave()
        rate = joins / took / 2
        rest = meetings[joins // people + 1 :]
        latencies = await guests.paced(
            [rest[number // people] for number in range(min(joins, people * len(rest)))], rate
        )
        await guests.leave()
    cuts = statistics.quantiles(latencies, n=100)
    return {
        "joins_per_s": joins / took,
        "server_cpu_ms_per_join": cpu * 1000 / joins,
        "paced_joins_per_s": rate,
        "p50_ms": cuts[49],
        "p95_ms": cuts[94],
        "p99_ms": cuts[98],
    }


async def new_meeting(owner: httpx2.AsyncClient) -> str:
    """The link of a meeting without a lobby."""
    answer = await owner.post("/api/v1/meetings", json={"settings": {"lobby": False}})
    answer.raise_for_status()
    return str(answer.json()["join_url"])


class Guests:
    """People who join and stay."""

    def __init__(self, http: httpx2.AsyncClient, signalling: str) -> None:
        self.http = http
        self.signalling = signalling
        self.sockets: list[Any] = []

    async def join(self, link: str) -> float:
        """One whole join; its milliseconds."""
        began = time.perf_counter()
        answer = await self.http.post("/api/v1/join", json={"meeting": link, "name": "Guest"})
        answer.raise_for_status()
        socket = await connect(self.signalling, subprotocols=["meetinghouse.v1"], compression=None)  # type: ignore[list-item]
        self.sockets.append(socket)
        await socket.send(json.dumps({"type": "hello", "ticket": answer.json()["ticket"]}))
        await heard(socket, "snapshot")
        await socket.send(json.dumps({"type": "offer", "id": 1, "sdp": SDP, "fresh": True}))
        await heard(socket, "answer")
        return (time.perf_counter() - began) * 1000

    async def fast(self, links: list[str], at_once: int) -> None:
        """As fast as it goes, so many at a time."""
        waiting = iter(links)

        async def one_after_another() -> None:
            for link in waiting:
                await self.join(link)

        await asyncio.gather(*(one_after_another() for _ in range(at_once)))

    async def paced(self, links: list[str], rate: float) -> list[float]:
        """At a fixed rate, whether earlier ones are done or not: a slow server is not asked less."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        joining = []
        for number, link in enumerate(links):
            await asyncio.sleep(max(0.0, began + number / rate - loop.time()))
            joining.append(asyncio.create_task(self.join(link)))
        return await asyncio.gather(*joining)

    async def leave(self) -> None:
        """Everybody goes."""
        sockets, self.sockets = self.sockets, []
        await asyncio.gather(*(socket.close() for socket in sockets))


async def heard(socket: Any, kind: str) -> None:
    """Wait for a message."""
    async for text in socket:
        message = json.loads(text)
        if message["type"] == kind:
            return
        if message["type"] == "error":
            sys.exit(f"refused: {message}")
    sys.exit("the server hung up")


def cpu_seconds(pid: int) -> float:
    """What a process used of its cores so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()

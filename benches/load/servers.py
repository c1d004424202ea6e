"""Servers that a load runs against: ours, and MediaMTX as the peer. Each runs in a process of its own, on one core if asked."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx2
from joins import serving

HERE = Path(__file__).resolve().parent
READY_SECONDS = 30
MEDIAMTX = """\
logLevel: error
rtsp: false
rtmp: false
hls: false
srt: false
moq: false
webrtcAddress: 127.0.0.1:{http}
webrtcLocalUDPAddress: 127.0.0.1:{udp}
webrtcIPsFromInterfaces: false
webrtcAdditionalHosts: [127.0.0.1]
paths:
  all_others:
"""


@dataclass(frozen=True)
class Target:
    """A running server: its process, and for each publisher a line of `sfu-load --streams`."""

    name: str
    pid: int
    streams: list[str]


@contextlib.contextmanager
def ours(core: int | None, publishers: int, *, apart: bool = False) -> Iterator[Target]:
    """Our server with its real engine, a meeting in it, or one for each publisher, and a ticket for each of them."""
    with tempfile.TemporaryDirectory() as directory, serving(Path(directory), core, engine="native") as server:
        headers = {"Authorization": f"Bearer {server.token}"}
        with httpx2.Client(base_url=f"{server.url}/api/v1", headers=headers, trust_env=False) as owner:
            streams, meeting = [], ""
            for number in range(publishers):
                if apart or not meeting:
                    meeting = _made(owner.post("/meetings", json={"settings": {"lobby": False}}))["id"]
                asked = {"name": f"Load {number}", "expires_in_seconds": 86400}
                ticket = _made(owner.post(f"/meetings/{meeting}/tickets", json=asked))
                whip, whep = f"{server.url}/whip/{meeting}", f"{server.url}/whep/{meeting}/{ticket['participant_id']}"
                streams.append(f"{whip} {whep} {ticket['ticket']}")
        yield Target("meetinghouse", server.pid, streams)


@contextlib.contextmanager
def mediamtx(core: int | None, publishers: int) -> Iterator[Target]:
    """MediaMTX with WebRTC only, built if it is not there."""
    built = subprocess.run(["bash", str(HERE / "mediamtx.sh")], check=False, stdout=subprocess.PIPE, text=True)
    if built.returncode:
        sys.exit("MediaMTX could not be built. `--without-mediamtx` measures our server alone.")
    http, udp = _free_port(socket.SOCK_STREAM), _free_port(socket.SOCK_DGRAM)
    with tempfile.TemporaryDirectory() as directory:
        config = Path(directory, "mediamtx.yml")
        config.write_text(MEDIAMTX.format(http=http, udp=udp), "utf-8")
        process = subprocess.Popen([built.stdout.strip(), str(config)], cwd=directory, stdout=subprocess.DEVNULL)
        try:
            if core is not None:
                os.sched_setaffinity(process.pid, {core})
            _answering(process, http)
            base = f"http://127.0.0.1:{http}/load"
            yield Target("mediamtx", process.pid, [f"{base}{n}/whip {base}{n}/whep" for n in range(publishers)])
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait()


def _made(answer: httpx2.Response) -> dict[str, str]:
    answer.raise_for_status()
    made: dict[str, str] = answer.json()
    return made


def _free_port(kind: socket.SocketKind) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answering(process: subprocess.Popen[bytes], port: int) -> None:
    until = time.monotonic() + READY_SECONDS
    while time.monotonic() < until and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.02)
    sys.exit("MediaMTX did not start.")

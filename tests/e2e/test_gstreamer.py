"""GStreamer as WHIP publisher and WHEP watcher of a real server: `gstreamer.py`, which knows nothing of us."""
# ruff: noqa: ANN401 (JSON is any value)

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from conftest import StartServer
from meeting_people import WAIT_SECONDS, House, house_of

# The bindings are the system's, and of its Python.
PYTHON = "/usr/bin/python3"
CLIENT = Path(__file__).with_name("gstreamer.py")


def _is_there() -> bool:
    """Whether `tools/browsers.sh` could install it."""
    probe = "import gi; gi.require_version('GstWebRTC', '1.0'); from gi.repository import Gst; Gst.init(None)"
    try:
        return subprocess.run([PYTHON, "-c", probe], check=False, capture_output=True).returncode == 0  # noqa: S603
    except OSError:
        return False


pytestmark = pytest.mark.skipif(not _is_there(), reason="GStreamer is not here: `make browsers` installs it")


@pytest.fixture
async def house(start_server: StartServer) -> AsyncIterator[House]:
    """A server with the real engine."""
    async with start_server(media={"engine": "native"}) as running, house_of(running) as opened:
        yield opened


class Client:
    """One process."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._seen: set[str] = set()

    async def connect(self, house: House, path: str, ticket: str) -> None:
        """The offer by POST, as WHIP and WHEP have it."""
        offer = json.loads(await self._line())["offer"]
        headers = {"authorization": f"Bearer {ticket}", "content-type": "application/sdp"}
        answer = await house.api.http.post(path, content=offer, headers=headers)
        assert answer.status_code == 201, answer.text
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"answer": answer.text}).encode() + b"\n")

    async def until(self, *said: str) -> None:
        """Wait until it has said all of this."""
        while not self._seen >= set(said):
            self._seen.add(await self._line())

    async def _line(self) -> str:
        assert self._process.stdout is not None
        line = await asyncio.wait_for(self._process.stdout.readline(), WAIT_SECONDS)
        assert line, f"it ended, having said {self._seen}"
        return line.decode().strip()


@asynccontextmanager
async def gstreamer(part: str) -> AsyncIterator[Client]:
    """The client as `publish` or `watch`."""
    process = await asyncio.create_subprocess_exec(
        PYTHON, CLIENT, part, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    try:
        yield Client(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def ticket(house: House, meeting: Any) -> tuple[str, str]:
    made = await house.api.call("POST", f"/meetings/{meeting['id']}/tickets", {"name": "GStreamer"}, 201)
    return made["ticket"], made["participant_id"]


async def test_gstreamer_publishes_and_watches(house: House) -> None:
    meeting = await house.api.meeting()
    made, identity = await ticket(house, meeting)
    async with gstreamer("publish") as camera, gstreamer("watch") as viewer:
        await camera.connect(house, f"/whip/{meeting['id']}", made)
        await camera.until("connected")
        await viewer.connect(house, f"/whep/{meeting['id']}/{identity}", made)
        await viewer.until("connected", "red", "loud")

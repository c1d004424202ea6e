"""pion (Go) as WHIP publisher and WHEP watcher of a real server, side by side with aiortc. Skipped where there is no Go."""
# ruff: noqa: ANN401 (JSON is any value)

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import aioice.ice
import av
import pytest

from conftest import StartServer
from meeting_people import WAIT_SECONDS, House, house_of
from standard_clients import Picture, colour_of, connected, publisher, watcher

SOURCE = Path(__file__).parent / "pion"
PICTURES = 30
# Where Go's own installer puts it, which need not be on the path.
GO = shutil.which("go") or shutil.which("go", path="/usr/local/go/bin")

# The first build of pion takes a minute; from then on it is Go's cache that answers.
pytestmark = [
    pytest.mark.skipif(GO is None, reason="there is no Go here: install it to try the pion client"),
    pytest.mark.timeout(600),
]


@pytest.fixture(autouse=True)
def _loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """aioice leaves loopback out, which is all that a machine without a network has."""
    monkeypatch.setattr(aioice.ice, "get_host_addresses", lambda **_: ["127.0.0.1"])


@pytest.fixture(scope="session")
def pion(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The client, built; a module proxy that cannot be reached skips, what does not compile fails."""
    assert GO is not None
    binary = tmp_path_factory.mktemp("pion") / "pion"
    fetched = subprocess.run([GO, "mod", "download"], cwd=SOURCE, check=False, capture_output=True, text=True)  # noqa: S603
    if fetched.returncode:
        pytest.skip(f"pion's modules cannot be had: {fetched.stderr[-300:]}")
    built = subprocess.run([GO, "build", "-o", binary, "."], cwd=SOURCE, check=False, capture_output=True, text=True)  # noqa: S603
    assert not built.returncode, built.stderr
    return binary


@pytest.fixture
async def house(start_server: StartServer) -> AsyncIterator[House]:
    """A server with the real engine."""
    async with start_server(media={"engine": "native"}) as running, house_of(running) as opened:
        yield opened


async def film(path: Path, colour: str) -> Path:
    """A second of VP8 in one colour."""
    with av.open(str(path), "w", format="ivf") as output:
        stream = output.add_stream("libvpx", rate=30, options={"deadline": "realtime"})
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
        picture = await Picture(colour).recv()
        for number in range(PICTURES):
            picture.pts, picture.time_base = number, Fraction(1, 30)
            output.mux(stream.encode(picture))
        output.mux(stream.encode(None))
    return path


@asynccontextmanager
async def running(pion: Path, ticket: str, *arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        pion,
        *arguments,
        env={**os.environ, "TICKET": ticket},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def ended(process: asyncio.subprocess.Process) -> None:
    """Close its input and see that it ends well."""
    assert process.stdin is not None
    assert process.stderr is not None
    process.stdin.close()
    code = await asyncio.wait_for(process.wait(), WAIT_SECONDS)
    assert code == 0, (await process.stderr.read()).decode()


async def ticket(house: House, meeting: Any, name: str) -> tuple[str, str]:
    made = await house.api.call("POST", f"/meetings/{meeting['id']}/tickets", {"name": name}, 201)
    return made["ticket"], made["participant_id"]


async def test_pion_publishes_and_aiortc_watches(house: House, pion: Path, tmp_path: Path) -> None:
    meeting = await house.api.meeting()
    made, identity = await ticket(house, meeting, "pion")
    url = f"{house.running.url}/whip/{meeting['id']}"
    viewer = watcher()
    async with running(pion, made, "publish", url, str(await film(tmp_path / "up.ivf", "red"))) as process:
        assert process.stdout is not None
        async with asyncio.timeout(WAIT_SECONDS):
            while (await process.stdout.readline()).strip() not in {b"connected", b""}:
                pass
        async with connected(viewer):
            await viewer.connect(house.api.http, f"/whep/{meeting['id']}/{identity}", made)
            await viewer.until_sees("red")
            assert process.stdin is not None
            process.stdin.write(b"restart\n")
            async with asyncio.timeout(WAIT_SECONDS):
                while (line := (await process.stdout.readline()).strip()) != b"restarted":
                    assert line, "it ended"
            # By the new credentials alone: the old ones ended with the first check of these.
            for _ in range(2 * PICTURES):
                await viewer.picture()
            await viewer.until_sees("red")
        await ended(process)
    people = await house.api.call("GET", f"/meetings/{meeting['id']}/participants")
    assert people["items"] == [], "it left by DELETE"


async def test_aiortc_publishes_and_pion_watches(house: House, pion: Path, tmp_path: Path) -> None:
    meeting = await house.api.meeting()
    made, identity = await ticket(house, meeting, "Camera")
    camera = publisher("blue", ["VP8", "rtx"])
    down = tmp_path / "down.ivf"
    async with connected(camera):
        await camera.connect(house.api.http, f"/whip/{meeting['id']}", made)
        url = f"{house.running.url}/whep/{meeting['id']}/{identity}"
        async with running(pion, made, "watch", url, str(down), str(PICTURES)) as process:
            await ended(process)
    with av.open(str(down)) as recorded:
        colours = [colour_of(frame) for frame in recorded.decode(video=0)]
    assert colours[-1] == "blue"
    assert len(colours) >= PICTURES // 2

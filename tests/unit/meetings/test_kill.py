"""`kill -9` in the middle of a meeting, and the server's return on the same address."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import httpx2
import pytest

import databases
from meeting_people import Api, House
from meetinghouse.app.server import Running
from meetinghouse.meetings.messages import Snapshot

_ROOT = Path(__file__).parents[3]


@dataclass
class Elsewhere:
    """A server in a process of its own."""

    url: str
    pid: int


@pytest.mark.database
@pytest.mark.timeout(240)
async def test_a_killed_server_forgets_nothing_that_was_announced(tmp_path: Path) -> None:
    async with serving(tmp_path, "127.0.0.1:0") as first:
        token = await owner_token(tmp_path)
        async with people(first, token) as house:
            meeting = await house.api.meeting()
            host = await house.join(meeting, "Ana", "host")
            bo = await house.join(meeting, "Bo")
            for number in range(20):
                await bo.say({"type": "send_chat", "id": 1000 + number, "key": str(number), "text": f"line {number}"})
            await host.until(lambda me: len(me.state.messages) >= 5)
            os.kill(first.pid, signal.SIGKILL)
            await host.gone()
            await bo.gone()
            heard = [line.text for line in host.state.messages]
    async with serving(tmp_path, first.url.removeprefix("http://")) as second, people(second, token) as house:
        back, again = await house.resume(host), await house.resume(bo)
        for person in (back, again):  # the welcome comes first; until the snapshot they know what they knew
            await person.until(lambda me: any(isinstance(message, Snapshot) for message in me.heard))
        kept = [line.text for line in back.state.messages]
        assert kept[: len(heard)] == heard
        assert again.state.messages == back.state.messages
        for number in range(20):
            await again.ask("send_chat", key=str(number), text=f"line {number}")
        await back.until(lambda me: len(me.state.messages) == 20)
        assert [line.text for line in back.state.messages] == [f"line {number}" for number in range(20)]


@asynccontextmanager
async def serving(directory: Path, listen: str) -> AsyncIterator[Elsewhere]:
    ready = directory / "ready.json"
    ready.unlink(missing_ok=True)
    arguments = ["serve", "--data", str(directory / "data"), "--listen", listen, "--media", "127.0.0.1:0"]
    process = await run(directory, *arguments, "--ready-file", str(ready), "--json")
    assert process.stdout is not None
    try:
        assert await process.stdout.readline(), "the server did not start"
        said = json.loads(ready.read_text())
        yield Elsewhere(said["url"], said["pid"])
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def owner_token(directory: Path) -> str:
    process = await run(directory, "token", "create", "--data", str(directory / "data"), "--owner", "--json")
    said, _ = await process.communicate()
    return str(json.loads(said)["token"])


async def run(directory: Path, *arguments: str) -> asyncio.subprocess.Process:
    environment = {
        **os.environ,
        "PYTHONPATH": str(_ROOT / "src"),
        "MEETINGHOUSE_MEDIA__ENGINE": "fake",
        "MEETINGHOUSE_DATABASE__URL": databases.url_for(directory),
    }
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "meetinghouse", *arguments, env=environment, stdout=asyncio.subprocess.PIPE
    )


@asynccontextmanager
async def people(server: Elsewhere, token: str) -> AsyncIterator[House]:
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx2.AsyncClient(base_url=server.url, headers=headers, trust_env=False) as http:
        house = House(cast("Running", server), Api(http, server.url))
        try:
            yield house
        finally:
            await house.close()

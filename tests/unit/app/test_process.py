"""The server as a process: it says where it is, stops on a signal, survives being killed, and logs nothing private."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import databases
from accounts import http_client

pytestmark = pytest.mark.database

SECRETS = [
    "correct pony tower",
    "ana@example.org",
    "bob@example.org",
    "Ana Secretname",
    "mhl_",
    "mht_",
    "127.0.0.1",
    "::1",
]


def _environment(**more: str) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("MEETINGHOUSE_")}
    return {**kept, "PYTHONPATH": os.pathsep.join(sys.path), **more}


async def _start(*arguments: str, **environment: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "meetinghouse",
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=_environment(**environment),
    )


def _serve_options(data: Path, ready: Path, port: int = 0) -> list[str]:
    listen = ["--listen", f"127.0.0.1:{port}", "--media", "127.0.0.1:0"]
    return ["serve", *listen, "--data", str(data), "--ready-file", str(ready), "--json"]


@dataclass(frozen=True)
class Serving:
    """A server process that answers."""

    process: asyncio.subprocess.Process
    ready: dict[str, Any]
    said: dict[str, Any]


@asynccontextmanager
async def _serving(data: Path, *, port: int = 0, environment: dict[str, str] | None = None) -> AsyncIterator[Serving]:
    ready_file = data.parent / "ready.json"
    ready_file.unlink(missing_ok=True)
    database = {"MEETINGHOUSE_DATABASE__URL": databases.url_for(data.parent)}
    environment = {"MEETINGHOUSE_MEDIA__ENGINE": "fake", **database, **(environment or {})}
    process = await _start(*_serve_options(data, ready_file, port), **environment)
    assert process.stdout is not None
    try:
        line = await process.stdout.readline()
        if not line:
            assert process.stderr is not None
            raise AssertionError((await process.stderr.read()).decode())
        yield Serving(process, json.loads(ready_file.read_text()), json.loads(line))
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def test_serve_answers_says_so_and_stops_on_sigterm(tmp_path: Path) -> None:
    async with _serving(tmp_path / "data") as serving:
        assert serving.ready["pid"] == serving.process.pid
        assert serving.ready["media"]
        assert set(serving.ready) == {"url", "pid", "media", "version"}
        assert serving.said["owner_link"].startswith(f"{serving.ready['url']}/enrol#t=")
        async with http_client(base_url=serving.ready["url"]) as http:
            assert (await http.get("/healthz")).status_code == 200
        serving.process.send_signal(signal.SIGTERM)
        assert await serving.process.wait() == 0


async def test_what_was_committed_survives_kill_9(tmp_path: Path) -> None:
    data = tmp_path / "data"
    async with _serving(data) as serving:
        url = serving.ready["url"]
        async with http_client(base_url=url, headers={"origin": url}) as http:
            token = serving.said["owner_link"].partition("#t=")[2]
            ask = {"token": token, "name": "Ana", "email": "ana@example.org", "password": "correct pony tower"}
            assert (await http.post("/api/v1/enrolments", json=ask)).status_code == 200
            cookies = dict(http.cookies)
        serving.process.kill()
        await serving.process.wait()
    async with _serving(data, port=int(url.rpartition(":")[2])) as again:
        assert again.ready["url"] == url
        assert again.said["owner_link"] is None
        async with http_client(base_url=url, cookies=cookies) as http:
            assert (await http.get("/api/v1/me")).json()["name"] == "Ana"


async def test_the_log_holds_no_address_name_or_secret(tmp_path: Path) -> None:
    environment = {"MEETINGHOUSE_TELEMETRY__LOG_LEVEL": "debug", "MEETINGHOUSE_LIMITS__SIGN_INS_PER_ACCOUNT": "1/10m"}
    async with _serving(tmp_path / "data", environment=environment) as serving:
        url = serving.ready["url"]
        secrets = [*SECRETS, *await _use_everything(url, serving.said["owner_link"])]
        serving.process.terminate()
        assert serving.process.stderr is not None
        log = (await serving.process.stderr.read()).decode()
    assert "limit_reached" in log
    assert "request" in log
    for secret in secrets:
        assert secret not in log, f"{secret!r} is in the log"
    assert not re.search(r"\d+\.\d+\.\d+\.\d+", log)


async def _use_everything(url: str, link: str) -> list[str]:
    """Walk through what handles secrets; gives the secrets that this made."""
    async with http_client(base_url=url, headers={"origin": url}) as http:
        token = link.partition("#t=")[2]
        ask = {"token": token, "name": "Ana Secretname", "email": "ana@example.org", "password": "correct pony tower"}
        assert (await http.post("/api/v1/enrolments", json=ask)).status_code == 200
        made = (await http.post("/api/v1/tokens", json={"name": "bot"})).json()["token"]
        invited = (await http.post("/api/v1/members", json={"email": "bob@example.org"})).json()
        meeting = (await http.post("/api/v1/meetings", json={"title": "Secret plans"})).json()
        joined = await http.post("/api/v1/join", json={"meeting": meeting["join_url"], "name": "Guest Secretname"})
        await http.post("/api/v1/join", json={"meeting": meeting["number"], "passcode": "000000", "name": "x"})
        for _ in range(3):
            await http.post("/api/v1/session", json={"email": "ana@example.org", "password": "wrong pony tower"})
        await http.get(f"/j/{meeting['join_url'].rpartition('/')[2].partition('#')[0]}")
        await http.post("/api/v1/session", content="{", headers={"content-type": "application/json"})
        link_id = meeting["join_url"].partition("/j/")[2].partition("#")[0]
        return [
            token,
            made,
            invited["link"],
            str(dict(http.cookies).get("session")),
            joined.json()["ticket"],
            meeting["passcode"],
            link_id,
            "Secret plans",
            "Secretname",
            "wrong pony",
        ]

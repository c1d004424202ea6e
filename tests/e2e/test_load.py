"""The load generator against a real server: what it counts, what it writes and what it draws."""
# ruff: noqa: ANN401 (JSON is any value)

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from conftest import StartServer
from meeting_people import House, house_of

ROOT = Path(__file__).parents[2]
CARGO = shutil.which("cargo")
SECONDS = 2
RATE = 30
# Little enough that nothing is left out for a busy machine's sake.
MODEST = ["--packets-per-second", str(RATE), "--payload", "400", "--audio", "--warm-up", "0.5", "--quiet"]
PANELS = {"delivered, kpps", "lost, %", "transit, ms", "CPU, % of a core"}
SVG = "{http://www.w3.org/2000/svg}"

pytestmark = [
    pytest.mark.skipif(CARGO is None, reason="there is no cargo here to build the load generator"),
    pytest.mark.timeout(600),
]


@pytest.fixture(scope="session")
def program() -> Path:
    """The load generator, built as `make load` does it."""
    assert CARGO is not None
    command = [CARGO, "build", "--release", "--locked", "--quiet", "-p", "sfu-load"]
    subprocess.run(command, cwd=ROOT, check=True)  # noqa: S603
    return ROOT / "target" / "release" / "sfu-load"


@pytest.fixture
async def house(start_server: StartServer) -> AsyncIterator[House]:
    """A server with the real engine."""
    async with start_server(media={"engine": "native"}) as running, house_of(running) as opened:
        yield opened


async def streams(house: House, publishers: int) -> str:
    """A line of `--streams` for each."""
    meeting = await house.api.meeting()
    lines = []
    for number in range(publishers):
        path = f"/meetings/{meeting['id']}/tickets"
        made = await house.api.call("POST", path, {"name": f"Load {number}"}, 201)
        url = house.running.url
        whip, whep = f"{url}/whip/{meeting['id']}", f"{url}/whep/{meeting['id']}/{made['participant_id']}"
        lines.append(f"{whip} {whep} {made['ticket']}")
    return "\n".join(lines)


async def run(program: Path, *arguments: str, streams: str = "") -> tuple[int, str, str]:
    """Its exit code and what it says; `streams` go to its input."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(program, *arguments, stdin=pipe, stdout=pipe, stderr=pipe)
    out, err = await process.communicate(streams.encode())
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


async def measured(program: Path, scenario: str, streams: str, chart: Path, *more: str) -> Any:
    """The result of a short run."""
    wanted = [scenario, *more, *MODEST, "--seconds", str(SECONDS), "--streams", "-", "--json", "-", "--chart"]
    code, out, err = await run(program, *wanted, str(chart), streams=streams)
    assert code == 0, err
    return json.loads(out)


def assert_whole(told: Any, publishers: int, watchers: int) -> None:
    """Everybody came, everything came, and what is told of it fits together."""
    assert (told["publishers"], told["watchers"]) == (publishers, watchers)
    assert (told["joins"], told["joins_failed"], told["first_failure"]) == (watchers, 0, None)
    assert told["srtp"].startswith("AES-")
    assert told["expected"] >= watchers * RATE * SECONDS // 2
    # A machine that is busy with other things may let the program read too late: it says so.
    assert told["lost"] <= told["unread_by_client"]
    assert told["damaged"] == 0
    assert told["delivered"] > told["expected"] - told["lost"], "the sound as well"
    assert told["sent"] >= told["expected"] // watchers
    transit = told["transit_ms"]
    assert 0 < transit["p50"] <= transit["p99"] <= transit["p999"]
    assert transit["samples"] > 0
    steps = [told["join_ms"][step] for step in ("answer", "connected", "first_packet", "first_frame")]
    assert all(0 < step["p50"] <= step["p95"] for step in steps)
    assert [step["p50"] for step in steps] == sorted(step["p50"] for step in steps)
    assert told["server"] is None, "no --pid"
    assert told["client"]["cpu_seconds"] > 0
    seconds = [row["second"] for row in told["rows"]]
    assert seconds == sorted(seconds)
    assert seconds[-1] == pytest.approx(told["seconds"], abs=0.01)
    assert sum(row["kpps"] for row in told["rows"]) > 0


def assert_drawn(chart: Path, title: str) -> None:
    """The picture is well-formed, names every panel, and has its lines inside."""
    svg = ET.parse(chart).getroot()  # noqa: S314 (ours)
    assert svg.tag == f"{SVG}svg"
    _, _, width, height = map(float, svg.attrib["viewBox"].split())
    words = [text.text for text in svg.iter(f"{SVG}text")]
    assert {*PANELS, title} <= set(words)
    lines = [line.attrib["points"] for line in svg.iter(f"{SVG}polyline")]
    assert len(lines) == len(PANELS) + 1, "one each, two of transit, and of CPU the client's"
    for x, y in (map(float, point.split(",")) for line in lines for point in line.split()):
        assert 0 <= x <= width
        assert 0 <= y <= height


async def test_a_webinar_is_counted_and_drawn(program: Path, house: House, tmp_path: Path) -> None:
    chart = tmp_path / "webinar.svg"
    told = await measured(program, "webinar", await streams(house, 1), chart, "--watchers", "6")
    assert_whole(told, publishers=1, watchers=6)
    assert_drawn(chart, "webinar: 1 publish, 6 watch")


async def test_in_a_meeting_everybody_watches_everybody_else(program: Path, house: House, tmp_path: Path) -> None:
    chart = tmp_path / "meeting.svg"
    told = await measured(program, "meeting", await streams(house, 3), chart, "--people", "3", "--simulcast")
    assert_whole(told, publishers=3, watchers=6)
    assert told["rows"][-1]["watchers"] == 6
    assert all(row["picture_kbps"] > 0 for row in told["rows"])
    assert_drawn(chart, "meeting: 3 publish, 6 watch")


async def test_what_is_refused_ends_it_with_what_to_do(program: Path, house: House) -> None:
    (line,) = (await streams(house, 1)).splitlines()
    foreign = line.rsplit(" ", 1)[0] + " nobody's-ticket"
    code, out, err = await run(program, "webinar", "--watchers", "1", "--quiet", "--streams", "-", streams=foreign)
    assert (code, out) == (1, "")
    assert "the ticket may not publish here" in err

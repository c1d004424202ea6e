"""TURN beside HTTPS: coturn's own client, and aiortc that can reach the engine by nothing else."""
# ruff: noqa: ANN401 (JSON is any value)

from __future__ import annotations

import asyncio
import re
import shutil
import socket
import ssl
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import aioice.ice
import pytest

from conftest import StartServer
from meeting_people import WAIT_SECONDS, house_of
from meetinghouse.db.clock import SystemClock
from meetinghouse.media._native import TurnConfig, TurnServer
from meetinghouse.security.certificates import self_signed_files
from standard_clients import connected, publisher, watcher

UCLIENT = shutil.which("turnutils_uclient")
SECRET = "north"
MESSAGES = 20
# More than may be there without credentials.
CROWD = 300
# The head, an address of IPv4, and the fingerprint.
ANSWER_BYTES = 40


class _Echo(asyncio.DatagramProtocol):
    """Sends everything back."""

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self._transport.sendto(data, addr)


def _two_ports() -> tuple[socket.socket, socket.socket]:
    """Two neighbours: coturn's client binds a channel to the port beside the peer's, as for RTCP."""
    while True:
        first = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        first.bind(("127.0.0.1", 0))
        second = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            second.bind(("127.0.0.1", first.getsockname()[1] + 1))
        except (OSError, OverflowError):
            first.close()
            second.close()
        else:
            return first, second


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[str, str]:
    return self_signed_files(tmp_path / "own", "https://localhost", SystemClock().now())


@pytest.fixture
async def echo() -> AsyncIterator[list[tuple[str, int]]]:
    loop = asyncio.get_running_loop()
    opened = [await loop.create_datagram_endpoint(_Echo, sock=one) for one in _two_ports()]
    yield [transport.get_extra_info("sockname") for transport, _ in opened]
    for transport, _ in opened:
        transport.close()


@pytest.fixture
def turn(echo: list[tuple[str, int]], certificate: tuple[str, str]) -> Iterator[TurnServer]:
    """A server that relays to the echo and nowhere else."""
    server = TurnServer(
        TurnConfig(
            listen="127.0.0.1:0",
            plain_listen="127.0.0.1:0",
            certificate=certificate[0],
            key=certificate[1],
            realm="example.org",
            secret=SECRET,
            routes=[(address, address) for address in echo],
        )
    )
    yield server
    server.close()


@pytest.mark.skipif(UCLIENT is None, reason="there is no coturn here: install it to try its client")
@pytest.mark.parametrize("way", ["tls", "plain", "indications"])
async def test_coturns_client_gets_its_datagrams_back(turn: TurnServer, echo: list[tuple[str, int]], way: str) -> None:
    options = {"tls": ["-S"], "plain": [], "indications": ["-s"]}[way]
    port = turn.addresses[0 if way == "tls" else 1][1]
    host, peer_port = echo[0]
    said = await _uclient(*options, "-W", SECRET, "-e", host, "-r", str(peer_port), "-p", str(port))
    # In TLS it takes one message a record only, whatever else came with it.
    assert _received(said) >= (MESSAGES // 2 if way == "tls" else MESSAGES), said


@pytest.mark.skipif(UCLIENT is None, reason="there is no coturn here: install it to try its client")
async def test_coturns_client_is_refused(turn: TurnServer, echo: list[tuple[str, int]]) -> None:
    host, peer_port = echo[0]
    port = str(turn.addresses[1][1])
    wrong = await _uclient("-W", "guessed", "-e", host, "-r", str(peer_port), "-p", port)
    # A server of this machine, but none of the media addresses.
    elsewhere = await _uclient("-W", SECRET, "-e", host, "-r", "22", "-p", port)
    assert "403" in elsewhere
    assert not _received(wrong)
    assert not _received(elsewhere)


async def test_a_crowd_that_says_nothing_keeps_nobody_out(turn: TurnServer) -> None:
    port = turn.addresses[1][1]
    binding = bytes.fromhex("000100002112a442") + b"abcdefghijkl"
    async with asyncio.timeout(WAIT_SECONDS):
        crowd = [await asyncio.open_connection("127.0.0.1", port) for _ in range(CROWD)]
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(binding)
        assert (await reader.readexactly(ANSWER_BYTES))[:2] == b"\x01\x01"
        # Who came first had to make room.
        assert await crowd[0][0].read() == b""
        # Half a message, and what is no message.
        for said in (binding[:10], b"GET / HTTP/1.1\r\n\r\n"):
            crowd[-1][1].write(said)
        assert await crowd[-1][0].read() == b""
        writer.write(binding)
        assert (await reader.readexactly(ANSWER_BYTES))[:2] == b"\x01\x01"
        for _, one in [*crowd, (reader, writer)]:
            one.close()


async def test_who_closes_tls_is_answered_at_once(turn: TurnServer, certificate: tuple[str, str]) -> None:
    context = ssl.create_default_context(cafile=certificate[0])
    _, writer = await asyncio.open_connection("localhost", turn.addresses[0][1], ssl=context)
    writer.close()
    # Without an answer it ends as one who never says a word: after ten seconds.
    async with asyncio.timeout(5):
        await writer.wait_closed()


async def _uclient(*options: str) -> str:
    assert UCLIENT is not None
    arguments = ["-t", "-c", "-u", "ana", "-n", str(MESSAGES), "-m", "1", "-l", "400", *options, "127.0.0.1"]
    process = await asyncio.create_subprocess_exec(
        UCLIENT, *arguments, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    said, _ = await process.communicate()
    return said.decode()


def _received(said: str) -> int:
    return max((int(count) for count in re.findall(r"tot_recv_msgs=(\d+)", said)), default=0)


@pytest.fixture
def _relay_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """A client without a network of its own: it has its relayed address or nothing."""
    monkeypatch.setattr(aioice.ice, "get_host_addresses", lambda **_: [])


@pytest.mark.usefixtures("_relay_only")
async def test_media_pass_on_the_port_of_https(
    start_server: StartServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The web by its address, TURN by its name: only who connects to a name says it.
    sections = {
        "server": {"tls": "self_signed", "listen": "127.0.0.1:0", "shutdown_seconds": 1},
        "media": {"engine": "native", "listen": "127.0.0.1:0", "tcp": False},
        "turn": {"host": "localhost"},
    }
    async with start_server(**sections) as running:
        trusted = tmp_path / "data" / "tls" / "certificate.pem"
        monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
        async with house_of(running, ssl.create_default_context(cafile=trusted)) as house:
            port = running.url.rpartition(":")[2]
            ice = running.services.sessions.ice.of("p_camera", SystemClock().now())
            assert ice is not None
            assert ice.urls == (f"turns:localhost:{port}?transport=tcp",)
            meeting = await house.api.meeting()
            made = await house.api.call("POST", f"/meetings/{meeting['id']}/tickets", {"name": "Camera"}, 201)
            camera, viewer = publisher("blue", turn=ice), watcher(turn=ice)
            async with connected(camera, viewer):
                await camera.connect(house.api.http, f"/whip/{meeting['id']}", made["ticket"])
                assert " typ relay " in camera.pc.localDescription.sdp
                assert " typ host" not in camera.pc.localDescription.sdp
                await viewer.connect(house.api.http, f"/whep/{meeting['id']}/{made['participant_id']}", made["ticket"])
                await viewer.until_sees("blue")
                await viewer.until_hears()
                metrics = await house.api.http.get("/metrics")
                assert "meetinghouse_turn_allocations" in metrics.text


async def test_a_standard_client_is_told_where_turn_is(start_server: StartServer) -> None:
    turn = {
        "host": "turn.example.org",
        "plain_listen": "127.0.0.1:0",
        "urls": ["turns:turn.example.org:443?transport=tcp"],
    }
    async with start_server(media={"engine": "native"}, turn=turn) as running, house_of(running) as house:
        meeting = await house.api.meeting()
        ticket = await house.api.ticket(meeting, "Camera")
        camera = publisher()
        async with connected(camera):
            answer = await house.api.http.post(
                f"/whip/{meeting['id']}",
                content=await camera.offer(),
                headers={"authorization": f"Bearer {ticket}", "content-type": "application/sdp"},
            )
        assert answer.status_code == 201, answer.text
        pattern = (
            r'<turns:turn\.example\.org:443\?transport=tcp>; rel="ice-server"; username="\d+:\w+"; '
            r'credential="[\w+/]+="; credential-type="password"'
        )
        assert re.fullmatch(pattern, answer.headers["link"]), answer.headers["link"]

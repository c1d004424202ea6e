"""One port for HTTPS and TURN: whose a connection is, however its first message comes."""

from __future__ import annotations

import asyncio
import shutil
import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import httpx2
import pytest

from conftest import StartServer
from meetinghouse.app import renewal
from meetinghouse.app.server import Running
from meetinghouse.db.clock import SystemClock
from meetinghouse.security.certificates import self_signed_files

# A Binding request of STUN, which is answered without credentials.
BINDING = bytes.fromhex("000100002112a442") + b"abcdefghijkl"
WAIT_SECONDS = 30


def _trusting() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


@pytest.fixture
async def shared(start_server: StartServer) -> AsyncIterator[Running]:
    server = {"tls": "self_signed", "listen": "127.0.0.1:0", "shutdown_seconds": 1}
    async with start_server(server=server, turn={"host": "turn.example.org"}) as running:
        yield running


def _port(running: Running) -> int:
    return int(running.url.rpartition(":")[2])


async def _ask(running: Running, name: str, protocols: list[str], question: bytes) -> bytes:
    """The first bytes of the answer to who connects by this name."""
    context = _trusting()
    if protocols:
        context.set_alpn_protocols(protocols)
    async with asyncio.timeout(WAIT_SECONDS):
        reader, writer = await asyncio.open_connection("127.0.0.1", _port(running), ssl=context, server_hostname=name)
        writer.write(question)
        answer = await reader.read(100)
        writer.close()
    return answer


@pytest.mark.parametrize(
    ("name", "protocols"),
    [("turn.example.org", []), ("TURN.example.org", []), ("meet.example.org", ["stun.turn"])],
    ids=["name", "name in capitals", "protocol"],
)
async def test_who_asks_for_turn_gets_it(shared: Running, name: str, protocols: list[str]) -> None:
    assert (await _ask(shared, name, protocols, BINDING))[:2] == b"\x01\x01"


@pytest.mark.parametrize("protocols", [[], ["http/1.1"]])
async def test_everybody_else_gets_https(shared: Running, protocols: list[str]) -> None:
    question = b"GET /healthz HTTP/1.1\r\nHost: meet.example.org\r\nConnection: close\r\n\r\n"
    assert (await _ask(shared, "meet.example.org", protocols, question)).startswith(b"HTTP/1.1 200")


async def test_a_first_message_may_come_in_pieces(shared: Running) -> None:
    for name, question, begins in (
        ("turn.example.org", BINDING, b"\x01\x01"),
        ("meet.example.org", b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n", b"HTTP"),
    ):
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = _trusting().wrap_bio(incoming, outgoing, server_hostname=name)
        async with asyncio.timeout(WAIT_SECONDS):
            reader, writer = await asyncio.open_connection("127.0.0.1", _port(shared))
            answer = b""
            asked = False
            while not answer:
                try:
                    if not asked:
                        tls.do_handshake()
                        tls.write(question)
                        asked = True
                    answer = tls.read(100)
                except ssl.SSLWantReadError:
                    pass
                for byte in _bytes(outgoing.read()):
                    writer.write(byte)
                    await writer.drain()
                    await asyncio.sleep(0)
                if not answer:
                    incoming.write(await reader.read(4096))
            writer.close()
        assert answer.startswith(begins)


def _bytes(data: bytes) -> Iterator[bytes]:
    return (data[at : at + 1] for at in range(len(data)))


async def test_what_is_no_tls_is_sent_away_and_others_are_served(shared: Running) -> None:
    for noise in (b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\xff\xff" + b"\x01" * 20_000, b"\x00" * 40):
        async with asyncio.timeout(WAIT_SECONDS):
            reader, writer = await asyncio.open_connection("127.0.0.1", _port(shared))
            writer.write(noise)
            assert b"200 OK" not in await reader.read()
            writer.close()
    async with httpx2.AsyncClient(base_url=shared.url, verify=_trusting(), trust_env=False) as http:
        assert (await http.get("/healthz")).status_code == 200


def _counted(use: Callable[[], None], into: list[str]) -> Callable[[], None]:
    def counted() -> None:
        try:
            use()
        except ssl.SSLError:
            into.append("refused")
            raise
        into.append("used")

    return counted


async def _certificate(running: Running, name: str) -> bytes | None:
    """What the server shows to who asks for this name."""
    async with asyncio.timeout(WAIT_SECONDS):
        _, writer = await asyncio.open_connection("127.0.0.1", _port(running), ssl=_trusting(), server_hostname=name)
        found: bytes | None = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        writer.close()
    return found


async def test_a_renewed_certificate_is_used_without_a_restart(
    start_server: StartServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(renewal, "LOOK_SECONDS", 0.01)
    old, new = (self_signed_files(tmp_path / it, "https://meet.example.org", SystemClock().now()) for it in ("a", "b"))
    server = {"tls": "files", "certificate": old[0], "key": old[1], "listen": "127.0.0.1:0", "shutdown_seconds": 1}
    expected = ssl.PEM_cert_to_DER_cert(Path(new[0]).read_text("utf-8"))  # noqa: ASYNC240 (before the server runs)
    async with start_server(server=server, turn={"host": "turn.example.org"}) as running:
        names = ["meet.example.org", "turn.example.org"]
        for name in names:
            assert await _certificate(running, name) != expected
        for source, target in zip(new, old, strict=True):
            shutil.copyfile(source, target)
        for name in names:
            async with asyncio.timeout(WAIT_SECONDS):
                while await _certificate(running, name) != expected:
                    pass


def test_half_a_renewal_changes_nothing_and_is_tried_again(tmp_path: Path) -> None:
    old, new = (self_signed_files(tmp_path / it, "https://meet.example.org", SystemClock().now()) for it in ("a", "b"))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*old)
    loaded: list[str] = []
    monitored = renewal.https_certificate(old, context)
    monitored._use = _counted(monitored._use, loaded)
    monitored.look()
    assert loaded == []
    shutil.copyfile(new[0], old[0])
    monitored.look()
    assert loaded == ["refused"]
    shutil.copyfile(new[1], old[1])
    monitored.look()
    monitored.look()
    assert loaded == ["refused", "used"]

"""One port for HTTPS and TURN: whose a connection is, however its first message comes."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterator

import httpx2
import pytest

from conftest import StartServer
from meetinghouse.app.server import Running

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

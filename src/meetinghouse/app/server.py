"""Runs the server: one process, one asyncio loop, from the bound socket to the last closed connection.

Errors: `StartError` is for the operator, a sentence and exit 1; anything else is a fault of the program.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import os
import signal
import socket
import ssl
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Generator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import uvicorn
from sqlalchemy.exc import OperationalError

from meetinghouse.app.application import create_app
from meetinghouse.app.config import Config, split_listen
from meetinghouse.app.renewal import Certificate, https_certificate, keep_renewing
from meetinghouse.app.services import Services, StartError, running_services
from meetinghouse.app.turn import certificate_files, shares_port
from meetinghouse.app.version import program_version
from meetinghouse.db.clock import Clock, SystemClock
from meetinghouse.db.migrate import SchemaTooNewError
from meetinghouse.media.turn import Turn
from meetinghouse.security.certificates import self_signed_files
from meetinghouse.telemetry.metrics import STARTED_AT

_BACKLOG = 2048
# Browsers' own addresses in messages to people.
_ANY_HOSTS = frozenset({"0.0.0.0", "::"})  # noqa: S104 (compared, not bound)


@dataclass(frozen=True)
class Running:
    """A server that answers."""

    url: str
    services: Services

    def ready_file(self) -> dict[str, Any]:
        """What the ready file says (interfaces.md)."""
        addresses, by_tcp = self.services.agent.media_addresses, self.services.config.media.tcp
        media = [{"host": host, "udp": port, "tcp": port if by_tcp else None} for host, port in addresses]
        return {"url": self.url, "pid": os.getpid(), "media": media, "version": program_version()}


class _Server(uvicorn.Server):
    """uvicorn on a loop that is not its own: signals are the caller's, and `ready` is called once it accepts.

    Connections come from its sockets, or from TURN on the port that both share.
    """

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None], shared: Turn | None) -> None:
        super().__init__(config)
        self._ready = ready
        self._shared = shared
        self._beginning: set[asyncio.Task[Any]] = set()
        self._ending = asyncio.Event()

    def end(self) -> None:
        """Let `serve` return."""
        self.should_exit = True
        self._ending.set()

    async def main_loop(self) -> None:
        """Tick as uvicorn's own does, ten times a second, and see the end at once."""
        counter = 0
        while not await self.on_tick(counter):
            counter += 1
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._ending.wait(), 0.1)

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Leave signals alone."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to accept."""
        await super().startup(sockets)
        if self._shared is not None:
            self._shared.give_https_to(self._begin)
        self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Accept no more, and let what is under way end."""
        if self._shared is not None:
            self._shared.stop_giving()
        for task in self._beginning:
            task.cancel()
        await super().shutdown(sockets)

    def _begin(self, connection: socket.socket) -> None:
        """Serve a connection that somebody else has accepted."""
        task = asyncio.get_running_loop().create_task(self._serve_on(connection), name="https")
        self._beginning.add(task)
        task.add_done_callback(self._beginning.discard)

    async def _serve_on(self, connection: socket.socket) -> None:
        connection.setblocking(False)  # noqa: FBT003 (the standard library's)
        config = self.config

        def protocol() -> asyncio.Protocol:
            # As uvicorn's own `startup` makes it.
            made: asyncio.Protocol = config.http_protocol_class(  # type: ignore[call-arg]
                config=config, server_state=self.server_state, app_state=self.lifespan.state
            )
            return made

        try:
            await asyncio.get_running_loop().connect_accepted_socket(protocol, connection, ssl=config.ssl)
        except (OSError, asyncio.CancelledError):
            # Its handshake failed, or the server ends.
            connection.close()


async def serve(config: Config, announce: Callable[[Running], Awaitable[None]]) -> None:
    """Serve until SIGTERM or SIGINT; `announce` is called once the server answers."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with running_server(config) as running:
        await announce(running)
        await stop.wait()


@contextlib.asynccontextmanager
async def running_server(config: Config, clock: Clock | None = None) -> AsyncIterator[Running]:
    """A server that answers for as long as the block runs.

    Raises:
        StartError: the port is taken, the data directory cannot be written, …

    """
    async with contextlib.AsyncExitStack() as stack:
        stack.enter_context(held_directory(config.data_directory))
        listener = stack.enter_context(_bind(config.server.listen))
        clock = clock or SystemClock()
        tls = _tls(config, clock.now())
        url = _url(config, listener)
        try:
            services = await stack.enter_async_context(running_services(config, url, listener, tls, clock))
        except (OSError, ValueError, SchemaTooNewError, OperationalError) as error:
            raise StartError(str(error)) from error
        ready = asyncio.Event()
        shared = services.turn if shares_port(config) else None
        server = _Server(_uvicorn_config(config, services, tls), ready.set, shared)
        # On a shared port TURN takes the connections, and gives those of HTTPS back.
        task = asyncio.create_task(server.serve([] if shared else [listener]), name="http")
        stack.push_async_callback(_stop, server, task)
        await _first(ready, task)
        renewing = asyncio.create_task(keep_renewing(_certificates(config, services, server, tls)), name="certificates")
        stack.callback(renewing.cancel)
        STARTED_AT.set_to_current_time()
        yield Running(url, services)


def write_ready_file(path: Path, content: dict[str, Any]) -> None:
    """Write `path` so that a reader sees nothing or all of it."""
    with tempfile.NamedTemporaryFile("w", dir=path.parent, prefix=f".{path.name}", delete=False) as file:
        json.dump(content, file)
    Path(file.name).chmod(0o644)
    Path(file.name).replace(path)


async def _first(ready: asyncio.Event, task: asyncio.Task[None]) -> None:
    waiting = asyncio.create_task(ready.wait())
    await asyncio.wait({waiting, task}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    if task.done():
        task.result()


async def _stop(server: _Server, task: asyncio.Task[None]) -> None:
    server.end()
    await task


@contextlib.contextmanager
def held_directory(directory: Path) -> Generator[None, None, None]:
    """Make the directory, see that it can be written, and hold it: two servers on one would lose each other's state."""
    lock_path = directory / "lock"
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = lock_path.open("w")
    except OSError as error:
        message = (
            f"The data directory {directory} cannot be written ({error.strerror}): give another one with --data, or make it "
            "writable for this user."
        )
        raise StartError(message) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            message = (
                f"Another server already uses the data directory {directory}: stop it, or give another one with --data."
            )
            raise StartError(message) from error
        yield


def _bind(listen: str) -> socket.socket:
    host, port = split_listen(listen)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except OSError as error:
        message = f"Cannot listen on {listen} ({error.strerror}): stop what uses it, or give another one with --listen."
        raise StartError(message) from error
    # Connections inherit it. An answer goes out as head and body: without it the body waits until the other side has
    # acknowledged the head, for 40 ms (RFC 896, RFC 1122 §4.2.3.2). The loop sets it only for sockets of its own making.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def _tls(config: Config, now: datetime) -> tuple[str, str] | None:
    server = config.server
    if server.tls == "off":
        return None
    files = (
        (server.certificate, server.key)
        if server.tls == "files"
        else self_signed_files(config.data_directory / "tls", server.public_url, now, config.turn.host)
    )
    try:
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(*files)
    except (OSError, ssl.SSLError) as error:
        message = f"The certificate {files[0]} with the key {files[1]} cannot be used: {error}."
        raise StartError(message) from error
    return files


def _certificates(
    config: Config, services: Services, server: _Server, tls: tuple[str, str] | None
) -> list[Certificate]:
    """All that may change while it runs."""
    found = []
    if tls is not None and server.config.ssl is not None:
        found.append(https_certificate(tls, server.config.ssl))
    if services.turn is not None and (files := certificate_files(config, tls)):
        found.append(Certificate(*files, services.turn.renew))
    return found


def _url(config: Config, listener: socket.socket) -> str:
    if config.server.public_url:
        return config.server.public_url.rstrip("/")
    host, _ = split_listen(config.server.listen)
    port = listener.getsockname()[1]
    scheme = "http" if config.server.tls == "off" else "https"
    if host in _ANY_HOSTS:
        host = "localhost"
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


def _uvicorn_config(config: Config, services: Services, tls: tuple[str, str] | None) -> uvicorn.Config:
    certificate, key = tls or (None, None)
    return uvicorn.Config(
        create_app(services),
        http="httptools",
        ws="websockets-sansio",
        # What is somewhat too large is answered with an error; only beyond this the connection is closed (RFC 6455, 1009).
        ws_max_size=4 * config.limits.signalling_message_bytes,
        # A megabyte of zeros arrives as a kilobyte: compression is an attack on memory before it is a saving.
        ws_per_message_deflate=False,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(config.server.trusted_proxies),
        forwarded_allow_ips=list(config.server.trusted_proxies),
        timeout_graceful_shutdown=config.server.shutdown_seconds,
        ssl_certfile=certificate,
        ssl_keyfile=key,
    )

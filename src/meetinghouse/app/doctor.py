"""Looks for what keeps a server from starting or people from meeting, and says what to do. It changes and contacts nothing."""

from __future__ import annotations

import asyncio
import ctypes
import ipaddress
import os
import shutil
import socket
import sqlite3
import ssl
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import httpx2
from cryptography import x509
from msgspec import Struct

from meetinghouse.app.announce import noted_url
from meetinghouse.app.config import Config, split_listen
from meetinghouse.db import postgresql
from meetinghouse.db.clock import SystemClock
from meetinghouse.media.engine import default_workers
from meetinghouse.security.certificates import local_addresses

_FREE_BYTES_NEEDED = 1 << 30
_CERTIFICATE_WARNING = timedelta(days=14)
_TIMEX_BYTES = 512
_CLOCK_UNSYNCHRONISED = 5  # TIME_ERROR of adjtimex(2)
_TIMEOUT_SECONDS = 2
# The oldest that its makers still mend.
_POSTGRESQL_NEEDED = 14


class Finding(Struct, frozen=True):
    """One look; `remedy` says what to do where it is not fine."""

    check: str
    status: Literal["ok", "warning", "failed"]
    detail: str
    remedy: str = ""


def examine(config: Config) -> list[Finding]:
    """Every look, in the order in which trouble is worth solving."""
    running = _answers(noted_url(config.data_directory))
    return [
        _data(config.data_directory),
        _disk(config.data_directory),
        _database(config),
        _web_port(config, running=running),
        _media_port(config, running=running),
        _nat(config),
        *_certificate(config),
        _time(config.data_directory),
    ]


def _data(directory: Path) -> Finding:
    place = next(path for path in (directory, *directory.resolve().parents) if path.exists())
    if not os.access(place, os.W_OK | os.X_OK):
        return Finding(
            "data", "failed", f"{place} cannot be written.", "Give another directory with --data, or its rights."
        )
    secret = directory / "secret.key"
    if secret.exists() and secret.stat().st_mode & 0o077:
        return Finding("data", "failed", f"{secret} can be read by others.", f"chmod 600 {secret}")
    return Finding("data", "ok", f"{directory} can be written.")


def _disk(directory: Path) -> Finding:
    place = next(path for path in (directory, *directory.resolve().parents) if path.exists())
    free = shutil.disk_usage(place).free
    if free < _FREE_BYTES_NEEDED:
        return Finding(
            "disk", "warning", f"{free >> 20} MiB are free at {place}.", "Free some, or move the data directory."
        )
    return Finding("disk", "ok", f"{free >> 30} GiB are free at {place}.")


def _database(config: Config) -> Finding:
    if config.database_url.startswith(postgresql.SCHEME):
        return _postgresql(config.database_url)
    path = Path(config.database_url.partition(":///")[2])
    if not path.exists():
        return Finding("database", "ok", "Not made yet; the first start makes it.")
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            result = connection.execute("PRAGMA quick_check").fetchone()[0]
    except sqlite3.Error as error:
        return Finding("database", "failed", f"{path} cannot be read: {error}.", "Restore it from a backup.")
    if result != "ok":
        return Finding("database", "failed", f"{path} is damaged: {result}.", "Restore it from a backup.")
    return Finding("database", "ok", f"{path} is sound.")


def _postgresql(url: str) -> Finding:
    with ThreadPoolExecutor(1) as aside:  # whoever asks may have an event loop of their own
        try:
            server = aside.submit(asyncio.run, postgresql.describe(url)).result()
        except postgresql.DatabaseUnreachableError as error:
            return Finding("database", "failed", str(error), "Start PostgreSQL, or correct database.url.")
    if server.version < _POSTGRESQL_NEEDED:
        detail = f"PostgreSQL {server.version} is older than this program needs."
        return Finding("database", "failed", detail, f"Upgrade it to {_POSTGRESQL_NEEDED} or later.")
    if server.encoding != "UTF8":
        detail = f"The database is encoded as {server.encoding}, which holds no Chinese names."
        return Finding("database", "failed", detail, "Make one with CREATE DATABASE … ENCODING 'UTF8'.")
    if server.is_unbound:
        detail = "The role of database.url is a superuser or has BYPASSRLS: the database does not keep tenants apart."
        return Finding("database", "failed", detail, "Give the server a role without either.")
    if server.is_owner:
        detail = (
            f"PostgreSQL {server.version} answers; the server's role owns the tables, and could lift their policies."
        )
        remedy = "Give the server a role that only works on them, and that of the owner in database.owner_url."
        return Finding("database", "warning", detail, remedy)
    return Finding("database", "ok", f"PostgreSQL {server.version} answers.")


def _web_port(config: Config, *, running: bool) -> Finding:
    if running:
        return Finding("web port", "ok", f"The server answers at {noted_url(config.data_directory)}.")
    return _port("web port", config.server.listen, socket.SOCK_STREAM, "--listen or server.listen")


def _media_port(config: Config, *, running: bool) -> Finding:
    if running:
        return Finding("media port", "ok", "The running server has it.")
    kinds = [socket.SOCK_DGRAM, socket.SOCK_STREAM] if config.media.tcp else [socket.SOCK_DGRAM]
    found = [
        _port("media port", listen, kind, "--media or media.listen, or fewer workers with media.workers")
        for listen in _media_listens(config)
        for kind in kinds
    ]
    return next((finding for finding in found if finding.status != "ok"), found[0])


def _media_listens(config: Config) -> list[str]:
    """Where the workers listen: one port after the other, or any."""
    host, first = split_listen(config.media.listen)
    workers = config.media.workers or default_workers()
    name = f"[{host}]" if ":" in host else host
    return [f"{name}:{port}" for port in range(first, first + workers)] if first else [config.media.listen]


def _port(check: str, listen: str, kind: socket.SocketKind, option: str) -> Finding:
    host, port = split_listen(listen)
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=kind)[0]
        with socket.socket(family, kind) as asking:
            if kind is socket.SOCK_STREAM:
                asking.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            asking.bind(address)
    except OSError as error:
        return Finding(
            check, "failed", f"{listen}: {error.strerror}.", f"Stop what uses it, or choose another with {option}."
        )
    return Finding(check, "ok", f"{listen} is free.")


def _nat(config: Config) -> Finding:
    if config.media.advertise:
        return Finding("NAT", "ok", f"Clients are told {', '.join(config.media.advertise)}.")
    host, _ = split_listen(config.media.listen)
    addresses = local_addresses() if host in {"0.0.0.0", "::"} else [host]  # noqa: S104 (compared, not bound)
    public = [address for address in addresses if _is_public(address)]
    name = urlsplit(config.server.public_url).hostname
    if name and not public:
        detail = "People come from elsewhere, but this machine has private addresses only."
        return Finding(
            "NAT",
            "warning",
            detail,
            "Write the address that they reach into media.advertise, and forward its ports, UDP and TCP.",
        )
    return Finding("NAT", "ok", f"Clients are told {', '.join(addresses) or 'this machine only'}.")


def _certificate(config: Config) -> Iterator[Finding]:
    server = config.server
    if server.tls == "off" and not server.public_url and not _is_local(split_listen(server.listen)[0]):
        detail = "Others reach this server without TLS, so that their browsers give no camera."
        yield Finding(
            "certificate", "warning", detail, 'Write tls = "self_signed" or "files" below [server], or use a proxy.'
        )
    if server.tls != "files":
        return
    try:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(server.certificate, server.key)
        certificate = x509.load_pem_x509_certificate(Path(server.certificate).read_bytes())
    except (OSError, ssl.SSLError, ValueError) as error:
        yield Finding(
            "certificate", "failed", f"Cannot be used: {error}.", "Give a certificate and its own key, both PEM."
        )
        return
    left = certificate.not_valid_after_utc - SystemClock().now()
    if left < timedelta(0):
        yield Finding("certificate", "failed", "It has expired.", "Renew it.")
    elif left < _CERTIFICATE_WARNING:
        yield Finding("certificate", "warning", f"It expires in {left.days} days.", "Renew it.")
    else:
        yield Finding("certificate", "ok", f"Good for {left.days} days.")


def _time(directory: Path) -> Finding:
    """Tickets expire by the clock: one that is wrong locks everybody out."""
    now = SystemClock().now()
    newest = max((datetime.fromtimestamp(path.stat().st_mtime, UTC) for path in _files(directory)), default=now)
    if newest > now + timedelta(minutes=5):
        return Finding("time", "failed", "The clock is behind the newest data.", "Set the clock, and keep it by NTP.")
    if _clock_state() == _CLOCK_UNSYNCHRONISED:
        return Finding(
            "time", "warning", "The kernel's clock is not synchronised.", "Run an NTP service such as chrony."
        )
    return Finding("time", "ok", f"{now:%Y-%m-%d %H:%M:%S} UTC.")


def _files(directory: Path) -> list[Path]:
    return [path for path in directory.glob("*") if path.is_file()] if directory.is_dir() else []


def _clock_state() -> int:
    """What adjtimex(2) says of the clock; asking changes nothing (modes 0)."""
    try:
        adjtimex: Callable[[ctypes.Array[ctypes.c_char]], int] = ctypes.CDLL(None).adjtimex
    except (OSError, AttributeError):
        return 0
    return adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES))


def _answers(url: str) -> bool:
    try:
        # Our own server on this machine; a self-made certificate is fine here, nothing secret is sent.
        return httpx2.get(f"{url}/healthz", timeout=_TIMEOUT_SECONDS, verify=False, trust_env=False).is_success
    except httpx2.HTTPError:
        return False


def _is_public(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_global
    except ValueError:
        return True


def _is_local(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"

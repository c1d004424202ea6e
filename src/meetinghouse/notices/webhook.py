"""Signed webhooks, as the Standard Webhooks specification (1.0.0) writes them.

    webhook-id: the notice's id, the same at each try
    webhook-timestamp: seconds since 1970, of this try
    webhook-signature: v1,<base64 of HMAC-SHA-256 over "id.timestamp.body">

A receiver that knows its secret checks the signature and that the time is not long ago, and takes each id once.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import secrets
import socket
from collections.abc import Sequence
from datetime import datetime
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

import httpx2

from meetinghouse.security.refusal import Refusal

_SECRET_BYTES = 32
_SECRET_PREFIX = "whsec_"  # noqa: S105 (what a secret begins with)
_MOST_URL = 2000
_HTTPS_PORT = 443


class UndeliveredError(Exception):
    """A receiver did not take a notice; the text is for its owner."""


def new_secret() -> str:
    """A secret for a receiver, as the specification writes it."""
    return _SECRET_PREFIX + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def signature(secret: str, notice_id: str, timestamp: int, body: str) -> str:
    """What proves that a notice is ours, and when it was sent."""
    key = base64.b64decode(secret.removeprefix(_SECRET_PREFIX))
    signed = f"{notice_id}.{timestamp}.{body}".encode()
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def check_url(url: str, networks: Sequence[str]) -> str:
    """Whether a webhook may go there, as far as its text says; plain HTTP goes to the operator's own networks alone.

    Raises:
        Refusal: 422 `invalid_url`.

    """
    wanted = "write for example https://accounts.example.org/statements"
    try:
        parts = urlsplit(url)
        is_written_well = bool(parts.hostname) and (parts.port or _HTTPS_PORT) > 0
    except ValueError:
        is_written_well = False
    if not is_written_well or len(url) > _MOST_URL or not url.isascii() or not url.isprintable() or " " in url:
        raise Refusal(422, "invalid_url", f"That is not a URL: {wanted}.")
    if parts.scheme not in {"http", "https"} or parts.username is not None or parts.fragment:
        raise Refusal(422, "invalid_url", f"That is no URL of a web server without a name or a fragment: {wanted}.")
    if parts.scheme == "http" and not networks:
        raise Refusal(422, "invalid_url", f"Webhooks go by HTTPS alone: {wanted}.")
    return url


async def send(
    url: str,
    secret: str,
    notice_id: str,
    body: str,
    *,
    now: datetime,
    networks: Sequence[str],
    timeout: float,  # noqa: ASYNC109
) -> None:
    """Deliver one notice.

    Raises:
        UndeliveredError: it was not taken.

    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    try:
        address = await _address(host, parts.port or (_HTTPS_PORT if parts.scheme == "https" else 80), networks)
    except OSError:
        raise UndeliveredError(f"The name {host} is not known.") from None
    if parts.scheme == "http" and not _is_own(address, networks):
        raise UndeliveredError("Webhooks go by HTTPS alone.")
    timestamp = int(now.timestamp())
    headers = {
        "host": parts.netloc,
        "content-type": "application/json",
        "user-agent": "webhooks",
        "webhook-id": notice_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signature(secret, notice_id, timestamp, body),
    }
    # To the very address that was looked at: a name may mean another one a moment later.
    shown = f"[{address}]" if address.version == 6 else str(address)  # noqa: PLR2004 (IPv6)
    target = parts._replace(netloc=shown if parts.port is None else f"{shown}:{parts.port}").geturl()
    try:
        async with httpx2.AsyncClient(timeout=timeout, trust_env=False, follow_redirects=False) as http:
            request = http.build_request(
                "POST", target, content=body.encode(), headers=headers, extensions={"sni_hostname": host}
            )
            async with asyncio.timeout(timeout):
                answer = await http.send(request, stream=True)
                await answer.aclose()
    except (httpx2.HTTPError, TimeoutError, OSError) as error:
        raise UndeliveredError(f"{host} did not answer ({type(error).__name__}).") from None
    if not answer.is_success:
        raise UndeliveredError(f"{host} answered {answer.status_code}.")


async def _address(host: str, port: int, networks: Sequence[str]) -> IPv4Address | IPv6Address:
    """An address of a receiver that may be asked."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [ip_address(str(where[0]).partition("%")[0]) for *_, where in found]
    for address in addresses:
        if _is_own(address, networks) or (address.is_global and not address.is_multicast):
            return address
    raise UndeliveredError(f"{host} is at no public address: let its operator add the network to notices.networks.")


def _is_own(address: IPv4Address | IPv6Address, networks: Sequence[str]) -> bool:
    return any(address in ip_network(network, strict=False) for network in networks)

"""Requests to servers that somebody else named: webhooks, identity providers.

Whoever may name one could otherwise make this server ask what only it can reach. So the name is looked up first, only public
addresses and the networks that the operator allows are asked, and the request goes to the very address that was looked at: a
name may mean another one a moment later. Redirects are not followed, answers are read up to a bound.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

import httpx2

from meetinghouse.security.refusal import Refusal

_MOST_URL = 2000
_HTTPS_PORT = 443
_HTTP_PORT = 80


class OutboundError(Exception):
    """A server was not asked, or did not answer; the text is for who named it."""


@dataclass(frozen=True)
class Answer:
    """What a server said."""

    status: int
    body: bytes

    @property
    def is_success(self) -> bool:
        """Whether it did what it was asked."""
        return httpx2.codes.is_success(self.status)


def check_url(url: str, networks: Sequence[str], example: str) -> str:
    """Whether a server may be named so, as far as the text says; plain HTTP goes to the operator's own networks alone.

    Raises:
        Refusal: 422 `invalid_url`.

    """
    wanted = f"write for example {example}"
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
        raise Refusal(422, "invalid_url", f"Requests go by HTTPS alone: {wanted}.")
    return url


async def ask(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str],
    content: bytes = b"",
    networks: Sequence[str],
    networks_key: str,
    timeout: float,  # noqa: ASYNC109
    most_bytes: int = 0,
) -> Answer:
    """Ask, and read up to `most_bytes` of the answer. `networks_key` is the operator's key that allows further networks.

    Raises:
        OutboundError: nobody answered, it may not be asked, or it said too much.

    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    is_plain = parts.scheme == "http"
    try:
        async with asyncio.timeout(timeout):
            address = await _address(
                host, parts.port or (_HTTP_PORT if is_plain else _HTTPS_PORT), networks, networks_key
            )
            if is_plain and not _is_own(address, networks):
                raise OutboundError("Requests go by HTTPS alone.")
            shown = f"[{address}]" if address.version == 6 else str(address)  # noqa: PLR2004 (IPv6)
            target = parts._replace(netloc=shown if parts.port is None else f"{shown}:{parts.port}").geturl()
            async with httpx2.AsyncClient(timeout=timeout, trust_env=False, follow_redirects=False) as http:
                request = http.build_request(
                    method,
                    target,
                    content=content,
                    headers={"host": parts.netloc, **headers},
                    extensions={"sni_hostname": host},
                )
                answer = await http.send(request, stream=True)
                try:
                    return Answer(answer.status_code, await _body(answer, host, most_bytes))
                finally:
                    await answer.aclose()
    except (httpx2.HTTPError, TimeoutError, OSError) as error:
        raise OutboundError(f"{host} did not answer ({type(error).__name__}).") from None


async def _body(answer: httpx2.Response, host: str, most_bytes: int) -> bytes:
    body = b""
    if most_bytes:
        async for piece in answer.aiter_bytes():
            body += piece
            if len(body) > most_bytes:
                raise OutboundError(f"{host} answered more than {most_bytes} bytes.")
    return body


async def _address(host: str, port: int, networks: Sequence[str], networks_key: str) -> IPv4Address | IPv6Address:
    """An address of a server that may be asked."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise OutboundError(f"The name {host} is not known.") from None
    addresses = [ip_address(str(where[0]).partition("%")[0]) for *_, where in found]
    for address in addresses:
        if _is_own(address, networks) or (address.is_global and not address.is_multicast):
            return address
    raise OutboundError(f"{host} is at no public address: let its operator add the network to {networks_key}.")


def _is_own(address: IPv4Address | IPv6Address, networks: Sequence[str]) -> bool:
    return any(address in ip_network(network, strict=False) for network in networks)

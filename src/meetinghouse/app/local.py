"""How people in the same room reach this server: addresses on the local network, and a QR code to scan."""

from __future__ import annotations

import io
import ipaddress
from urllib.parse import urlsplit

from meetinghouse.security.certificates import local_addresses


def lan_urls(public_url: str, listen_address: str) -> list[str]:
    """URLs that others on the local network can open; none when only this machine is listened to.

    A public URL that is not this machine's own name is how everybody reaches the server, the room included.
    """
    parts = urlsplit(public_url)
    if not _is_loopback(parts.hostname or ""):
        return [public_url]
    if _is_loopback(listen_address):
        return []
    addresses = local_addresses() if ipaddress.ip_address(listen_address).is_unspecified else [listen_address]
    return [f"{parts.scheme}://{_bracketed(address)}:{parts.port}" for address in addresses]


def qr_url(urls: list[str]) -> str | None:
    """Where the QR code of the first address is, if there is one."""
    return "/api/v1/local/qr.svg" if urls else None


def qr_svg(url: str) -> bytes:
    """The code as an SVG that takes the colour of its surroundings' text."""
    import segno  # noqa: PLC0415 (most servers draw none)

    drawn = io.BytesIO()
    segno.make(url, error="m").save(drawn, kind="svg", xmldecl=False, svgns=True, border=2, omitsize=True)
    return drawn.getvalue()


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _bracketed(address: str) -> str:
    return f"[{address}]" if ":" in address else address

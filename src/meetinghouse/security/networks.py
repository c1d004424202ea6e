"""Addresses as limits see them."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

# One customer of an access provider gets an IPv6 /64 at least and a /48 at most; an IPv4 /24 is the smallest routed block.
_V6_ADDRESS, _V6_NETWORK, _V4_NETWORK = 64, 48, 24


def limited_address(address: str) -> str:
    """What one caller can hardly change at will: the IPv4 address, or the IPv6 /64."""
    parsed = _parse(address)
    if isinstance(parsed, IPv6Address):
        return str(ip_network((parsed, _V6_ADDRESS), strict=False))
    return str(parsed or address)


def limited_network(address: str) -> str:
    """The neighbourhood that one attacker may own: the IPv4 /24, or the IPv6 /48."""
    parsed = _parse(address)
    if parsed is None:
        return address
    bits = _V6_NETWORK if isinstance(parsed, IPv6Address) else _V4_NETWORK
    return str(ip_network((parsed, bits), strict=False))


def is_within(address: str, networks: tuple[str, ...]) -> bool:
    """Whether `address` lies in one of `networks` (CIDR)."""
    parsed = _parse(address)
    return parsed is not None and any(parsed in ip_network(network, strict=False) for network in networks)


def _parse(address: str) -> IPv4Address | IPv6Address | None:
    try:
        parsed = ip_address(address.split("%", 1)[0])
    except ValueError:
        return None
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped:
        return parsed.ipv4_mapped
    return parsed

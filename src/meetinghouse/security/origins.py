"""Which web pages may act on somebody's behalf: only our own (RFC 6454 origins)."""

from __future__ import annotations

from urllib.parse import urlsplit

_DEFAULT_PORTS = {"http": 80, "https": 443}


def is_own_origin(origin: str, *, host: str, scheme: str, public_url: str) -> bool:
    """Whether a page of `origin` was served by us.

    It was if its origin is the public URL's, or the very scheme and host that the request came to: a page that another
    site serves under a name of its own has another `Host`, and no cookie of ours.
    """
    asked = _origin(origin)
    return asked is not None and asked in {_origin(public_url), _origin(f"{scheme}://{host}")}


def _origin(url: str) -> tuple[str, str, int] | None:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname:
        return None
    return parts.scheme, parts.hostname, port or _DEFAULT_PORTS[parts.scheme]

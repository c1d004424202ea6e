"""What lets people find a meeting: its link, its spoken number, its passcode."""

from __future__ import annotations

import re
import secrets
from urllib.parse import parse_qs, urlsplit

from msgspec import Struct

# 128 bits: nobody finds a meeting by guessing links.
_LINK_BYTES = 16
_LINK_ID = re.compile(r"[A-Za-z0-9_-]{22}")
_NUMBER = re.compile(r"[0-9]{9,11}")
_NUMBER_DIGITS = 10
_PASSCODE_DIGITS = 6
_PASSCODE = re.compile(r"[0-9]{6,10}")
# What people write between the groups of a number, as mail and chat programs reproduce it.
_SEPARATORS = dict.fromkeys(map(ord, " \t\u00a0\u2009\u202f\u3000-\u2010\u2011\u2012\u2013.·"))
_ASKED_CHARACTERS = 2048


class Asked(Struct, frozen=True):
    """What somebody typed to find a meeting: a link id or a number (neither: nonsense), and the passcode of a full link."""

    link_id: str | None = None
    number: str | None = None
    passcode: str | None = None


def new_link_id() -> str:
    """22 base64url characters of 128 random bits."""
    return secrets.token_urlsafe(_LINK_BYTES)


def new_number() -> str:
    """A number to be spoken: ten digits, the first not 0."""
    return str(secrets.randbelow(9 * 10 ** (_NUMBER_DIGITS - 1)) + 10 ** (_NUMBER_DIGITS - 1))


def new_passcode() -> str:
    """Six random digits."""
    return f"{secrets.randbelow(10**_PASSCODE_DIGITS):0{_PASSCODE_DIGITS}d}"


def is_passcode(text: str) -> bool:
    """Whether a host may choose this passcode."""
    return _PASSCODE.fullmatch(text) is not None


def join_url(public_url: str, link_id: str, passcode: str | None) -> str:
    """The full link. The passcode is in the fragment, which browsers send to no server and in no Referer."""
    return f"{public_url}/j/{link_id}" + (f"#p={passcode}" if passcode else "")


def read_asked(text: str) -> Asked:
    """Understand a number as people write it, a link id, or a full link of whatever host name this service has."""
    text = text.strip()[:_ASKED_CHARACTERS]
    if "/j/" in text:
        return _read_link(text)
    if _LINK_ID.fullmatch(text):
        return Asked(link_id=text)
    digits = text.translate(_SEPARATORS)
    return Asked(number=digits) if _NUMBER.fullmatch(digits) else Asked()


def spoken(number: str) -> str:
    """The number in groups, as one says it: 123 456 7890."""
    return f"{number[:3]} {number[3:6]} {number[6:]}"


def _read_link(text: str) -> Asked:
    try:
        parts = urlsplit(text)
    except ValueError:
        return Asked()
    link_id = parts.path.rpartition("/j/")[2].rstrip("/")
    if not _LINK_ID.fullmatch(link_id):
        return Asked()
    passcode = parse_qs(parts.fragment).get("p", [None])[0]
    return Asked(link_id=link_id, passcode=passcode)

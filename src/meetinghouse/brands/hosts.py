"""Host names of brands: how they are written, and whose they could be taken for."""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from collections.abc import Iterable

import idna

from meetinghouse.security.lookalikes import skeleton
from meetinghouse.security.refusal import Refusal

_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")
_LONGEST = 253
# Cyrillic and Greek letters that are drawn like Latin ones.
_DRAWN_ALIKE = str.maketrans("абвгдезикмнорстухѕіјԁһӏԛԝαβγεικνορτυχω", "a6brdeзиkmhopctyxsijdhlqwaByeikvoptuxw")
# Which scripts stand beside one another in the writing of one language (UTS #39, "highly restrictive").
_TOGETHER = (
    frozenset({"LATIN", "CJK", "HIRAGANA", "KATAKANA"}),
    frozenset({"LATIN", "CJK", "BOPOMOFO"}),
    frozenset({"LATIN", "CJK", "HANGUL"}),
)


def bare_host(header: str) -> str:
    """The host name in a `Host` header: small letters, without port or final dot."""
    host = header.strip().lower()
    if host.startswith("["):
        return host.partition("]")[0].removeprefix("[")
    return host.partition(":")[0].rstrip(".")


def check_host(text: str) -> str:
    """A host name as DNS has it (IDNA 2008, UTS #46).

    Raises:
        Refusal: 422 `invalid_host`.

    """
    given = text.strip().rstrip(".")
    try:
        name = idna.encode(given, uts46=True).decode().lower()
        shown = idna.decode(name)
    except (idna.IDNAError, UnicodeError):
        raise _invalid(text, "write a host name only, such as meet.example.org") from None
    labels = name.split(".")
    if len(labels) < 2 or len(name) > _LONGEST or not all(_LABEL.fullmatch(label) for label in labels):  # noqa: PLR2004
        raise _invalid(text, "write a host name only, such as meet.example.org")
    if _is_address(name) or labels[-1].isdigit():
        raise _invalid(text, "an address is no name")
    for label in shown.split("."):
        scripts = {script for script in map(_script, label) if script}
        if len(scripts) > 1 and not any(scripts <= allowed for allowed in _TOGETHER):
            raise _invalid(text, f"{label!r} mixes letters of several scripts, as names do that imitate others")
    return name


def look(host: str) -> str:
    """The same for host names that people take for one another."""
    try:
        shown = idna.decode(host)
    except (idna.IDNAError, UnicodeError):
        shown = host
    plain = unicodedata.normalize("NFKD", shown).translate(_DRAWN_ALIKE)
    return skeleton("".join(character for character in plain if not unicodedata.combining(character)))


def check_distinct(host: str, others: Iterable[str]) -> None:
    """Whether nobody takes `host` for one of the `others`, which belong to somebody else.

    Raises:
        Refusal: 409 `host_taken` or `host_looks_alike`.

    """
    drawn = look(host)
    for other in others:
        if other == host:
            raise Refusal(409, "host_taken", f"{host} already leads to another brand.")
        if look(other) == drawn:
            raise Refusal(
                409, "host_looks_alike", f"{host} looks like a host name of another brand: choose another one."
            )


def is_mail_domain_of(domain: str, hosts: Iterable[str]) -> bool:
    """Whether mail may come from `domain`: it is one of the hosts, or a domain of two labels or more above one."""
    return "." in domain and any(host == domain or host.endswith(f".{domain}") for host in hosts)


def _script(character: str) -> str:
    """Of a letter, the first word of its name; digits and marks belong to any."""
    return unicodedata.name(character, "").partition(" ")[0] if character.isalpha() else ""


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _invalid(text: str, why: str) -> Refusal:
    return Refusal(422, "invalid_host", f"{text!r} is no host name for a brand: {why}.")

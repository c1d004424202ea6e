"""Which of the languages that something is said in a person reads best (RFC 9110 §12.5.4, RFC 4647 §3.4)."""

from __future__ import annotations

from collections.abc import Collection

# What is written as Traditional Chinese is read in these regions; all others read Simplified.
_TRADITIONAL = frozenset({"hant", "tw", "hk", "mo"})
_MOST = 20


def preferred(accept_language: str, there_are: Collection[str]) -> str | None:
    """The tag of the best one; English, else the first, for who reads none of them. None where there is none."""
    for wanted in _by_quality(accept_language):
        found = _match(wanted, there_are)
        if found is not None:
            return found
    return "en" if "en" in there_are else next(iter(there_are), None)


def _by_quality(accept_language: str) -> list[str]:
    """The tags that are wanted, the best first; what cannot be read counts as not said."""
    wanted = []
    for place, part in enumerate(accept_language.split(",")[:_MOST]):
        tag, _, parameter = part.partition(";")
        try:
            quality = float(parameter.strip().removeprefix("q=") or 1)
        except ValueError:
            quality = 0.0
        if tag.strip() and quality > 0:
            wanted.append((-quality, place, tag.strip()))
    return [tag for _, _, tag in sorted(wanted)]


def _match(wanted: str, there_are: Collection[str]) -> str | None:
    parts = wanted.lower().split("-")
    same = [tag for tag in there_are if tag.lower().split("-")[0] == parts[0]]
    if parts[0] == "zh":
        is_traditional = not _TRADITIONAL.isdisjoint(parts)
        same.sort(key=lambda tag: _TRADITIONAL.isdisjoint(tag.lower().split("-")) is is_traditional)
    else:
        same.sort(key=lambda tag: tag.lower() != wanted.lower())
    return same[0] if same else None

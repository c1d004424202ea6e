"""Cleans names and titles that people choose, before anybody else sees them."""

from __future__ import annotations

import unicodedata

NAME_CHARACTERS = 80
TITLE_CHARACTERS = 200

# Joiners that shape Persian and Indic words and join emoji; anything else of the class Cf can hide or reorder text.
_JOINERS = frozenset("\u200c\u200d")
_VARIATION_SELECTORS = frozenset("\ufe0e\ufe0f")
# Combining marks that real writing stacks on one letter; more of them run over the neighbouring lines.
_MAX_MARKS = 4
# Format characters that spell flags of regions (England, Scotland, Wales) after a black flag.
_TAGS = range(0xE0020, 0xE0080)
_BLACK_FLAG = "\U0001f3f4"
# Blank letters that make an invisible name.
_BLANKS = frozenset("\u115f\u1160\u3164\uffa0\u2800\u034f\u17b4\u17b5\u180b\u180c\u180d\u180e")


def clean_name(text: str, limit: int = NAME_CHARACTERS) -> str:
    """The name as it may be shown: NFC, single spaces, no control, bidirectional or invisible characters.

    Right-to-left letters and emoji stay; only the characters that *override* direction go. The result may be empty, which
    the caller refuses.
    """
    kept: list[str] = []
    marks = 0
    # Longer than any honest name in its worst encoding; what follows costs time per character.
    for character in unicodedata.normalize("NFC", text[: limit * 8]):
        marks = marks + 1 if unicodedata.category(character) in {"Mn", "Me"} else 0
        if marks > _MAX_MARKS:
            continue
        if character.isspace():
            kept.append(" ")
        elif _is_shown(character, kept):
            kept.append(character)
    cleaned = " ".join("".join(kept).split())
    return cleaned[:limit].rstrip(" \u200c\u200d")


def _is_shown(character: str, before: list[str]) -> bool:
    if character in _BLANKS:
        return False
    if character in _JOINERS or character in _VARIATION_SELECTORS:
        # Only between or after something that it can shape.
        return bool(before) and not before[-1].isspace() and before[-1] not in _JOINERS
    if ord(character) in _TAGS:
        return any(earlier == _BLACK_FLAG for earlier in before[-8:])
    return unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Co", "Cn"}

"""Names that a person takes for one another: `bizconf` and `b1zconf`, `modern` and `rnodern`."""

from __future__ import annotations

# What is drawn alike in the usual typefaces, in order: pairs of letters first.
_ALIKE = (("rn", "m"), ("vv", "w"), ("cl", "d"), ("0", "o"), ("1", "l"), ("i", "l"), ("5", "s"), ("2", "z"), ("8", "b"))


def skeleton(text: str) -> str:
    """The same for names in ASCII that look alike: dashes, dots and underscores are overlooked as well."""
    found = "".join(character for character in text.lower() if character not in "-_.")
    for drawn, meant in _ALIKE:
        found = found.replace(drawn, meant)
    return found

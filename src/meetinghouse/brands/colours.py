"""A brand's colours made legible: contrast as WCAG 2.2 measures it (§1.4.3), and every shade derived from one accent."""

from __future__ import annotations

import re
from typing import TypeAlias

from msgspec import Struct

from meetinghouse.security.refusal import Refusal

Rgb: TypeAlias = tuple[int, int, int]

# What text needs on its ground.
LEGIBLE = 4.5
_COLOUR = re.compile(r"#([0-9a-fA-F]{6}|[0-9a-fA-F]{3})")
_WHITE: Rgb = (255, 255, 255)
_BLACK: Rgb = (0, 0, 0)
# The client's surfaces (`web/src/ui/tokens.css`), on any of which the accent is text.
SURFACES = {
    "light": ("#ffffff", "#f4f6f9", "#eef1f5", "#e3e7ed"),
    "dark": ("#121418", "#1a1d23", "#242830", "#2a2f38"),
}
_STEPS = 64
# sRGB's transfer function as WCAG writes it.
_LINEAR_UP_TO = 0.04045


class Correction(Struct, frozen=True):
    """A colour that could not be read as it was asked for, and the nearest one that can."""

    field: str
    asked: str
    used: str
    contrast: float
    message: str


class Palette(Struct, frozen=True):
    """The accent and what goes with it, in one appearance."""

    accent: str
    accent_hover: str
    accent_pressed: str
    on_accent: str
    accent_soft: str


def check_colour(text: str, field: str) -> str:
    """`#rrggbb` in small letters.

    Raises:
        Refusal: 422 `invalid_colour`.

    """
    if _COLOUR.fullmatch(text) is None:
        raise Refusal(422, "invalid_colour", f"{field}: {text!r} is no colour: write # and six hexadecimal digits.")
    digits = text[1:].lower()
    return "#" + (digits if len(digits) > 3 else "".join(digit * 2 for digit in digits))  # noqa: PLR2004 (#rgb)


def contrast(one: str, other: str) -> float:
    """The ratio of two colours, 1 to 21."""
    light, dark = sorted((_luminance(_read(one)), _luminance(_read(other))), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def legible(colour: str, appearance: str) -> str:
    """The colour, or the nearest towards black (light appearance) or white (dark) that is text on every surface."""
    end = _BLACK if appearance == "light" else _WHITE
    return _until(_read(colour), end, SURFACES[appearance])


def palette(colour: str, appearance: str) -> Palette:
    """Every shade of a legible accent."""
    accent = _read(legible(colour, appearance))
    end = _BLACK if appearance == "light" else _WHITE
    # What stands on the accent was its ground before: black or white, whichever is the other end.
    on = _WHITE if appearance == "light" else _BLACK
    surface = _read(SURFACES[appearance][-1])
    soft = _until(_mix(accent, surface, 0.88), _WHITE if appearance == "light" else _BLACK, (_write(accent),))
    return Palette(
        accent=_write(accent),
        accent_hover=_write(_mix(accent, end, 0.12)),
        accent_pressed=_write(_mix(accent, end, 0.24)),
        on_accent=_write(on),
        accent_soft=soft,
    )


def corrections(accent: str, accent_dark: str | None) -> list[Correction]:
    """What is changed of the colours asked for, in words."""
    asked = {"accent": (accent, "light")}
    if accent_dark is not None:
        asked["accent_dark"] = (accent_dark, "dark")
    found = []
    for field, (colour, appearance) in asked.items():
        used = legible(colour, appearance)
        if used == colour:
            continue
        ratio = min(contrast(colour, ground) for ground in SURFACES[appearance])
        way = "darkened" if appearance == "light" else "lightened"
        message = (
            f"{colour} has a contrast of {ratio:.1f} : 1 where {LEGIBLE} : 1 is needed to read it in the {appearance} "
            f"appearance: it is {way} to {used}."
        )
        found.append(Correction(field, colour, used, round(ratio, 2), message))
    return found


def _until(start: Rgb, end: Rgb, grounds: tuple[str, ...]) -> str:
    """The first colour on the way from `start` to `end` that is legible on every ground; the end itself always is."""
    for step in range(_STEPS + 1):
        found = _write(_mix(start, end, step / _STEPS))
        if all(contrast(found, ground) >= LEGIBLE for ground in grounds):
            return found
    return _write(end)


def _mix(one: Rgb, other: Rgb, share: float) -> Rgb:
    """`share` of the other colour, the rest of the one."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue


def _luminance(colour: Rgb) -> float:
    red, green, blue = (_linear(part / 255) for part in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= _LINEAR_UP_TO else float(((part + 0.055) / 1.055) ** 2.4)


def _read(colour: str) -> Rgb:
    red, green, blue = bytes.fromhex(colour[1:])
    return red, green, blue


def _write(colour: Rgb) -> str:
    return "#" + bytes(colour).hex()

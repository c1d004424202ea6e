"""Logos and icons: whatever is sent is drawn anew, so that nothing but the picture is kept of it."""

from __future__ import annotations

import io
from html import escape
from typing import Literal, TypeAlias

from msgspec import Struct

from meetinghouse.brands.svg import clean_svg
from meetinghouse.security.refusal import Refusal

PictureKind: TypeAlias = Literal["logo", "icon"]

# Twice the size at which they are shown at most.
_LARGEST = {"logo": (960, 240), "icon": (512, 512)}
# A picture of few bytes can be of very many pixels, each of which costs four bytes once it is read.
_PIXELS = 16_000_000
_FORMATS = ("PNG", "JPEG", "WEBP")
_MARKUP = (b"<", b"\xef\xbb\xbf<")


class Picture(Struct, frozen=True):
    """As it is served; `left_out` names what an SVG had to lose."""

    media_type: str
    body: bytes
    left_out: tuple[str, ...] = ()


def clean_picture(kind: PictureKind, data: bytes) -> Picture:
    """Draw a picture anew. It takes a while: call it in a thread.

    Raises:
        Refusal: 422 `invalid_picture` or `invalid_svg`.

    """
    if data.lstrip()[:4].startswith(_MARKUP):
        cleaned = clean_svg(data.strip())
        return Picture("image/svg+xml", cleaned.text.encode(), cleaned.left_out)
    return Picture("image/png", _drawn(kind, data))


def monogram(name: str, colour: str, on_colour: str) -> bytes:
    """The icon of who has none: the first letter of the name on its colour."""
    letter = escape(name[:1].upper())
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="8" fill="{colour}"/>'
        f'<text x="16" y="16" fill="{on_colour}" font-family="system-ui, sans-serif" font-size="19" font-weight="650" '
        f'text-anchor="middle" dominant-baseline="central">{letter}</text></svg>'
    ).encode()


def _drawn(kind: PictureKind, data: bytes) -> bytes:
    from PIL import Image, ImageOps, UnidentifiedImageError  # noqa: PLC0415 (dear, and seldom needed)

    try:
        with Image.open(io.BytesIO(data), formats=_FORMATS) as sent:
            if sent.width * sent.height > _PIXELS:
                raise Refusal(422, "invalid_picture", f"The picture has more than {_PIXELS:,} pixels: make it smaller.")
            upright = ImageOps.exif_transpose(sent).convert("RGBA")
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        raise Refusal(422, "invalid_picture", "The picture cannot be read: send PNG, JPEG, WebP or SVG.") from None
    upright.thumbnail(_LARGEST[kind])
    # A new one: the pixels go over, and no comment, place, date or profile.
    drawn = Image.new("RGBA", upright.size)
    drawn.paste(upright)
    out = io.BytesIO()
    drawn.save(out, "PNG", optimize=True)
    return out.getvalue()

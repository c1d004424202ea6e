"""What a brand gives pages: the lines of their heads, a style sheet of its colours, its pictures and the web manifest.

All of it is there at the first paint: the head is written into the page, and the colours are a style sheet that the browser
waits for. Nothing is a script, which the content security policy would not let pass.
"""

from __future__ import annotations

from html import escape
from typing import Any

import msgspec
from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from meetinghouse.brands.actions import Desk, shown_picture
from meetinghouse.brands.colours import Palette, palette
from meetinghouse.brands.model import Shown
from meetinghouse.brands.pictures import monogram
from meetinghouse.security.keyring import content_digest
from meetinghouse.security.refusal import Refusal

# What is marked by its content may be kept for ever.
_FOR_EVER = {"cache-control": "public, max-age=31536000, immutable"}
_SURFACE = "#ffffff"
# Of who has made no brand.
_PLAIN_ICON = "/assets/icon.svg"


def head(shown: Shown, languages: tuple[str, ...]) -> str:
    """The lines of a page's head that say whose house it is."""
    logo, icon = picture_urls(shown)
    look = shown.look
    house = {
        "name": look.name,
        "languages": languages,
        "logo": logo,
        "icon": icon,
        "support_email": look.support_email,
        "support_url": look.support_url,
        "links": look.links,
    }
    name = escape(look.name)
    return (
        f"<title>{name}</title>"
        f'<meta name="application-name" content="{name}" />'
        f'<meta name="house" content="{escape(msgspec.json.encode(house).decode())}" />'
        f'<link rel="icon" href="{icon}" />'
        f'<link rel="manifest" href="/brand/manifest.webmanifest?v={mark(shown)}" />'
        f'<link rel="stylesheet" href="/brand/style.css?v={mark(shown)}" />'
    )


def picture_urls(shown: Shown) -> tuple[str | None, str]:
    """The addresses of the logo, if there is one, and of the icon."""
    logo = None if shown.logo is None else f"/brand/logo?v={shown.logo}"
    if shown.owner is None:
        return None, _PLAIN_ICON
    return logo, f"/brand/icon?v={shown.icon or mark(shown)}"


def mark(shown: Shown) -> str:
    """Changes with what the pages have of a brand."""
    return content_digest(msgspec.json.encode((shown.look, shown.logo, shown.icon))).hex()[:16]


def shown_palettes(shown: Shown) -> tuple[Palette, Palette]:
    """The colours of the light and of the dark appearance."""
    look = shown.look
    return palette(look.accent, "light"), palette(look.accent_dark or look.accent, "dark")


def style_sheet(shown: Shown) -> str:
    """The colours that a brand changes, by the names of the client's tokens. High contrast has its own, which win."""
    if shown.owner is None:
        return ""
    light, dark = shown_palettes(shown)
    lines = [
        f"  --{name.replace('_', '-')}: light-dark({getattr(light, name)}, {getattr(dark, name)});"
        for name in Palette.__struct_fields__
    ]
    lines += [
        f"  --focus: light-dark({light.accent}, {dark.accent});",
        f"  --action: {light.accent};",
        f"  --action-hover: {light.accent_hover};",
    ]
    return ":root {\n" + "\n".join(lines) + "\n}\n"


def manifest(shown: Shown) -> dict[str, Any]:
    """The web manifest."""
    _, icon = picture_urls(shown)
    light, _ = shown_palettes(shown)
    return {
        "name": shown.look.name,
        "short_name": shown.look.name,
        "start_url": "/",
        "display": "standalone",
        "background_color": _SURFACE,
        "theme_color": light.accent,
        "icons": [{"src": icon, "sizes": "any"}],
    }


@get("/brand/style.css", include_in_schema=False)
async def style(desk: NamedDependency[Desk]) -> Response[str]:
    """The brand's colours."""
    return Response(style_sheet(await desk.brands.shown_here()), media_type="text/css", headers=_FOR_EVER)


@get(["/brand/manifest.webmanifest", "/manifest.webmanifest"], include_in_schema=False)
async def web_manifest(desk: NamedDependency[Desk]) -> Response[bytes]:
    """The brand as an application that can be installed."""
    body = msgspec.json.encode(manifest(await desk.brands.shown_here()))
    return Response(body, media_type="application/manifest+json", headers={"cache-control": "no-cache"})


@get("/brand/{kind:str}", include_in_schema=False)
async def picture(desk: NamedDependency[Desk], kind: FromPath[str]) -> Response[bytes]:
    """The brand's logo or icon; who has no icon gets the first letter of the name."""
    shown = await desk.brands.shown_here()
    if kind == "icon" and shown.icon is None:
        light, _ = shown_palettes(shown)
        body = monogram(shown.look.name, light.accent, light.on_accent)
        return Response(body, media_type="image/svg+xml", headers=_FOR_EVER)
    if kind == "icon":
        found = await shown_picture(desk, shown, "icon")
    elif kind == "logo":
        found = await shown_picture(desk, shown, "logo")
    else:
        raise Refusal(404, "not_found", "There is nothing here.")
    return Response(found.body, media_type=found.media_type, headers=_FOR_EVER)


routes = [style, web_manifest, picture]

"""Brands: what holds at this host name, for anybody; and their administration."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from litestar import Response, delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from meetinghouse.brands import actions
from meetinghouse.brands.actions import Branding, Desk
from meetinghouse.brands.colours import Correction, Palette, check_colour, corrections, palette
from meetinghouse.brands.model import Link, Look
from meetinghouse.brands.pages import picture_urls
from meetinghouse.brands.pictures import PictureKind
from meetinghouse.people.model import Actor, Scope
from meetinghouse.security.refusal import Refusal

_Colour = Annotated[str, Meta(max_length=7)]


class HouseView(Struct, frozen=True, kw_only=True):
    """Whose house this is: what pages show at this host name."""

    name: str
    languages: tuple[str, ...]
    logo: str | None
    icon: str
    support_email: str | None
    support_url: str | None
    links: tuple[Link, ...]


class BrandView(Struct, frozen=True, kw_only=True):
    """A tenant's brand. `look` is its own, if it has one; `shown` is what holds: its own, or that of whom it buys from."""

    tenant_id: str
    look: Look | None
    shown: Look
    logo: str | None
    icon: str | None
    hosts: list[str]
    url: str
    corrections: list[Correction]
    updated_at: datetime | None


class PictureAsk(Struct, frozen=True, forbid_unknown_fields=True):
    """A picture: PNG, JPEG, WebP or SVG, in base64."""

    data: Annotated[str, Meta(max_length=1_000_000)]


class PictureView(Struct, frozen=True):
    """How a picture was kept; `left_out` names what an SVG had to lose."""

    media_type: str
    bytes: int
    left_out: tuple[str, ...]


class HostsAsk(Struct, frozen=True, forbid_unknown_fields=True):
    """All host names of a brand; links are made with the first."""

    hosts: Annotated[list[Annotated[str, Meta(max_length=300)]], Meta(max_length=100)]


class PaletteAsk(Struct, frozen=True, forbid_unknown_fields=True):
    """Colours to try."""

    accent: _Colour
    accent_dark: _Colour | None = None


class PaletteView(Struct, frozen=True):
    """What colours look like, and what had to be corrected so that they can be read."""

    light: Palette
    dark: Palette
    corrections: list[Correction]


@get("/branding")
async def branding(desk: NamedDependency[Desk]) -> HouseView:
    """The name, the pictures and the links to show at this host name, and the languages to offer."""
    shown = await desk.brands.shown_here()
    logo, icon = picture_urls(shown)
    return HouseView(
        name=shown.look.name,
        languages=desk.brands.settings.languages,
        logo=logo,
        icon=icon,
        support_email=shown.look.support_email,
        support_url=shown.look.support_url,
        links=shown.look.links,
    )


@post("/brands/palette", status_code=200)
async def try_palette(actor: NamedDependency[Actor], data: JSONBody[PaletteAsk]) -> PaletteView:
    """What colours would look like, corrected where nobody could read them."""
    actor.must(Scope.BRAND)
    accent = check_colour(data.accent, "accent")
    dark = None if data.accent_dark is None else check_colour(data.accent_dark, "accent_dark")
    return PaletteView(palette(accent, "light"), palette(dark or accent, "dark"), corrections(accent, dark))


@get("/brands/{tenant_id:str}")
async def get_brand(desk: NamedDependency[Desk], actor: NamedDependency[Actor], tenant_id: FromPath[str]) -> BrandView:
    """The brand of a tenant; `own` is one's own organisation's."""
    return _view(await actions.branding_of(desk, actor, tenant_id))


@put("/brands/{tenant_id:str}")
async def put_brand(
    desk: NamedDependency[Desk], actor: NamedDependency[Actor], tenant_id: FromPath[str], data: JSONBody[Look]
) -> BrandView:
    """Make a brand, or change it as a whole; pictures and host names stay."""
    return _view(await actions.do_put_look(desk, actor, tenant_id, data))


@delete("/brands/{tenant_id:str}", status_code=204)
async def delete_brand(desk: NamedDependency[Desk], actor: NamedDependency[Actor], tenant_id: FromPath[str]) -> None:
    """Have the brand of whom one buys from again. Host names stay."""
    await actions.do_delete_brand(desk, actor, tenant_id)


@put("/brands/{tenant_id:str}/hosts")
async def put_hosts(
    desk: NamedDependency[Desk], actor: NamedDependency[Actor], tenant_id: FromPath[str], data: JSONBody[HostsAsk]
) -> BrandView:
    """Let these be the brand's host names."""
    return _view(await actions.do_put_hosts(desk, actor, tenant_id, data.hosts))


@put("/brands/{tenant_id:str}/pictures/{kind:str}")
async def put_picture(
    desk: NamedDependency[Desk],
    actor: NamedDependency[Actor],
    tenant_id: FromPath[str],
    kind: FromPath[str],
    data: JSONBody[PictureAsk],
) -> PictureView:
    """Set the logo or the icon; it is drawn anew, and an SVG loses what could do more than draw."""
    kept = await actions.do_put_picture(desk, actor, tenant_id, _kind(kind), data.data)
    return PictureView(kept.media_type, len(kept.body), kept.left_out)


@delete("/brands/{tenant_id:str}/pictures/{kind:str}", status_code=204)
async def delete_picture(
    desk: NamedDependency[Desk], actor: NamedDependency[Actor], tenant_id: FromPath[str], kind: FromPath[str]
) -> None:
    """Take the logo or the icon away."""
    await actions.do_delete_picture(desk, actor, tenant_id, _kind(kind))


@get("/brands/{tenant_id:str}/pictures/{kind:str}")
async def get_picture(
    desk: NamedDependency[Desk], actor: NamedDependency[Actor], tenant_id: FromPath[str], kind: FromPath[str]
) -> Response[bytes]:
    """The logo or icon that holds for a tenant."""
    found = await actions.picture_of(desk, actor, tenant_id, _kind(kind))
    return Response(found.body, media_type=found.media_type)


def _kind(text: str) -> PictureKind:
    if text == "logo":
        return "logo"
    if text == "icon":
        return "icon"
    raise Refusal(404, "not_found", "There is nothing here.")


def _view(found: Branding) -> BrandView:
    shown, own = found.shown, found.own
    base = f"/api/v1/brands/{found.tenant_id}/pictures"
    return BrandView(
        tenant_id=found.tenant_id,
        look=None if own is None else own.look,
        shown=shown.look,
        logo=None if shown.logo is None else f"{base}/logo?v={shown.logo}",
        icon=None if shown.icon is None else f"{base}/icon?v={shown.icon}",
        hosts=found.hosts,
        url=shown.url,
        corrections=corrections(shown.look.accent, shown.look.accent_dark),
        updated_at=None if own is None else own.updated_at,
    )


routes = [
    branding,
    try_palette,
    get_brand,
    put_brand,
    delete_brand,
    put_hosts,
    put_picture,
    delete_picture,
    get_picture,
]

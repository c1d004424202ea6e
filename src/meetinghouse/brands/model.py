"""The values of brands."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct

Language = str
_Text = Annotated[str, Meta(max_length=2_000)]
_Line = Annotated[str, Meta(max_length=254)]


class Link(Struct, frozen=True, forbid_unknown_fields=True):
    """A legal link at the foot of pages: terms, privacy, the number of a registration (ICP)."""

    label: _Line
    url: Annotated[str, Meta(max_length=2_000)]


class Look(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a brand is, but for its pictures and host names. A dark accent that is not given is made of the accent."""

    name: Annotated[str, Meta(max_length=80)]
    accent: Annotated[str, Meta(max_length=7)] = "#0b57d0"
    accent_dark: Annotated[str, Meta(max_length=7)] | None = None
    support_email: _Line | None = None
    support_url: Annotated[str, Meta(max_length=2_000)] | None = None
    links: Annotated[tuple[Link, ...], Meta(max_length=8)] = ()
    # Whom mail comes from; without an address it is the installation's.
    mail_name: Annotated[str, Meta(max_length=80)] | None = None
    mail_address: _Line | None = None
    # What stands at the end of each mail, by language tag.
    mail_footer: dict[Language, _Text] = {}


class Brand(Struct, frozen=True, kw_only=True):
    """A brand as it is kept. It belongs to a tenant: the operator's and the partners' are those of their homes.

    `logo` and `icon` are marks of the pictures' content, by which browsers keep them.
    """

    tenant_id: str
    look: Look
    logo: str | None
    icon: str | None
    updated_at: datetime


class Shown(Struct, frozen=True, kw_only=True):
    """The brand that holds somewhere, and where: what pages, mail and calendars are made with.

    `hosts` are those of the tenant that was asked for or of the nearest above it, the one for links first.
    """

    look: Look
    owner: str | None
    logo: str | None
    icon: str | None
    url: str
    hosts: tuple[str, ...]
    own_tenant_id: str | None

"""The values of regions (the shapes of interfaces.md, *Placement*)."""

from __future__ import annotations

from msgspec import Struct


class Places(Struct, frozen=True):
    """Regions, jurisdictions or `operator:…`; deny wins, an empty `allow` allows nothing, `*` is any."""

    allow: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()


class Policy(Struct, frozen=True, kw_only=True):
    """Where a tenant's signalling, media and stored data may be. An absent use follows `media`, storage follows nothing."""

    id: str
    media: Places = Places()
    signalling: Places | None = None
    attach: Places | None = None
    storage: Places | None = None
    copies: tuple[str, ...] = ()


class Region(Struct, frozen=True):
    """A place with a jurisdiction and a company that runs it."""

    id: str
    jurisdiction: str
    operator: str


class Placement(Struct, frozen=True):
    """Where a participant is served, and by which policy."""

    region: str
    rule: str

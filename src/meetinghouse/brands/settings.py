"""The section `branding` of the configuration."""

from __future__ import annotations

import msgspec


class BrandingSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the service is called where nobody has made a brand, and what brands may hold."""

    name: str = "Meetinghouse"
    languages: tuple[str, ...] = ("en", "zh-CN", "zh-TW")
    # How long a brand that was found is used again. Longer: fewer questions; shorter: a tenant that moves is seen sooner.
    remember_seconds: int = 5
    # Host names and tenants of which the brand is remembered; random host names must not fill the memory.
    remembered: int = 10_000
    # Of a logo or icon as it is sent.
    picture_bytes: int = 524_288
    hosts_per_tenant: int = 8

"""What says how the server itself is: health, readiness, metrics, version, branding, local addresses."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Response, get
from litestar.di import NamedDependency

from meetinghouse.app.settings import BrandingSettings
from meetinghouse.app.version import program_commit, program_version
from meetinghouse.meetings.messages import PROTOCOL
from meetinghouse.telemetry.health import Health


class Version(msgspec.Struct, frozen=True):
    """Which program answers."""

    version: str
    commit: str | None
    protocol: str


class Branding(msgspec.Struct, frozen=True):
    """How the service is called here."""

    name: str
    languages: tuple[str, ...]


@get("/healthz", include_in_schema=False)
async def healthz() -> dict[str, str]:
    """The process lives."""
    return {"status": "ok"}


@get("/readyz", include_in_schema=False)
async def readyz(health: NamedDependency[Health]) -> Response[dict[str, Any]]:
    """The process can do its work."""
    parts = await health.ready()
    good = all(parts.values())
    body = {"status": "ok" if good else "unavailable", "parts": parts}
    return Response(body, status_code=200 if good else 503)


@get("/version")
async def version() -> Version:
    """The program's version, and the signalling protocol that it speaks."""
    return Version(program_version(), program_commit(), PROTOCOL)


@get("/branding")
async def branding(branding_settings: NamedDependency[BrandingSettings]) -> Branding:
    """The name to show and the languages to offer."""
    return Branding(branding_settings.name, branding_settings.languages)

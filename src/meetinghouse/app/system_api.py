"""What says how the server itself is: health, readiness, metrics, version, branding, local addresses."""

from __future__ import annotations

from typing import Any

import msgspec
import structlog
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from prometheus_client import CollectorRegistry

from meetinghouse.app.local import lan_urls, qr_svg, qr_url
from meetinghouse.app.settings import TelemetrySettings
from meetinghouse.app.version import program_commit, program_version
from meetinghouse.meetings.messages import PROTOCOL
from meetinghouse.meetings.sessions import Sessions
from meetinghouse.people.identify import AnyRequest
from meetinghouse.people.model import Actor, Scope
from meetinghouse.security.networks import is_within
from meetinghouse.security.refusal import Refusal
from meetinghouse.telemetry import metrics
from meetinghouse.telemetry.health import Health

_log = structlog.get_logger(__name__)


class Local(msgspec.Struct, frozen=True):
    """How somebody in the same room reaches this server."""

    lan_urls: list[str]
    qr_url: str | None


class Version(msgspec.Struct, frozen=True):
    """Which program answers."""

    version: str
    commit: str | None
    protocol: str


class NodeState(msgspec.Struct, frozen=True):
    """What this node does now."""

    draining: bool
    sessions: int


class DrainAsk(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whether no meeting may begin here any more."""

    draining: bool = True


@get("/healthz", include_in_schema=False)
async def healthz() -> dict[str, str]:
    """The process lives."""
    return {"status": "ok"}


@get("/readyz", include_in_schema=False)
async def readyz(health: NamedDependency[Health], sessions: NamedDependency[Sessions]) -> Response[dict[str, Any]]:
    """The process can do its work. One that drains can: people of its meetings still come and go."""
    parts = await health.ready()
    good = all(parts.values())
    body = {"status": "unavailable" if not good else "draining" if sessions.draining else "ok", "parts": parts}
    return Response(body, status_code=200 if good else 503)


@get("/metrics", include_in_schema=False)
async def metrics_text(
    request: AnyRequest,
    media_registry: NamedDependency[CollectorRegistry],
    telemetry_settings: NamedDependency[TelemetrySettings],
    optional_actor: NamedDependency[Actor | None],
) -> Response[bytes]:
    """Prometheus metrics, to the operator's own networks and to administrators' tokens."""
    address = request.client.host if request.client else ""
    if not is_within(address, telemetry_settings.metrics_networks):
        if optional_actor is None:
            raise Refusal(401, "not_signed_in", "Ask from a network in telemetry.metrics_networks, or with a token.")
        optional_actor.must(Scope.NODE)
    return Response(metrics.render(media_registry), media_type=metrics.CONTENT_TYPE)


@get("/node")
async def node(sessions: NamedDependency[Sessions], actor: NamedDependency[Actor]) -> NodeState:
    """What this node does now."""
    actor.must(Scope.NODE)
    return NodeState(sessions.draining, sessions.count)


@post("/node/drain", status_code=200)
async def drain_node(
    data: JSONBody[DrainAsk], sessions: NamedDependency[Sessions], actor: NamedDependency[Actor]
) -> NodeState:
    """Begin no meeting any more, until the next start; those that are held go on. `draining` false takes it back."""
    actor.must(Scope.NODE)
    if data.draining != sessions.draining:
        _log.info("node_drains" if data.draining else "node_takes_meetings", sessions=sessions.count)
    sessions.draining = data.draining
    return NodeState(sessions.draining, sessions.count)


@get("/local")
async def local(public_url: NamedDependency[str], listen_address: NamedDependency[str]) -> Local:
    """Addresses on the local network, and a QR code of the one to scan, when people in the same room can reach it."""
    urls = lan_urls(public_url, listen_address)
    return Local(urls, qr_url(urls))


@get("/local/qr.svg", include_in_schema=False)
async def local_qr(public_url: NamedDependency[str], listen_address: NamedDependency[str]) -> Response[bytes]:
    """The QR code."""
    urls = lan_urls(public_url, listen_address)
    if not urls:
        raise Refusal(404, "not_found", "This server is not reachable from a local network.")
    return Response(qr_svg(urls[0]), media_type="image/svg+xml")


@get("/version")
async def version() -> Version:
    """The program's version, and the signalling protocol that it speaks."""
    return Version(program_version(), program_commit(), PROTOCOL)


ROOT_ROUTES = [healthz, readyz, metrics_text]
API_ROUTES = [version, node, drain_node, local, local_qr]

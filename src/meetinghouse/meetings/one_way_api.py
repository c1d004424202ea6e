"""WHIP and WHEP at the root of the server: parse, call one action, encode. `docs/operate/whip.md` is their prose.

Answers follow RFC 9725 §4 and draft-ietf-wish-whep; errors are the API's problem details. What browsers need to use them
from any page (CORS) is added by the gate.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any, Final

from litestar import HttpMethod, Request, Response, delete, get, patch, post, route
from litestar.di import NamedDependency
from litestar.params import FromPath

from meetinghouse.meetings import one_way
from meetinghouse.meetings.context import Meetings
from meetinghouse.meetings.details import detail_of
from meetinghouse.meetings.media_room import MediaRefused
from meetinghouse.meetings.one_way import NotFound, Opened, Stale
from meetinghouse.meetings.sessions import EntryRefused
from meetinghouse.meetings.tickets import TicketRefused
from meetinghouse.security.refusal import Refusal

AnyRequest = Request[Any, Any, Any]

_SDP = "application/sdp"
_FRAGMENT = "application/trickle-ice-sdpfrag"
_ENDPOINTS: Final = ["/whip/{meeting_id:str}", "/whep/{meeting_id:str}/{participant_id:str}"]
_SESSIONS: Final = [
    "/whip/{meeting_id:str}/sessions/{session_id:str}",
    "/whep/{meeting_id:str}/{participant_id:str}/sessions/{session_id:str}",
]
_CHALLENGE = {"WWW-Authenticate": 'Bearer error="invalid_token"'}
# Standard clients are told of TURN once, and may need it again when their network changes: a day's broadcast.
_RELAY_SECONDS: Final = 86_400
# What HTTP calls the noes of tickets; every other is 403.
_ENTRY_STATUS: Final = {
    "ticket_invalid": 401,
    "ticket_expired": 401,
    "ticket_used": 401,
    "ticket_elsewhere": 401,
    "ticket_revoked": 401,
    "unknown_meeting": 404,
    "meeting_full": 409,
    "too_many_watches": 409,
    "draining": 503,
}
# The same for the engine's.
_MEDIA_STATUS: Final = {"no_connection": 404, "limit_reached": 503, "media_unavailable": 503, "peer_failed": 503}


@post(_ENDPOINTS[0])
async def whip(request: AnyRequest, meetings: NamedDependency[Meetings], meeting_id: FromPath[str]) -> Response[str]:
    """Publish into a meeting as the participant of the ticket."""
    ticket, offer = await _asked(request, _SDP)
    with _worded():
        opened = await one_way.publish(meetings, meeting_id, ticket, offer)
    return await _created(request, meetings, opened)


@post(_ENDPOINTS[1])
async def whep(
    request: AnyRequest, meetings: NamedDependency[Meetings], meeting_id: FromPath[str], participant_id: FromPath[str]
) -> Response[str]:
    """Watch one participant."""
    ticket, offer = await _asked(request, _SDP)
    with _worded():
        opened = await one_way.watch(meetings, meeting_id, participant_id, ticket, offer)
    return await _created(request, meetings, opened)


@patch(_SESSIONS)
async def change_session(
    request: AnyRequest, meetings: NamedDependency[Meetings], meeting_id: FromPath[str], session_id: FromPath[str]
) -> Response[str | None]:
    """Trickle candidates, or restart ICE."""
    ticket, fragment = await _asked(request, _FRAGMENT)
    if_match = request.headers.get("if-match")
    if if_match is None:
        raise Refusal(428, "precondition_required", detail_of("precondition_required"))
    with _worded():
        restarted = await one_way.change(meetings, meeting_id, session_id, ticket, if_match=if_match, fragment=fragment)
    if restarted is None:
        return Response(None, status_code=204)
    headers = {"ETag": f'"{restarted.entity_tag}"', **_relay_links(meetings, restarted.holder)}
    return Response(restarted.fragment, status_code=200, media_type=_FRAGMENT, headers=headers)


@delete(_SESSIONS, status_code=200)
async def end_session(
    request: AnyRequest, meetings: NamedDependency[Meetings], meeting_id: FromPath[str], session_id: FromPath[str]
) -> None:
    """Leave, or stop watching."""
    ticket = _bearer(request)
    with _worded():
        await one_way.end(meetings, meeting_id, session_id, ticket)


@get([*_ENDPOINTS, *_SESSIONS], status_code=204)
async def nothing_to_read() -> None:
    """There is no representation (RFC 9725 §4.1)."""


@route(_ENDPOINTS, http_method=[HttpMethod.OPTIONS], status_code=200)
async def endpoint_options() -> Response[None]:
    """What an endpoint takes (RFC 9725 §4.2)."""
    return Response(None, headers={"Allow": "GET, OPTIONS, POST", "Accept-Post": _SDP})


@route(_SESSIONS, http_method=[HttpMethod.OPTIONS], status_code=200)
async def session_options() -> Response[None]:
    """What a connection's address takes."""
    return Response(None, headers={"Allow": "DELETE, GET, OPTIONS, PATCH", "Accept-Patch": _FRAGMENT})


async def _asked(request: AnyRequest, media_type: str) -> tuple[str, str]:
    """The ticket and the body, which is of this type."""
    ticket = _bearer(request)
    given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if given != media_type:
        raise Refusal(415, "unsupported_media_type", f"Send {media_type}.")
    try:
        return ticket, (await request.body()).decode()
    except UnicodeDecodeError:
        raise Refusal(400, "invalid_request", "The body is not UTF-8.") from None


def _bearer(request: AnyRequest) -> str:
    scheme, _, ticket = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not ticket.strip():
        headers = {"WWW-Authenticate": "Bearer"}
        raise Refusal(401, "ticket_missing", detail_of("ticket_missing"), headers=headers)
    return ticket.strip()


async def _created(request: AnyRequest, meetings: Meetings, opened: Opened) -> Response[str]:
    url = (await meetings.houses.here()).url
    path = f"{request.url.path.rstrip('/')}/sessions/{opened.one_way.id}"
    headers = {
        "Location": f"{_base(request, url)}{path}",
        "ETag": f'"{opened.one_way.entity_tag}"',
        "Accept-Patch": _FRAGMENT,
        **_relay_links(meetings, opened.one_way.holder),
    }
    return Response(opened.answer, status_code=201, media_type=_SDP, headers=headers)


def _relay_links(meetings: Meetings, holder: str) -> dict[str, str]:
    """Where TURN is (RFC 9725 §4.6), if there is one."""
    server = meetings.sessions.ice.of(holder, meetings.clock.now(), seconds=_RELAY_SECONDS)
    if server is None:
        return {}
    said = (
        f'rel="ice-server"; username="{server.username}"; credential="{server.credential}"; credential-type="password"'
    )
    return {"Link": ", ".join(f"<{url}>; {said}" for url in server.urls)}


def _base(request: AnyRequest, public_url: str) -> str:
    """Where the caller reached us: the public URL if it is that host, since only it knows of a proxy's TLS."""
    host = request.headers.get("host", "")
    return public_url if public_url.partition("://")[2] == host else f"{request.scope['scheme']}://{host}"


@contextmanager
def _worded() -> Generator[None, None, None]:
    """The noes of the actions as HTTP says them."""
    try:
        yield
    except NotFound as absent:
        raise Refusal(404, absent.code, detail_of(absent.code)) from None
    except Stale:
        raise Refusal(412, "precondition_failed", detail_of("precondition_failed")) from None
    except MediaRefused as refused:
        raise _media_refusal(refused) from None
    except (TicketRefused, EntryRefused) as refused:
        raise _entry_refusal(refused) from None


def _entry_refusal(refused: TicketRefused | EntryRefused) -> Refusal:
    if isinstance(refused, EntryRefused) and refused.refusal is not None:
        return refused.refusal
    status = _ENTRY_STATUS.get(refused.code, 403)
    return Refusal(
        status, refused.code, detail_of(refused.code), headers=_CHALLENGE if status == HTTPStatus.UNAUTHORIZED else None
    )


def _media_refusal(refused: MediaRefused) -> Refusal:
    status = _MEDIA_STATUS.get(refused.code, 400)
    detail = detail_of(refused.code)
    if refused.code == "bad_offer":
        detail = f"The offer cannot be used: {refused.detail}."
    headers = {"Retry-After": "10"} if status == HTTPStatus.SERVICE_UNAVAILABLE else None
    return Refusal(status, refused.code, detail, headers=headers)


# OPTIONS first: the framework gives a path that has none yet an answer of its own.
routes = [endpoint_options, session_options, whip, whep, change_session, end_session, nothing_to_read]

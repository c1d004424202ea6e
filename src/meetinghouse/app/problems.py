"""Every error as RFC 9457 problem details: `type title status detail code` and, perhaps `errors`, `rule`, `offers`."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import msgspec
import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException
from litestar.types import ExceptionHandlersMap, HTTPResponseBodyEvent, HTTPResponseStartEvent
from sqlalchemy import exc

from meetinghouse.db.postgresql import DatabaseTakenError, DatabaseUnreachableError
from meetinghouse.security.languages import preferred
from meetinghouse.security.refusal import Refusal

MEDIA_TYPE = "application/problem+json"

_log = structlog.get_logger(__name__)

# What statuses that the framework raises by itself are called.
_CODES = {
    400: ("invalid_request", "The request cannot be read as this call needs it."),
    401: ("not_signed_in", "Sign in first, or send a bearer token."),
    403: ("not_allowed", "You may not do this."),
    404: ("not_found", "There is nothing here."),
    405: ("method_not_allowed", "This address does not take that method."),
    413: ("too_large", "The request is larger than this server accepts."),
    415: ("unsupported_media_type", "Send application/json."),
}


def problem(
    status: int,
    code: str,
    detail: str,
    *,
    headers: dict[str, str] | None = None,
    **members: Any,  # noqa: ANN401 (extension members are any JSON)
) -> Response[dict[str, Any]]:
    """One answer in the shape of RFC 9457."""
    body = {**_members(status, code, detail), **members}
    return Response(body, status_code=status, media_type=MEDIA_TYPE, headers=headers)


def problem_bytes(status: int, code: str, detail: str) -> tuple[HTTPResponseStartEvent, HTTPResponseBodyEvent]:
    """The same answer as ASGI messages, for what refuses before the framework is asked."""
    body = msgspec.json.encode(_members(status, code, detail))
    start: HTTPResponseStartEvent = {
        "type": "http.response.start",
        "status": status,
        "headers": [(b"content-type", MEDIA_TYPE.encode()), (b"content-length", str(len(body)).encode())],
    }
    return start, {"type": "http.response.body", "body": body, "more_body": False}


def _members(status: int, code: str, detail: str) -> dict[str, Any]:
    return {
        # Relative (RFC 9457 §3.1.1): the same at every host name, and it says nobody's name.
        "type": f"/problems/{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": code,
    }


def _on_refusal(request: Request[Any, Any, Any], refusal: Refusal) -> Response[Any]:
    members: dict[str, Any] = {}
    if refusal.rule is not None:
        members = {"rule": refusal.rule, "offers": list(refusal.offers)}
    language = preferred(request.headers.get("accept-language", ""), refusal.messages)
    headers = dict(refusal.headers)
    if language is not None:
        headers |= {"Content-Language": language, "Vary": "Accept-Language"}
    detail = refusal.detail if language is None else refusal.messages[language]
    return problem(refusal.status, refusal.code, detail, headers=headers, **members)


def on_http_exception(request: Request[Any, Any, Any], error: HTTPException) -> Response[Any]:
    """What the framework raised by itself."""
    if error.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return _on_fault(request, error)
    code, detail = _CODES.get(
        error.status_code, (f"http_{error.status_code}", HTTPStatus(error.status_code).description)
    )
    members: dict[str, Any] = {}
    if isinstance(error, ValidationException) and isinstance(error.extra, list):
        members["errors"] = [
            {"field": fault.get("key", ""), "message": fault.get("message", "")}
            for fault in error.extra
            if isinstance(fault, dict)
        ]
    headers = {name: value for name, value in (error.headers or {}).items() if name.lower() in {"allow", "retry-after"}}
    return problem(error.status_code, code, detail, headers=headers, **members)


def _on_depth(_: Request[Any, Any, Any], __: RecursionError) -> Response[Any]:
    return problem(400, "invalid_request", "The JSON is nested too deeply.")


def _on_database(request: Request[Any, Any, Any], fault: exc.DBAPIError) -> Response[Any]:
    """Either the database is in trouble, or our statement."""
    is_in_trouble = isinstance(fault, exc.OperationalError) or fault.connection_invalidated
    return _on_storage(request, fault) if is_in_trouble else _on_fault(request, fault)


def _on_storage(request: Request[Any, Any, Any], fault: Exception) -> Response[Any]:
    """The disk is full, the database is gone, another process holds the lock: nothing was stored, and trying later may help."""
    _log.error("storage_unavailable", route=request.scope.get("path_template", ""), exc_info=fault)
    detail = "The server cannot store anything right now. Nothing was changed; try again later."
    return problem(503, "storage_unavailable", detail, headers={"Retry-After": "30"})


def _on_fault(request: Request[Any, Any, Any], fault: Exception) -> Response[Any]:
    _log.error("request_failed", route=request.scope.get("path_template", ""), exc_info=fault)
    return problem(500, "internal_error", "Something went wrong on our side. It has been logged.")


EXCEPTION_HANDLERS: ExceptionHandlersMap = {
    Refusal: _on_refusal,
    HTTPException: on_http_exception,
    RecursionError: _on_depth,
    exc.DBAPIError: _on_database,
    exc.TimeoutError: _on_storage,
    DatabaseUnreachableError: _on_storage,
    DatabaseTakenError: _on_storage,
    TimeoutError: _on_storage,
    Exception: _on_fault,
}

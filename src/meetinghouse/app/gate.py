"""What every request passes first and every answer last: origin check, security headers, metrics, the request's log line."""

from __future__ import annotations

import time

import structlog
from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPResponseStartEvent, HTTPScope, Message, Receive, Scope, Send
from prometheus_client import Counter, Histogram

from meetinghouse.app.problems import problem_bytes
from meetinghouse.brands.resolution import Brands
from meetinghouse.people.identify import FORMER_SESSION_COOKIE, SESSION_COOKIE
from meetinghouse.security.houses import HOST
from meetinghouse.security.origins import is_own_origin
from meetinghouse.telemetry.metrics import REQUEST_SECONDS, REQUESTS

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_SESSION_COOKIES = (f"{SESSION_COOKIE}=".encode(), f"{FORMER_SESSION_COOKIE}=".encode())
# One foreign host here would end the promise that the client contacts nobody else (DESIGN §11).
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; "
    "connect-src 'self'; worker-src 'self'; font-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
_PERMISSIONS = (
    b"camera=(self), microphone=(self), display-capture=(self), fullscreen=(self), screen-wake-lock=(self), "
    b"speaker-selection=(self), autoplay=(self), geolocation=(), payment=(), usb=(), browsing-topics=()"
)
_HEADERS = [
    (b"content-security-policy", CONTENT_SECURITY_POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", _PERMISSIONS),
]
# WHIP and WHEP are for pages of any site (RFC 9725 §4.2): their tickets are in a header, which no browser adds by itself.
_FOR_ANY_ORIGIN = ("/whip/", "/whep/")
# What takes no JSON; never a type that a foreign page's form can send.
_MEDIA_TYPES = {"/api/v1/billing/books/csv": b"text/csv", "/api/v1/billing/payments/csv": b"text/csv"}
_CORS = [
    (b"access-control-allow-origin", b"*"),
    (b"access-control-allow-methods", b"DELETE, GET, OPTIONS, PATCH, POST"),
    (b"access-control-allow-headers", b"authorization, content-type, if-match"),
    (b"access-control-expose-headers", b"accept-patch, etag, link, location, retry-after, www-authenticate"),
    (b"access-control-max-age", b"86400"),
]
_STRICT_TRANSPORT = (b"strict-transport-security", b"max-age=31536000")

_log = structlog.get_logger(__name__)


class Gate:
    """Wraps the whole application."""

    def __init__(self, app: ASGIApp, public_url: str, brands: Brands) -> None:
        """Guard `app`, which people reach as `public_url`."""
        self._app = app
        self._public_url = public_url
        self._brands = brands
        self._counters: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request or connection."""
        HOST.set(_header(scope, b"host"))
        if scope["type"] == ScopeType.WEBSOCKET:
            await self._app(scope, receive, send)
        else:
            await self._pass(scope, receive, send)

    async def _pass(self, scope: HTTPScope, receive: Receive, send: Send) -> None:
        began = time.perf_counter()
        if scope["method"] == "HEAD":
            # Answered as GET; the server below, which still knows the method, sends no body (RFC 9110 §9.3.2).
            scope = {**scope, "method": "GET"}
        status = 500
        secure = scope.get("scheme") == "https"

        async def send_guarded(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                _add_headers(message, secure=secure)
                if scope["path"].startswith(_FOR_ANY_ORIGIN):
                    message["headers"] = [*message["headers"], *_CORS]
            await send(message)

        if "text/html" in _header(scope, b"accept"):
            # Whose page it is, should it turn out to be nobody's address: what answers then cannot wait.
            await self._brands.page_here()
        refusal = self._refusal(scope)
        if refusal is None:
            await self._app(scope, receive, send_guarded)
        else:
            _log.warning("refused_at_the_gate", method=scope["method"], code=refusal[1])
            for message in problem_bytes(*refusal):
                await send_guarded(message)
        self._count(scope, status, time.perf_counter() - began)

    def _refusal(self, scope: HTTPScope) -> tuple[int, str, str] | None:
        """Status, code and sentence for what does not come in at all."""
        if scope["method"] in _SAFE_METHODS:
            return None
        headers = dict(scope["headers"])
        if not scope["path"].startswith(_FOR_ANY_ORIGIN) and self._is_forged(scope, headers):
            return 403, "cross_origin", "Only this service's own pages may do this."
        has_body = headers.get(b"content-length", b"0") != b"0" or b"transfer-encoding" in headers
        media_type = headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
        wanted = _MEDIA_TYPES.get(scope["path"], b"application/json")
        if has_body and scope["path"].startswith("/api/") and media_type != wanted:
            return 415, "unsupported_media_type", f"Send {wanted.decode()}."
        return None

    def _is_forged(self, scope: HTTPScope, headers: dict[bytes, bytes]) -> bool:
        """Whether another site's page makes this unsafe request.

        Browsers send `Origin` with every unsafe request. Without one it is a program, which is believed unless it brings
        a browser's cookie: then `Sec-Fetch-Site` has to say that the page is ours.
        """
        origin = headers.get(b"origin")
        if origin is not None:
            return not is_own_origin(
                origin.decode("latin-1"),
                host=headers.get(b"host", b"").decode("latin-1"),
                scheme=scope.get("scheme", "http"),
                public_url=self._public_url,
            )
        site = headers.get(b"sec-fetch-site")
        if site is not None:
            return site != b"same-origin"
        cookies = headers.get(b"cookie", b"")
        return any(name in cookies for name in _SESSION_COOKIES)

    def _count(self, scope: HTTPScope, status: int, seconds: float) -> None:
        route = str(scope.get("path_template") or "none")
        method = scope["method"] if scope["method"] in {*_SAFE_METHODS, "POST", "PUT", "PATCH", "DELETE"} else "other"
        counters = self._counters.get((method, route, status))
        if counters is None:
            counters = (REQUESTS.labels(method, route, status), REQUEST_SECONDS.labels(route))
            self._counters[method, route, status] = counters
        counters[0].inc()
        counters[1].observe(seconds)
        _log.debug("request", method=method, route=route, status=status, duration_ms=round(seconds * 1000, 1))


def _header(scope: Scope, wanted: bytes) -> str:
    return next((value.decode("latin-1") for name, value in scope["headers"] if name == wanted), "")


def _add_headers(message: HTTPResponseStartEvent, *, secure: bool) -> None:
    headers = list(message["headers"])
    present = {name.lower() for name, _ in headers}
    headers += [header for header in _HEADERS if header[0] not in present]
    if b"cache-control" not in present:
        headers.append((b"cache-control", b"no-store"))
    if secure:
        headers.append(_STRICT_TRANSPORT)
    message["headers"] = headers

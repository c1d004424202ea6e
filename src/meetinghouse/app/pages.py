"""Serves the web client from memory: hashed assets for ever, the one page fresh, and a helpful page when it is not built.

The page is under the name of the house that it is asked of.
"""

from __future__ import annotations

import gzip
import mimetypes
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from litestar import Request, Response, get
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from meetinghouse.app.problems import on_http_exception
from meetinghouse.brands.actions import Desk
from meetinghouse.brands.model import Shown
from meetinghouse.brands.pages import head
from meetinghouse.security.keyring import content_digest

STATIC = Path(__file__).parent / "static"

# The client's own addresses; at any other one its page says so, with status 404.
_PAGES = [
    "/",
    "/join",
    "/j/{link_id:str}",
    "/meeting",
    "/meetings",
    "/meetings/{meeting_id:str}",
    "/settings",
    "/members",
    "/sign-in",
    "/sign-in/organisation",
    "/enrol",
]
# Below these nobody but programs asks.
_FOR_PROGRAMS = ("/api/", "/assets/", "/calendar/", "/scim/", "/whip/", "/whep/")
_COMPRESSED = ("text/", "application/javascript", "application/json", "image/svg+xml", "application/manifest+json")
# Below one packet nothing is won.
_COMPRESS_FROM_BYTES = 1400
_FOR_EVER = "public, max-age=31536000, immutable"
_FRESH = "no-cache"
# Pages of different brands that are kept, of some kilobytes each.
_MADE = 256
# The lines of the client's page that a brand's take the place of.
_HOUSE = re.compile(r"<!-- house -->.*<!-- /house -->", re.DOTALL)

_NOT_BUILT = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Not built yet</title>
<h1>The web client is not built yet</h1>
<p>The server runs. Build the client once with <code>make install</code> (or <code>pnpm install &amp;&amp; pnpm run build</code>
in <code>web/</code>) and load this page again.</p>
<p>The HTTP API is up: <a href="/api/v1/docs">its documentation</a>.</p>
</html>
"""


@dataclass(frozen=True)
class StaticFile:
    """One file as it is sent."""

    media_type: str
    body: bytes
    compressed: bytes | None
    etag: str


class StaticFiles:
    """The built client, each file read once."""

    def __init__(self, root: Path = STATIC) -> None:
        """Serve what lies below `root`."""
        self._root = root.resolve()
        self._files: dict[str, StaticFile] = {}
        self._made: dict[str, StaticFile] = {}

    def file(self, path: str) -> StaticFile | None:
        """The file at `path` below the root, if it is there."""
        found = self._files.get(path)
        if found is not None:
            return found
        place = (self._root / path).resolve()
        if not place.is_relative_to(self._root) or not place.is_file():
            return None
        found = self._files[path] = _read(place)
        return found

    def made(self, key: str, make: Callable[[], StaticFile]) -> StaticFile:
        """A file that is made of another one, kept for its next reader."""
        found = self._made.get(key)
        if found is None:
            if len(self._made) >= _MADE:
                self._made.clear()
            found = self._made[key] = make()
        return found

    def answer(self, request: Request[Any, Any, Any], file: StaticFile, cache_control: str) -> Response[bytes]:
        """`file`, or 304 to who has it."""
        headers = {"cache-control": cache_control, "etag": file.etag, "vary": "accept-encoding"}
        if file.etag in request.headers.get("if-none-match", ""):
            return Response(b"", status_code=304, headers=headers)
        body = file.body
        if file.compressed is not None and "gzip" in request.headers.get("accept-encoding", ""):
            body = file.compressed
            headers["content-encoding"] = "gzip"
        return Response(body, media_type=file.media_type, headers=headers)


@get(_PAGES, include_in_schema=False)
async def page(
    request: Request[Any, Any, Any], static: NamedDependency[StaticFiles], desk: NamedDependency[Desk]
) -> Response[Any]:
    """The client's one page, at each of its addresses."""
    index = _index(static, desk, await desk.brands.page_here())
    if index is None:
        return Response(_NOT_BUILT, status_code=503, media_type="text/html", headers={"retry-after": "10"})
    return static.answer(request, index, _FRESH)


@get("/assets/{path:path}", include_in_schema=False)
async def asset(
    request: Request[Any, Any, Any], static: NamedDependency[StaticFiles], path: FromPath[Path]
) -> Response[Any]:
    """A file whose name changes with its content."""
    return _found(request, static, f"assets/{str(path).lstrip('/')}", _FOR_EVER)


@get(["/favicon.ico", "/favicon.svg", "/robots.txt"], include_in_schema=False)
async def root_file(request: Request[Any, Any, Any], static: NamedDependency[StaticFiles]) -> Response[Any]:
    """The few files that browsers ask for at the root."""
    return _found(request, static, request.scope["path"].lstrip("/"), _FRESH)


def not_found(static: StaticFiles, desk: Desk) -> Callable[[Request[Any, Any, Any], NotFoundException], Response[Any]]:
    """What answers at an address that is nobody's: to a person the client, which says so in their language; else a problem."""

    def answer(request: Request[Any, Any, Any], error: NotFoundException) -> Response[Any]:
        index = _index(static, desk, desk.brands.last_here()) if _is_person(request) else None
        if index is None:
            return on_http_exception(request, error)
        return Response(index.body, status_code=404, media_type=index.media_type, headers={"cache-control": _FRESH})

    return answer


def _index(static: StaticFiles, desk: Desk, shown: Shown) -> StaticFile | None:
    """The client's page with the head of a brand."""
    index = static.file("index.html")
    if index is None:
        return None
    lines = head(shown, desk.brands.settings.languages)
    return static.made(lines, partial(_with_head, index, lines))


def _with_head(index: StaticFile, lines: str) -> StaticFile:
    # At the end of the head: what comes last of two style sheets holds.
    text = _HOUSE.sub("", index.body.decode(), count=1).replace("</head>", f"{lines}</head>", 1)
    return _made(text.encode(), index.media_type)


def _is_person(request: Request[Any, Any, Any]) -> bool:
    """Whether somebody typed or followed this address, rather than a program asking for data or a file."""
    path: str = request.scope["path"]
    return (
        request.method in {"GET", "HEAD"}
        and "text/html" in request.headers.get("accept", "")
        and not path.startswith(_FOR_PROGRAMS)
    )


def _found(request: Request[Any, Any, Any], static: StaticFiles, path: str, cache_control: str) -> Response[Any]:
    file = static.file(path)
    if file is None:
        raise NotFoundException
    return static.answer(request, file, cache_control)


def _read(place: Path) -> StaticFile:
    return _made(place.read_bytes(), mimetypes.guess_type(place.name)[0] or "application/octet-stream")


def _made(body: bytes, media_type: str) -> StaticFile:
    worth = len(body) > _COMPRESS_FROM_BYTES and media_type.startswith((*_COMPRESSED, "text/javascript"))
    compressed = gzip.compress(body, 9, mtime=0) if worth else None
    return StaticFile(media_type, body, compressed, f'"{content_digest(body).hex()[:32]}"')


PAGE_ROUTES = [page, asset, root_file]

"""The OpenAPI description, and a page to read it by: plain HTML from this server, without a script or a foreign host."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from html import escape
from typing import Any

import msgspec
from litestar import Litestar, Response, get
from litestar.di import NamedDependency
from litestar.openapi import OpenAPIConfig
from litestar.openapi.spec import Components, Reference, SecurityScheme

from meetinghouse.app.version import program_version
from meetinghouse.brands.actions import Desk

_METHODS = ("get", "post", "put", "patch", "delete")
_SECURITY: dict[str, SecurityScheme | Reference] = {
    "token": SecurityScheme(type="http", scheme="bearer", description="A token of `POST /tokens`."),
    "session": SecurityScheme(
        type="apiKey", name="session", security_scheme_in="cookie", description="A signed-in browser."
    ),
}
_STYLE_PATH = "/api/v1/docs/style.css"
_STYLE = """
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; }
body { margin: 2rem auto; max-width: 60rem; padding: 0 1rem; }
section { border-top: 1px solid #8886; margin-top: 1.5rem; }
h2 { font-size: 1rem; } code { font-family: ui-monospace, monospace; }
table { border-collapse: collapse; }
td { border: 1px solid #8886; padding: .2rem .6rem; vertical-align: top; }
"""


class Description:
    """The OpenAPI document, made at its first reading: it costs as much as the whole application's start."""

    def __init__(self, make_app: Callable[[OpenAPIConfig], Litestar]) -> None:
        """Describe the application that `make_app` gives."""
        self._config = OpenAPIConfig(
            title="HTTP API",
            version=program_version(),
            description="Errors are RFC 9457 problem details with a stable `code`. Lists are cursor pages. Times are UTC.",
            use_handler_docstrings=True,
            security=[{"token": []}, {"session": []}],
            components=Components(security_schemes=_SECURITY),
        )
        self._make_app = make_app
        self._making = asyncio.Lock()
        self._made: dict[str, Any] | None = None

    async def document(self, service_name: str) -> dict[str, Any]:
        """The document as plain values, under the name that holds where it is read."""
        async with self._making:
            if self._made is None:
                self._made = await asyncio.to_thread(self._make)
        info = {**self._made["info"], "title": f"{service_name} HTTP API"}
        return {**self._made, "info": info}

    def _make(self) -> dict[str, Any]:
        # An application of its own: one with a description also serves pages that load scripts from foreign hosts.
        made = msgspec.json.encode(self._make_app(self._config).openapi_schema.to_schema())
        # The framework calls what is generic by the full name of what it holds; the package's is nobody's business.
        document: dict[str, Any] = msgspec.json.decode(made.replace(b"meetinghouse.", b""))
        return document


@get("/openapi.json", include_in_schema=False)
async def openapi_json(description: NamedDependency[Description], desk: NamedDependency[Desk]) -> dict[str, Any]:
    """The description for programs."""
    return await description.document((await desk.brands.here()).name)


@get("/docs", include_in_schema=False)
async def docs(description: NamedDependency[Description], desk: NamedDependency[Desk]) -> Response[str]:
    """The description for people."""
    return Response(_page(await description.document((await desk.brands.here()).name)), media_type="text/html")


@get("/docs/style.css", include_in_schema=False)
async def docs_style() -> Response[str]:
    """The page's style; the content security policy allows none inside the page."""
    return Response(_STYLE, media_type="text/css")


def _page(schema: dict[str, Any]) -> str:
    title = escape(schema["info"]["title"])
    operations = "".join(
        _operation(path, method, item[method], schema)
        for path, item in sorted(schema["paths"].items())
        for method in _METHODS
        if method in item
    )
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f'<title>{title}</title><link rel="stylesheet" href="{_STYLE_PATH}"><h1>{title}</h1>'
        f"<p>{escape(schema['info'].get('description', ''))}</p>"
        f'<p>For programs: <a href="/api/v1/openapi.json">openapi.json</a></p>{operations}</html>'
    )


def _operation(path: str, method: str, operation: dict[str, Any], schema: dict[str, Any]) -> str:
    parts = [
        f"<section><h2><code>{method.upper()} {escape(path)}</code></h2><p>{escape(operation.get('description', ''))}</p>"
    ]
    parameters = operation.get("parameters", [])
    if parameters:
        rows = [(one["name"], one["in"], one.get("schema", {})) for one in parameters]
        parts.append(_table("Parameters", [(name, f"{where}, {_type(kind)}") for name, where, kind in rows]))
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    if body:
        parts.append(_table("Body", _fields(body, schema)))
    for status, answer in operation.get("responses", {}).items():
        content = answer.get("content", {}).get("application/json", {}).get("schema")
        if status.startswith("2"):
            parts.append(_table(f"Answer {status}", _fields(content, schema)) if content else f"<p>Answer {status}</p>")
    return "".join(parts) + "</section>"


def _fields(node: dict[str, Any], schema: dict[str, Any]) -> list[tuple[str, str]]:
    """The fields of an object with their types; what is no object is one line."""
    name = node.get("$ref", "").rpartition("/")[2]
    found = schema["components"]["schemas"].get(name, node)
    if "properties" not in found:
        return [(name or "value", _type(found))]
    required = set(found.get("required", ()))
    return [(field if field in required else f"{field}?", _type(kind)) for field, kind in found["properties"].items()]


def _type(node: dict[str, Any]) -> str:
    if "$ref" in node:
        return str(node["$ref"]).rpartition("/")[2]
    for key in ("oneOf", "anyOf"):
        if key in node:
            return " or ".join(_type(part) for part in node[key])
    if "enum" in node:
        return " | ".join(str(value) for value in node["enum"])
    if node.get("type") == "array":
        return f"list of {_type(node.get('items', {}))}"
    kind = node.get("type", "any")
    return " or ".join(kind) if isinstance(kind, list) else str(kind)


def _table(caption: str, rows: list[tuple[str, str]]) -> str:
    body = "".join(f"<tr><td><code>{escape(name)}</code></td><td>{escape(kind)}</td></tr>" for name, kind in rows)
    return f"<table><caption>{escape(caption)}</caption>{body}</table>"


DOCS_ROUTES = [openapi_json, docs, docs_style]

"""Structured logs that hold no secret, no address and no name of a person.

Two nets: fields whose names promise something private are dropped whatever they hold, and the finished line is searched
for what looks private. The second is for what libraries write; our own code never relies on it.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any, Literal, TextIO

import structlog

_REDACTED = "…"
_PRIVATE_FIELDS = re.compile(
    r"(^|_)(name|email|mail|address|host|ip|client|user_agent|cookie|authorization|password|passcode|secret|token|ticket|link"
    r"|resume|credential|challenge|sdp|offer|answer|text|title|key|url|query|body)(_|s?$)"
)
_PRIVATE_TEXT = (
    # Passcodes and tokens in the fragments of links.
    re.compile(r"#[pt]=[^\s\"']+"),
    re.compile(r"\bmh[a-z]_[A-Za-z0-9_-]{20,}"),
    re.compile(r"(?i)\bbearer\s+\S+"),
    re.compile(r"[^\s\"'<>@=:]+@[\w-]+(\.[\w-]+)+"),
    re.compile(r"\b\d{1,3}(\.\d{1,3}){3}\b"),
    # At least three groups, so that a time of day stays readable.
    re.compile(r"(?i)(?<![\w:.])(?=[0-9a-f:]*::|(?:[0-9a-f]{1,4}:){4,})[0-9a-f:]{3,}(?![\w:])"),
    # Long random texts: signed values, session secrets, SDP passwords.
    re.compile(r"\b(?=[A-Za-z_-]*\d)[A-Za-z0-9_-]{40,}\b"),
)


def configure_logs(level: str, form: Literal["text", "json"], stream: TextIO | None = None) -> None:
    """Send our own and the libraries' records to `stream` (stderr) as one redacted line each."""
    shared: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        drop_private_fields,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=False,
    )
    renderer: Any = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if form == "json"
        else structlog.dev.ConsoleRenderer(
            colors=False, pad_event_to=0, exception_formatter=structlog.dev.plain_traceback
        )
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer, _redact_line],
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    # These narrate each connection or statement, with addresses and parameters.
    for noisy in (
        "uvicorn",
        "uvicorn.error",
        "uvicorn.access",
        "websockets",
        "aiosqlite",
        "sqlalchemy",
        "alembic",
        "asyncio",
    ):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def drop_private_fields(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:  # noqa: ANN401
    """Replace what fields with private names hold."""
    for field in event:
        if field != "event" and _PRIVATE_FIELDS.search(field):
            event[field] = _REDACTED
    return event


def redact(text: str) -> str:
    """`text` without what looks private."""
    for pattern in _PRIVATE_TEXT:
        text = pattern.sub(_REDACTED, text)
    return text


def _redact_line(_logger: Any, _method: str, line: Any) -> str:  # noqa: ANN401 (structlog's processor signature)
    return redact(str(line))

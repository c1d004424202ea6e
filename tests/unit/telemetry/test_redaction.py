"""What the log keeps to itself, and what it must not swallow."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from meetinghouse.telemetry.logs import configure_logs, redact


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """Where the log goes; afterwards it goes where it went before."""
    root = logging.getLogger()
    handlers, level, structured = root.handlers[:], root.level, structlog.get_config()
    target = io.StringIO()
    configure_logs("info", "json", target)
    yield target
    root.handlers, root.level = handlers, level
    structlog.configure(**structured)


@pytest.mark.parametrize(
    "private",
    [
        "https://meet.example.org/j/abc#p=647837",
        "http://localhost:8080/enrol#t=mhl_pzQLs7ssZayBgD1HO4_SNTKpzNWIAHQIc2Y341pBTyM",
        "mht_RJ-AN4k1oDXFsM5FNUalYK5yhgoJAm7xtNBO6h-nshU",
        "Authorization: Bearer abc.def",
        "ana.maria@example.org",
        "192.0.2.17",
        "2001:db8:1:2:3:4:5:6",
        "fe80::1",
        "WyJ0IiwiMjAyNi0xMS0yNFQwNzo1MzozMC40MzI1NjFaIix7IngiOjF9XQ",
    ],
)
def test_what_looks_private_is_taken_out(private: str) -> None:
    shown = redact(f"failed for {private} in the end")
    assert private.rsplit("=", maxsplit=1)[-1].rsplit(maxsplit=1)[-1] not in shown
    assert shown.startswith("failed for ")
    assert shown.endswith(" in the end")


@pytest.mark.parametrize(
    "harmless",
    [
        "2026-11-23T08:25:08.749102Z [info] request",
        "sessions_restored sessions=3 duration_ms=12.5",
        "File engine.py, line 120, in write",
        "meetinghouse.meetings.signalling: closed",
        "01m83r4b1j6m99z4whckyzhqyw",
    ],
)
def test_what_is_needed_to_understand_stays(harmless: str) -> None:
    assert redact(harmless) == harmless


def test_private_fields_are_dropped_whatever_they_hold(stream: io.StringIO) -> None:
    structlog.get_logger("x").info(
        "join",
        name="Ana",
        client_address="here",
        ticket="t",
        meeting_title="Plans",
        limit="guesses_per_number",
        count=3,
    )
    line = json.loads(stream.getvalue())
    assert {line[field] for field in ("name", "client_address", "ticket", "meeting_title")} == {"…"}
    assert (line["event"], line["limit"], line["count"], line["level"]) == ("join", "guesses_per_number", 3, "info")


def test_libraries_and_traces_pass_the_same_nets(stream: io.StringIO) -> None:
    try:
        int("ana@example.org at 192.0.2.17")
    except ValueError:
        logging.getLogger("some.library").exception("failed for %s", "bob@example.org")
    text = stream.getvalue()
    assert "ValueError" in text
    for private in ("ana@example.org", "bob@example.org", "192.0.2.17"):
        assert private not in text

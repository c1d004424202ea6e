"""Which program this is."""

from __future__ import annotations

from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

_GIT = Path(__file__).parents[3] / ".git"


@cache
def program_version() -> str:
    """The installed version; `0+source` when it runs from a checkout that was never installed."""
    try:
        return version("meetinghouse")
    except PackageNotFoundError:
        return "0+source"


@cache
def program_commit() -> str | None:
    """The commit of a checkout, `None` when it runs from a wheel."""
    try:
        head = (_GIT / "HEAD").read_text("ascii").strip()
        if not head.startswith("ref: "):
            return head
        return (_GIT / head.removeprefix("ref: ")).read_text("ascii").strip()
    except OSError:
        return None

"""Time as an input: what decides is given a `Clock`, so that tests can set it."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol, runtime_checkable


@runtime_checkable
class Clock(Protocol):
    """Where the time comes from."""

    def now(self) -> datetime:
        """The wall clock, always aware and in UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go back, for intervals and rates."""
        ...


class SystemClock:
    """The clock of this machine."""

    def now(self) -> datetime:
        """The wall clock in UTC."""
        return datetime.now(UTC)  # noqa: TID251 (here it comes in)

    def monotonic(self) -> float:
        """Seconds since some fixed moment."""
        return time.monotonic()

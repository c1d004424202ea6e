"""Counts what limits count: sliding windows by key, in memory."""

from __future__ import annotations

from collections import OrderedDict, deque
from typing import TypeAlias

import structlog

from meetinghouse.db.clock import Clock
from meetinghouse.security.limits import Rate
from meetinghouse.security.refusal import TooManyAttempts
from meetinghouse.telemetry.metrics import LIMITS_REACHED

_Windows: TypeAlias = OrderedDict[str, deque[float]]
_EMPTY: _Windows = OrderedDict()

_log = structlog.get_logger(__name__)


class Limiter:
    """Remembers recent acts by name and key.

    `check` asks, `record` counts, `hit` does both. A name is the limit's field in `Limits`; the key is whatever is limited
    (an asked number, an address) and is neither logged nor kept beyond its window.
    """

    def __init__(self, clock: Clock, remembered_keys: int) -> None:
        """Forget the longest unused beyond `remembered_keys` per name."""
        self._clock = clock
        self._remembered = remembered_keys
        self._windows: dict[str, _Windows] = {}

    def check(self, name: str, rate: Rate, key: str) -> None:
        """Refuse if `key` has used its window up.

        Raises:
            TooManyAttempts: with the seconds until the next act is possible.

        """
        window = self._windows.get(name, _EMPTY).get(key)
        if window is None:
            return
        now = self._clock.monotonic()
        _forget(window, now - rate.seconds)
        if len(window) < rate.count:
            return
        LIMITS_REACHED.labels(name).inc()
        _log.warning("limit_reached", limit=name)
        raise TooManyAttempts(window[-rate.count] + rate.seconds - now)

    def record(self, name: str, rate: Rate, key: str) -> None:
        """Count one act of `key`."""
        windows = self._windows.setdefault(name, OrderedDict())
        window = windows.get(key)
        if window is None:
            window = windows[key] = deque(maxlen=rate.count)
            if len(windows) > self._remembered:
                windows.popitem(last=False)
        else:
            windows.move_to_end(key)
        window.append(self._clock.monotonic())

    def hit(self, name: str, rate: Rate, key: str) -> None:
        """Count one act, or refuse it.

        Raises:
            TooManyAttempts: with the seconds until the next act is possible.

        """
        self.check(name, rate, key)
        self.record(name, rate, key)

    def forget(self, name: str, key: str) -> None:
        """Begin anew for `key`: it has shown that it is not guessing."""
        self._windows.get(name, _EMPTY).pop(key, None)


def _forget(window: deque[float], before: float) -> None:
    while window and window[0] <= before:
        window.popleft()

"""Whether this process lives, and whether it can do its work."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import structlog

_log = structlog.get_logger(__name__)

Check = Callable[[], Awaitable[bool]]


class Health:
    """The checks of what a process stands on."""

    def __init__(self) -> None:
        """Nothing to check yet."""
        self._checks: dict[str, Check] = {}

    def add(self, part: str, check: Check) -> None:
        """Ask `check` for `part`; one that raises means no."""
        self._checks[part] = check

    async def ready(self) -> dict[str, bool]:
        """Each part and whether it works now."""
        return {part: await _works(part, check) for part, check in self._checks.items()}


async def _works(part: str, check: Check) -> bool:
    try:
        return await check()
    except Exception:  # noqa: BLE001 (whatever it is, the part does not work)
        _log.exception("not_ready", part=part)
        return False

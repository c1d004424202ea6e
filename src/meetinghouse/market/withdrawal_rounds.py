"""Does what the dates of withdrawals bring, while a server runs."""

from __future__ import annotations

import asyncio

import structlog

from meetinghouse.market.context import Market
from meetinghouse.market.withdrawal_actions import advance

_log = structlog.get_logger(__name__)


class WithdrawalRounds:
    """Looks now and then; what was left by a crash is found by the next look."""

    def __init__(self, market: Market) -> None:
        """Nothing is done yet."""
        self._market = market
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to look."""
        self._task = asyncio.create_task(self._run(), name="withdrawals")

    async def stop(self) -> None:
        """End; a step that is under way is taken back and done by the next server."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            try:
                await advance(self._market)
            except Exception:  # noqa: BLE001 (logged; the next look tries again)
                _log.exception("withdrawals_failed")
            await asyncio.sleep(self._market.settings.look_seconds)

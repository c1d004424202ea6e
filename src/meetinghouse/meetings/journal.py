"""Group commit: the changes of all running sessions go to the database in as few transactions as the disk allows.

While one transaction is being committed the next changes gather; they then share one. A change is durable when `write` returns,
and is announced only after that.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import groupby

import structlog
from sqlalchemy.exc import IntegrityError

from meetinghouse.db.engine import Database
from meetinghouse.db.tenancy import Across
from meetinghouse.meetings.live_tables import Write

_log = structlog.get_logger(__name__)

# Entries that share a transaction. Higher helps a storm of joins and makes one slow commit hold more people up.
_BATCH = 256


class Journal:
    """Writes changes in the order in which they were handed in."""

    def __init__(self, database: Database) -> None:
        """Write to `database`."""
        self._database = database
        self._waiting: list[tuple[Sequence[Write], asyncio.Future[None]]] = []
        self._writer: asyncio.Task[None] | None = None

    async def write(self, changes: Sequence[Write]) -> None:
        """Returns when `changes` are durable, all of them or (raising) none."""
        done = asyncio.get_running_loop().create_future()
        self._waiting.append((changes, done))
        if self._writer is None:
            self._writer = asyncio.create_task(self._drain(), name="meetings-journal")
        await done

    async def close(self) -> None:
        """Returns when everything handed in is written."""
        if self._writer is not None:
            await self._writer

    async def _drain(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[:_BATCH], self._waiting[_BATCH:]
                await self._commit(batch)
        finally:
            self._writer = None

    async def _commit(self, batch: list[tuple[Sequence[Write], asyncio.Future[None]]]) -> None:
        try:
            await self._execute([change for changes, _ in batch for change in changes])
        except Exception as error:  # noqa: BLE001 (whatever it is goes to who waits for the write)
            if len(batch) > 1:
                # One entry spoils the transaction for its neighbours: each gets one of its own.
                for entry in batch:
                    await self._commit([entry])
                return
            # A row that is there already is an answer to who asked (a ticket that was used before), not a fault of the disk.
            if not isinstance(error, IntegrityError):
                _log.exception("journal_write_failed")
            self._settle(batch[0][1], error)
            return
        for _, done in batch:
            self._settle(done, None)

    async def _execute(self, changes: Sequence[Write]) -> None:
        async with self._database.write(Across.SESSIONS) as transaction:
            # Neighbours with the same statement become one call of the driver.
            for _, run in groupby(changes, key=lambda change: id(change.statement)):
                rows = list(run)
                await transaction.connection.execute(rows[0].statement, [row.values for row in rows])

    @staticmethod
    def _settle(done: asyncio.Future[None], error: Exception | None) -> None:
        if done.done():
            return
        if error is None:
            done.set_result(None)
        else:
            done.set_exception(error)

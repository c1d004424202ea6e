"""Delivers what is in the outbox: each notice until it is taken, later and later, or given up."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import structlog

from meetinghouse.db.clock import Clock
from meetinghouse.db.engine import Database
from meetinghouse.db.tenancy import Across
from meetinghouse.notices import tables
from meetinghouse.notices.settings import NoticesSettings
from meetinghouse.notices.webhook import UndeliveredError, send
from meetinghouse.security.keyring import Keyring

SECRET_PURPOSE = "webhook"  # noqa: S105 (a purpose, not a secret)
# Receivers that are slow must not hold up all others, and one machine must not be asked by hundreds at once.
_AT_ONCE = 8
_LONGEST_WAIT = timedelta(hours=6)

_log = structlog.get_logger(__name__)


class Outbox:
    """What a server tells others while it runs. A notice that was taken just before a crash is sent once more."""

    def __init__(self, db: Database, keys: Keyring, clock: Clock, settings: NoticesSettings) -> None:
        """Nothing is sent yet."""
        self._db = db
        self._keys = keys
        self._clock = clock
        self._settings = settings
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to deliver."""
        self._task = asyncio.create_task(self._run(), name="outbox")

    async def stop(self) -> None:
        """End; what is under way is sent again by the next server."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def deliver_due(self) -> int:
        """Try once what is due; gives how many were tried."""
        async with self._db.read(Across.NOTICES) as connection:
            found = await tables.due(connection, self._clock.now(), _AT_ONCE)
        await asyncio.gather(*map(self._deliver, found))
        return len(found)

    async def _run(self) -> None:
        while True:
            try:
                tried = await self.deliver_due()
            except Exception:  # noqa: BLE001 (logged; the loop must go on)
                _log.exception("outbox_failed")
                tried = 0
            if not tried:
                await asyncio.sleep(self._settings.look_seconds)

    async def _deliver(self, notice: tables.Notice) -> None:
        settings = self._settings
        try:
            await send(
                notice.url,
                self._keys.unseal(SECRET_PURPOSE, notice.secret).decode(),
                notice.id,
                notice.body,
                now=self._clock.now(),
                networks=settings.networks,
                timeout=settings.timeout_seconds,
            )
        except UndeliveredError as error:
            await self._note_failed(notice, str(error))
            return
        async with self._db.write(Across.NOTICES) as write:
            await tables.note_delivered(write.connection, notice.id, self._clock.now())

    async def _note_failed(self, notice: tables.Notice, error: str) -> None:
        next_at = next_try(notice.tries, self._clock.now(), self._settings)
        _log.warning("notice_not_delivered", notice=notice.id, tries=notice.tries + 1, given_up=next_at is None)
        async with self._db.write(Across.NOTICES) as write:
            await tables.note_failed(write.connection, notice.id, error, next_at)


def next_try(failed_before: int, now: datetime, settings: NoticesSettings) -> datetime | None:
    """When a notice that has failed once more is tried again; never (`None`) after the last try."""
    if failed_before + 1 >= settings.tries:
        return None
    return now + min(_LONGEST_WAIT, timedelta(seconds=settings.retry_seconds * 2**failed_before))

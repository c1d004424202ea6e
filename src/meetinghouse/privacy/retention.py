"""How long each kind of data is kept: in one list, and deleted in one place, some rows at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import ColumnElement, Table, delete, select

from meetinghouse.db.clock import Clock
from meetinghouse.db.engine import Database
from meetinghouse.db.tenancy import Across
from meetinghouse.mail.tables import mails
from meetinghouse.market.decision_tables import market_decisions
from meetinghouse.meetings.live_tables import sessions
from meetinghouse.meetings.quality_tables import quality
from meetinghouse.notices.tables import outbox
from meetinghouse.people.credential_tables import api_tokens, challenges, one_time_links, sign_ins
from meetinghouse.people.tables import idempotent_answers
from meetinghouse.privacy.settings import PrivacySettings

# A server that is started again more often than there are rounds deletes all the same.
_FIRST_SECONDS = 60

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class Policy:
    """The days of every kind that has some; none for a kind with 0."""

    settings: PrivacySettings
    quality_days: int
    decision_days: int


class Retention:
    """Deletes what is over, now and then, for as long as the server runs."""

    def __init__(self, db: Database, clock: Clock, policy: Policy) -> None:
        """Nothing yet."""
        self._db = db
        self._clock = clock
        self._policy = policy
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin."""
        self._task = asyncio.create_task(self._run(), name="retention")

    async def stop(self) -> None:
        """End; what is under way is rolled back."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def do_round(self) -> int:
        """Delete all that is over; gives how many rows. A round that is cut off is done by the next."""
        return sum([await self._delete(table, over) for table, over in _over(self._policy, self._clock.now())])

    async def _run(self) -> None:
        every = self._policy.settings.rounds_seconds
        await asyncio.sleep(min(every, _FIRST_SECONDS))
        while True:
            try:
                await self.do_round()
            except Exception:  # noqa: BLE001 (logged; the loop must go on)
                _log.exception("retention_round_failed")
            await asyncio.sleep(every)

    async def _delete(self, table: Table, over: ColumnElement[bool]) -> int:
        """Some rows a transaction, so that others write in between."""
        (key,) = table.primary_key
        rows, most = 0, self._policy.settings.rows_at_once
        while True:
            async with self._db.write(Across.UPKEEP) as write:
                some = select(key).where(over).limit(most)
                found = (await write.connection.execute(delete(table).where(key.in_(some)))).rowcount
            rows += found
            if found < most:
                return rows


def _over(policy: Policy, now: datetime) -> Iterator[tuple[Table, ColumnElement[bool]]]:
    """Of which tables what may go."""
    settings = policy.settings
    for table in (sign_ins, one_time_links, api_tokens, challenges, idempotent_answers):
        yield table, table.c.expires_at <= now

    def before(days: int) -> datetime:
        return now - timedelta(days=days)

    if policy.quality_days:
        yield quality, quality.c.at < before(policy.quality_days)
    if policy.decision_days:
        yield market_decisions, market_decisions.c.last_at < before(policy.decision_days)
    if settings.history_days:
        # With those who were there and what was written.
        yield sessions, sessions.c.ended_at < before(settings.history_days)
    if settings.outbox_days:
        yield outbox, outbox.c.next_at.is_(None) & (outbox.c.created_at < before(settings.outbox_days))
    if settings.mail_days:
        yield mails, mails.c.next_at.is_(None) & (mails.c.created_at < before(settings.mail_days))

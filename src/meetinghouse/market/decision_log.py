"""Keeps every decision: what a rule allowed or denied to whom, by which version, when.

What strangers can ask for, joins above all, is counted, an hour together, in memory for a few seconds first; everything else
is a row of its own, written before what was decided is done.
"""

from __future__ import annotations

import asyncio
from datetime import datetime

import structlog

from meetinghouse.db.clock import Clock
from meetinghouse.db.engine import Database
from meetinghouse.db.ids import new_id
from meetinghouse.db.tenancy import Across
from meetinghouse.market import decision_tables as tables
from meetinghouse.market.model import Decision, KeptDecision, Verb

# How long counts are in memory alone, and lost if the process is killed. Lower writes more often.
_FLUSH_SECONDS = 5.0

_log = structlog.get_logger(__name__)


class DecisionLog:
    """What was decided, on its way to the database."""

    def __init__(self, db: Database, clock: Clock) -> None:
        """Nothing is written by itself before `start`."""
        self._db = db
        self._clock = clock
        self._counted: dict[tuple[str, str, str, str, int], KeptDecision] = {}
        self._writing: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Write what is counted from now on."""
        self._writing = asyncio.create_task(self._write_on(), name="market-decisions")

    async def stop(self) -> None:
        """Write what is left."""
        if self._writing is not None:
            self._writing.cancel()
            await asyncio.gather(self._writing, return_exceptions=True)
        await self.flush()

    def count(self, tenant_id: str, verb: Verb, decision: Decision, version: int) -> None:
        """Remember that there was one more such decision."""
        now = self._clock.now()
        key = (tenant_id, verb, decision.rule, decision.decision, version)
        known = self._counted.setdefault(key, _kept(tenant_id, verb, decision, version, now, count=0))
        known.count += 1
        known.last_at = now

    async def keep(self, tenant_id: str, verb: Verb, decision: Decision, version: int) -> None:
        """Write a decision down. Not to be called inside a transaction that writes."""
        kept = _kept(tenant_id, verb, decision, version, self._clock.now(), count=1)
        async with self._db.write(tenant_id) as write:
            await tables.insert_decision(write.connection, kept)

    async def flush(self) -> None:
        """Write what was counted."""
        counted, self._counted = self._counted, {}
        if not counted:
            return
        async with self._db.write(Across.UPKEEP) as write:
            for one in counted.values():
                await tables.count_decisions(write.connection, one, one.at.replace(minute=0, second=0, microsecond=0))

    async def _write_on(self) -> None:
        while True:
            await asyncio.sleep(_FLUSH_SECONDS)
            try:
                await self.flush()
            except Exception:  # noqa: BLE001 (logged; later decisions are written all the same)
                _log.exception("decisions_not_written")


def _kept(tenant_id: str, verb: Verb, decision: Decision, version: int, now: datetime, *, count: int) -> KeptDecision:
    return KeptDecision(
        id=new_id(),
        tenant_id=tenant_id,
        verb=verb,
        decision=decision.decision,
        rule=decision.rule,
        version=version,
        at=now,
        last_at=now,
        count=count,
        counted=count == 0,
    )

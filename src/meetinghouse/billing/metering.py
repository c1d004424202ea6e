"""What happens by itself: usage is metered, subscriptions are renewed, and months that are over are closed.

Each step can be done again, and after a crash at any point: a day is metered to the same seconds, a period is renewed once, and
a month's usage is posted by references that are there once.
"""

from __future__ import annotations

import asyncio
from datetime import date, timedelta

import msgspec
import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from meetinghouse.billing import ledger_tables, tables
from meetinghouse.billing.accounts import all_statements, entries_of_usage
from meetinghouse.billing.channel import chain
from meetinghouse.billing.context import Billing
from meetinghouse.billing.model import Period, Usage
from meetinghouse.billing.orders import renew_due
from meetinghouse.billing.rules.periods import month_name, month_period, months_after
from meetinghouse.billing.rules.usage import Unpriced, day_period, metered
from meetinghouse.billing.wire import statement_view
from meetinghouse.db.tenancy import Across
from meetinghouse.notices import tables as notice_tables

# Tenants whose month is closed in one transaction.
_TENANTS_AT_ONCE = 500
_DAY = timedelta(days=1)
# What a webhook for statements is called.
ACCOUNTING = "accounting"

_log = structlog.get_logger(__name__)


class Rounds:
    """Does all of it, now and then, for as long as the server runs."""

    def __init__(self, billing: Billing) -> None:
        """Nothing yet."""
        self._billing = billing
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin."""
        self._task = asyncio.create_task(self._run(), name="billing")

    async def stop(self) -> None:
        """End; what is under way is rolled back."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(self._billing.settings.rounds_seconds)
            try:
                await do_round(self._billing)
            except Exception:  # noqa: BLE001 (logged; the loop must go on)
                # The next round does what this one could not.
                _log.exception("billing_round_failed")


async def do_round(billing: Billing) -> None:
    """Meter since the last round, renew what is due, close what is over."""
    await meter(billing)
    await renew_due(billing)
    await close_months(billing)


async def meter(billing: Billing) -> None:
    """Write down the usage of today so far, of yesterday, and of the days since the last one that was metered.

    The first day of all is the one on which the first thing was sold.
    """
    today = billing.clock.now().date()
    async with billing.db.read(Across.CHANNEL) as connection:
        last = await ledger_tables.last_metered_day(connection, billing.region)
        sold_at = await ledger_tables.first_entry_at(connection) if last is None else None
    if sold_at is not None:
        last = sold_at.date()
    day = today - _DAY if last is None else min(last, today - _DAY)
    while day <= today:
        await meter_day(billing, day)
        day += _DAY


async def meter_day(billing: Billing, day: date) -> None:
    """Write down how long people were in meetings on a day, by tenant. For a day that is not over: until now."""
    period = day_period(day)
    until = min(period.end, billing.clock.now())
    if until <= period.start:
        return
    async with billing.db.read(Across.CHANNEL) as connection:
        found = metered(await ledger_tables.presences(connection, period), Period(period.start, until))
        chains = await _chains(connection, list(found))
    rows = [
        Usage(tenant_id=tenant, region=billing.region, day=day, seconds=seconds, chain=chains[tenant])
        for tenant, seconds in found.items()
        if tenant in chains
    ]
    async with billing.db.write(Across.CHANNEL) as write:
        await ledger_tables.keep_usage(write.connection, rows)
        await ledger_tables.note_metered(write.connection, billing.region, day)


async def close_months(billing: Billing) -> list[str]:
    """Post the usage of months that are over, and tell the accounting systems what is owed; gives the months."""
    now = billing.clock.now()
    async with billing.db.read(Across.CHANNEL) as connection:
        first = await ledger_tables.first_entry_at(connection)
        closed = await ledger_tables.months_closed(connection)
    if first is None:
        return []
    done = []
    start = month_period(month_name(first)).start
    while months_after(start, 1) + timedelta(minutes=billing.settings.close_after_minutes) <= now:
        month = month_name(start)
        if month not in closed:
            await _close(billing, month)
            done.append(month)
        start = months_after(start, 1)
    return done


async def _close(billing: Billing, month: str) -> None:
    period = month_period(month)
    days = (period.start.date(), period.end.date())
    after, unpriced = "", list[Unpriced]()
    while True:
        async with billing.db.write(Across.CHANNEL) as write:
            connection = write.connection
            some = await ledger_tables.tenants_with_usage(connection, days, after, _TENANTS_AT_ONCE)
            if not some:
                break
            entries, problems = await entries_of_usage(connection, period, some, ())
            await ledger_tables.post(connection, entries, billing.clock.now())
        unpriced += problems
        after = some[-1]
    for problem in unpriced:
        _log.warning("usage_not_priced", tenant=problem.tenant_id, month=month, reason=problem.reason)
    await _tell_accounting(billing, period)
    async with billing.db.write(Across.CHANNEL) as write:
        await ledger_tables.close_month(write.connection, month, billing.clock.now(), unpriced)


async def _tell_accounting(billing: Billing, period: Period) -> None:
    """Put every statement of the month into the outbox of each organisation that wants to be told."""
    async with billing.db.read(Across.CHANNEL) as connection:
        receivers = await notice_tables.webhooks_for(connection, ACCOUNTING)
    for receiver in receivers:
        async for some in all_statements(billing.db, receiver.owner_id, period):
            bodies = [
                (
                    f"statement:{one.month}:{one.seller}:{one.buyer}:{one.closing.currency}",
                    msgspec.json.encode({"type": "statement.closed", "data": statement_view(one)}).decode(),
                )
                for one in some
            ]
            async with billing.db.write(Across.CHANNEL) as write:
                await notice_tables.put(write.connection, receiver.id, bodies, billing.clock.now())


async def _chains(connection: AsyncConnection, tenant_ids: list[str]) -> dict[str, tuple[str, ...]]:
    above = await tables.partners_above(connection)
    seats = await tables.seats_of(connection, tenant_ids)
    return {tenant_id: chain(tenant_id, seat, above) for tenant_id, seat in seats.items()}

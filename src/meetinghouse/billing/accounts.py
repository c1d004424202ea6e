"""Statements of account, and reversals of what stands in them by mistake."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncConnection

from meetinghouse.billing import ledger_tables, tables
from meetinghouse.billing.channel import check_seller, not_found, organisation_of
from meetinghouse.billing.context import Billing
from meetinghouse.billing.ledger_tables import Accounts, Pair
from meetinghouse.billing.model import Entry, Period, Statement
from meetinghouse.billing.rules import ledger
from meetinghouse.billing.rules.periods import month_name, month_period, months_after
from meetinghouse.billing.rules.statements import statements
from meetinghouse.billing.rules.usage import Unpriced, usage_entries
from meetinghouse.db.engine import Database
from meetinghouse.db.tenancy import Across
from meetinghouse.people import tables as people_tables
from meetinghouse.people.model import Actor
from meetinghouse.security.refusal import Refusal

# Accounts that are read at a time where all are wanted.
_ACCOUNTS_AT_ONCE = 1000


class StatementsPage(Struct, frozen=True):
    """Some statements, and after which account the next ones come (`None`: there are no more)."""

    statements: list[Statement]
    last: Pair | None


async def actors_statements(
    billing: Billing, actor: Actor, month: str, after: Pair | None, limit: int
) -> StatementsPage:
    """An organisation's accounts over a month: with its seller, and with those that it sells to.

    Raises:
        Refusal: 422 `invalid_month` or `month_not_begun`.

    """
    period = check_month(month, billing.clock.now())
    async with billing.db.read(Across.CHANNEL) as connection:
        organisation = await organisation_of(connection, actor)
        return await _page(connection, organisation.id, period, after, limit)


async def all_statements(db: Database, organisation: str | None, period: Period) -> AsyncIterator[list[Statement]]:
    """Every account of an organisation, or of all (`None`), over a month, some at a time."""
    after: Pair | None = None
    while True:
        async with db.read(Across.CHANNEL) as connection:
            page = await _page(connection, organisation, period, after, _ACCOUNTS_AT_ONCE)
        yield page.statements
        after = page.last
        if after is None:
            return


async def organisation_id(billing: Billing, actor: Actor) -> str:
    """For whom an actor acts."""
    async with billing.db.read(Across.CHANNEL) as connection:
        return (await organisation_of(connection, actor)).id


def check_month(month: str, now: datetime) -> Period:
    """A month that has begun.

    Raises:
        Refusal: 422 `invalid_month` or `month_not_begun`.

    """
    period = month_period(month)
    if now < period.start:
        raise Refusal(422, "month_not_begun", f"{month} has not begun.")
    return period


async def entries_of_usage(
    connection: AsyncConnection, month: Period, tenant_ids: Collection[str], partner_ids: Collection[str]
) -> tuple[list[Entry], list[Unpriced]]:
    """What the usage of a month costs: that of some tenants, and of all that bought through some partners."""
    days = (month.start.date(), month.end.date())
    usage = await ledger_tables.usage_between(connection, days, tenant_ids, partner_ids)
    if not usage:
        return [], []
    sellers = {seller for one in usage for seller in one.chain[:-1]}
    books = await tables.books_of(connection, sellers)
    currencies = await tables.currencies_of(connection, {one.tenant_id for one in usage})
    return usage_entries(usage, books, currencies, month)


async def do_reverse(billing: Billing, actor: Actor, reference: str, memo: str) -> Entry:
    """Take an entry back that the actor's organisation sold or was paid by; a second time is the same reversal.

    Raises:
        Refusal: 404 `not_found`, 422 `not_reversible`.

    """
    now = billing.clock.now().replace(microsecond=0)
    async with billing.db.write(Across.CHANNEL) as write:
        connection = write.connection
        seller = await check_seller(connection, actor)
        known = await ledger_tables.entry(connection, reference)
        if known is None or known.seller != seller.id:
            raise not_found()
        if known.kind == "reversal":
            raise Refusal(422, "not_reversible", "This is a reversal: post what it took back again instead.")
        entry = ledger.reversal(known, now, memo)
        done = await ledger_tables.entry(connection, entry.reference)
        if done is not None:
            return done
        await ledger_tables.post(connection, [entry], now)
        await people_tables.insert_audit(
            connection, actor.tenant_id, now, actor.member_id, "reverse_entry", reference, {"buyer": known.buyer}
        )
    return entry


async def _page(
    connection: AsyncConnection, organisation: str | None, month: Period, after: Pair | None, limit: int
) -> StatementsPage:
    pairs = await ledger_tables.pairs_page(connection, organisation, month.end, after, limit)
    if not pairs:
        return StatementsPage([], None)
    read = Accounts(organisation, after, pairs[-1])
    opening = await ledger_tables.owed_before(connection, read, month.start)
    entries = await ledger_tables.entries_between(connection, read, month)
    for entry in await _not_posted(connection, pairs, month):
        if entry.at in month:
            entries.append(entry)
        else:
            for posting in entry.postings:
                if posting.account == "due":
                    key = (entry.seller, entry.buyer, posting.amount.currency)
                    opening[key] = opening.get(key, 0) + posting.amount.minor
    found = await _named(connection, statements(entries, opening, month))
    return StatementsPage(found, pairs[-1] if len(pairs) == limit else None)


async def _named(connection: AsyncConnection, found: list[Statement]) -> list[Statement]:
    names = await tables.names_of(connection, {one for each in found for one in (each.seller, each.buyer)})
    return [
        replace(one, seller_name=names.get(one.seller, one.seller), buyer_name=names.get(one.buyer, one.buyer))
        for one in found
    ]


async def _not_posted(connection: AsyncConnection, pairs: Collection[Pair], month: Period) -> list[Entry]:
    """What the usage costs, so far, of months that are not closed, up to `month`."""
    first = await ledger_tables.first_day_with_usage(connection)
    if first is None:
        return []
    closed = await ledger_tables.months_closed(connection)
    buyers = {pair.buyer for pair in pairs}
    partner_ids = buyers & set(await tables.partners_above(connection))
    found: list[Entry] = []
    start = month_period(f"{first.year:04}-{first.month:02}").start
    while start < month.end:
        if month_name(start) not in closed:
            period = Period(start, months_after(start, 1))
            entries, _ = await entries_of_usage(connection, period, buyers - partner_ids, partner_ids)
            found += [entry for entry in entries if Pair(entry.buyer, entry.seller) in pairs]
        start = months_after(start, 1)
    posted = await ledger_tables.posted(connection, [entry.reference for entry in found])
    return [entry for entry in found if entry.reference not in posted]

"""SQL of the ledger and of usage. Triggers of the databases refuse that a row of the ledger is changed or removed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime
from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    ForeignKey,
    String,
    Table,
    Text,
    column,
    func,
    insert,
    literal,
    or_,
    select,
    table,
    tuple_,
    type_coerce,
    update,
)
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from meetinghouse.billing.model import About, Entry, Period, Posting, Usage
from meetinghouse.billing.money import Money
from meetinghouse.billing.rules.usage import Presence
from meetinghouse.db.ids import new_id
from meetinghouse.db.schema import metadata
from meetinghouse.db.types import Json, UtcTime

_ID = String(64)
# Rows of one statement: each value is a parameter, of which the databases take tens of thousands.
_ROWS_AT_ONCE = 500

ledger_entries = Table(
    "ledger_entries",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("reference", Text, nullable=False, unique=True),
    Column("seller_id", _ID, nullable=False),
    Column("buyer_id", _ID, nullable=False),
    Column("kind", Text, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("about", Json),
    Column("memo", Text, nullable=False),
    Column("posted_at", UtcTime, nullable=False),
)

ledger_postings = Table(
    "ledger_postings",
    metadata,
    Column("entry_id", _ID, ForeignKey("ledger_entries.id"), primary_key=True),
    Column("account", String(16), primary_key=True),
    Column("currency", String(3), primary_key=True),
    Column("minor", BigInteger, nullable=False),
)

usage = Table(
    "usage",
    metadata,
    Column("tenant_id", _ID, ForeignKey("tenants.id"), primary_key=True),
    Column("region", String(64), primary_key=True),
    Column("day", Date, primary_key=True),
    Column("seconds", BigInteger, nullable=False),
    Column("chain", Json, nullable=False),
)

# The last day that was metered, by region.
metered_days = Table(
    "metered_days",
    metadata,
    Column("region", String(64), primary_key=True),
    Column("day", Date, nullable=False),
)

closed_months = Table(
    "closed_months",
    metadata,
    Column("month", String(7), primary_key=True),
    Column("closed_at", UtcTime, nullable=False),
    Column("unpriced", Json, nullable=False),
)

# Rows of meetings, which this feature reads and does not know: it stands below them.
_sessions = table("sessions", column("id"), column("ended_at", UtcTime))
_participants = table(
    "participants",
    column("tenant_id", String),
    column("session_id"),
    column("joined_at", UtcTime),
    column("left_at", UtcTime),
)


class Pair(Struct, frozen=True, order=True):
    """A buyer and its seller."""

    buyer: str
    seller: str


class Accounts(Struct, frozen=True):
    """Accounts that follow each other by buyer and seller: those after one, up to another, of an organisation or of all."""

    organisation: str | None
    after: Pair | None
    last: Pair


async def post(connection: AsyncConnection, entries: Sequence[Entry], now: datetime) -> int:
    """Append entries; those whose reference is there already are left out. Gives how many were new."""
    new = {entry.reference: entry for entry in entries}
    for reference in await posted(connection, list(new)):
        del new[reference]
    rows: list[dict[str, Any]] = []
    postings: list[dict[str, Any]] = []
    for entry in new.values():
        identity = new_id()
        rows.append(
            {
                "id": identity,
                "reference": entry.reference,
                "seller_id": entry.seller,
                "buyer_id": entry.buyer,
                "kind": entry.kind,
                "at": entry.at,
                "about": entry.about,
                "memo": entry.memo,
                "posted_at": now,
            }
        )
        postings += [
            {
                "entry_id": identity,
                "account": posting.account,
                "currency": posting.amount.currency,
                "minor": posting.amount.minor,
            }
            for posting in entry.postings
        ]
    if rows:
        await connection.execute(insert(ledger_entries), rows)
        await connection.execute(insert(ledger_postings), postings)
    return len(rows)


async def posted(connection: AsyncConnection, references: Sequence[str]) -> set[str]:
    """Those of some references that are in the ledger."""
    found: set[str] = set()
    for first in range(0, len(references), _ROWS_AT_ONCE):
        some = references[first : first + _ROWS_AT_ONCE]
        query = select(ledger_entries.c.reference).where(ledger_entries.c.reference.in_(some))
        found |= set((await connection.execute(query)).scalars())
    return found


async def entry(connection: AsyncConnection, reference: str) -> Entry | None:
    """One entry."""
    found = await _entries(connection, ledger_entries.c.reference == reference)
    return found[0] if found else None


async def entries_by_reference(connection: AsyncConnection, references: Sequence[str]) -> dict[str, Entry]:
    """Those of some references that are in the ledger, with their entries."""
    found: dict[str, Entry] = {}
    for first in range(0, len(references), _ROWS_AT_ONCE):
        some = references[first : first + _ROWS_AT_ONCE]
        found |= {one.reference: one for one in await _entries(connection, ledger_entries.c.reference.in_(some))}
    return found


async def all_entries(connection: AsyncConnection) -> list[Entry]:
    """The whole ledger."""
    return await _entries(connection, ledger_entries.c.id.is_not(None))


async def entries_between(connection: AsyncConnection, accounts: Accounts, period: Period) -> list[Entry]:
    """What was posted to some accounts within a period."""
    return await _entries(
        connection, ledger_entries.c.at >= period.start, ledger_entries.c.at < period.end, *_among(accounts)
    )


async def owed_before(connection: AsyncConnection, accounts: Accounts, at: datetime) -> dict[tuple[str, str, str], int]:
    """What each buyer owed its seller at a moment, by seller, buyer and currency."""
    key = (ledger_entries.c.seller_id, ledger_entries.c.buyer_id, ledger_postings.c.currency)
    query = (
        select(*key, func.sum(ledger_postings.c.minor))
        .join(ledger_postings, ledger_postings.c.entry_id == ledger_entries.c.id)
        .where(ledger_postings.c.account == "due", ledger_entries.c.at < at, *_among(accounts))
        .group_by(*key)
    )
    return {(row[0], row[1], row[2]): int(row[3]) for row in await connection.execute(query)}


async def has_account(connection: AsyncConnection, pair: Pair, currency: str) -> bool:
    """Whether anything was ever posted between a buyer and a seller in a currency."""
    query = (
        select(ledger_entries.c.id)
        .join(ledger_postings, ledger_entries.c.id == ledger_postings.c.entry_id)
        .where(ledger_entries.c.buyer_id == pair.buyer, ledger_entries.c.seller_id == pair.seller)
        .where(ledger_postings.c.currency == currency)
        .limit(1)
    )
    return (await connection.execute(query)).first() is not None


async def balances(connection: AsyncConnection) -> dict[tuple[str, str, str, str], int]:
    """Every account, by seller, buyer, account and currency: what the ledger sums to."""
    postings = ledger_postings.c
    key = (ledger_entries.c.seller_id, ledger_entries.c.buyer_id, postings.account, postings.currency)
    query = (
        select(*key, func.sum(postings.minor))
        .join(ledger_postings, postings.entry_id == ledger_entries.c.id)
        .group_by(*key)
    )
    return {(row[0], row[1], row[2], row[3]): int(row[4]) for row in await connection.execute(query)}


async def pairs_page(
    connection: AsyncConnection, organisation: str | None, until: datetime, after: Pair | None, limit: int
) -> list[Pair]:
    """Who has bought from whom before a moment, ordered by buyer: where an organisation is either, or all (`None`)."""
    columns = ledger_entries.c
    query = (
        select(columns.buyer_id, columns.seller_id)
        .where(columns.at < until, *_from(organisation, after))
        .distinct()
        .order_by(columns.buyer_id, columns.seller_id)
        .limit(limit)
    )
    return [Pair(*row) for row in await connection.execute(query)]


async def presences(connection: AsyncConnection, period: Period) -> list[Presence]:
    """Who was in meetings during a period; who was not seen to leave a session left at its end."""
    left, ended = _participants.c.left_at, _sessions.c.ended_at
    query = (
        select(_participants.c.tenant_id, _participants.c.joined_at, func.coalesce(left, ended, type_=UtcTime))
        .join_from(_participants, _sessions, _sessions.c.id == _participants.c.session_id)
        .where(_participants.c.joined_at < period.end, or_(left.is_(None), left > period.start))
        .where(or_(ended.is_(None), ended > period.start))
    )
    return [Presence(*row) for row in await connection.execute(query)]


async def keep_usage(connection: AsyncConnection, rows: Iterable[Usage]) -> int:
    """Write down a day's usage. A day that is metered again only grows: what was deleted since was used all the same."""
    changed = 0
    for one in rows:
        key = (usage.c.tenant_id == one.tenant_id, usage.c.region == one.region, usage.c.day == one.day)
        known = (await connection.execute(select(usage.c.seconds).where(*key))).scalar_one_or_none()
        if known is None:
            await connection.execute(insert(usage).values(**msgspec.structs.asdict(one)))
        elif known < one.seconds:
            await connection.execute(update(usage).where(*key).values(seconds=one.seconds))
        changed += known is None or known < one.seconds
    return changed


async def usage_between(
    connection: AsyncConnection, days: tuple[date, date], tenant_ids: Collection[str], partner_ids: Collection[str]
) -> list[Usage]:
    """The usage of days (half-open) of some tenants, and of all that bought through some partners."""
    whose: list[Any] = [usage.c.tenant_id.in_(tenant_ids)]
    whose += [type_coerce(usage.c.chain, Text).contains(f'"{partner}"') for partner in partner_ids]
    query = select(usage).where(usage.c.day >= days[0], usage.c.day < days[1], or_(*whose))
    return [_usage(row) for row in await connection.execute(query)]


async def tenants_with_usage(connection: AsyncConnection, days: tuple[date, date], after: str, limit: int) -> list[str]:
    """Tenants that used something on some days (half-open)."""
    query = (
        select(usage.c.tenant_id)
        .where(usage.c.day >= days[0], usage.c.day < days[1], usage.c.tenant_id > after)
        .distinct()
        .order_by(usage.c.tenant_id)
        .limit(limit)
    )
    return list((await connection.execute(query)).scalars())


async def last_metered_day(connection: AsyncConnection, region: str) -> date | None:
    """The last day that was metered, perhaps before it was over."""
    query = select(metered_days.c.day).where(metered_days.c.region == region)
    return (await connection.execute(query)).scalar_one_or_none()


async def note_metered(connection: AsyncConnection, region: str, day: date) -> None:
    """A day was metered."""
    known = await last_metered_day(connection, region)
    if known is None:
        await connection.execute(insert(metered_days).values(region=region, day=day))
    elif known < day:
        await connection.execute(update(metered_days).where(metered_days.c.region == region).values(day=day))


async def first_day_with_usage(connection: AsyncConnection) -> date | None:
    """The oldest day with usage; none before anything was used."""
    query = select(usage.c.day).order_by(usage.c.day).limit(1)
    return (await connection.execute(query)).scalar_one_or_none()


async def first_entry_at(connection: AsyncConnection) -> datetime | None:
    """When the first thing was sold; none before anything was."""
    query = select(ledger_entries.c.at).order_by(ledger_entries.c.at).limit(1)
    return (await connection.execute(query)).scalar_one_or_none()


async def months_closed(connection: AsyncConnection) -> set[str]:
    """The months that are closed."""
    return set((await connection.execute(select(closed_months.c.month))).scalars())


async def close_month(connection: AsyncConnection, month: str, now: datetime, unpriced: Sequence[Any]) -> None:
    """Nothing more is charged for a month."""
    await connection.execute(insert(closed_months).values(month=month, closed_at=now, unpriced=unpriced))


def _from(organisation: str | None, after: Pair | None) -> list[Any]:
    columns = ledger_entries.c
    found: list[Any] = []
    if organisation is not None:
        found.append(or_(columns.seller_id == organisation, columns.buyer_id == organisation))
    if after is not None:
        found.append(tuple_(columns.buyer_id, columns.seller_id) > tuple_(literal(after.buyer), literal(after.seller)))
    return found


def _among(accounts: Accounts) -> list[Any]:
    """A range of the index: naming each account would compare every row with all of them."""
    columns, last = ledger_entries.c, accounts.last
    up_to = tuple_(columns.buyer_id, columns.seller_id) <= tuple_(literal(last.buyer), literal(last.seller))
    return [*_from(accounts.organisation, accounts.after), up_to]


async def _entries(connection: AsyncConnection, *conditions: Any) -> list[Entry]:  # noqa: ANN401 (SQL expressions)
    query = (
        select(
            ledger_entries,
            ledger_postings.c.account,
            ledger_postings.c.currency,
            ledger_postings.c.minor,
        )
        .join(ledger_postings, ledger_postings.c.entry_id == ledger_entries.c.id)
        .where(*conditions)
    )
    heads: dict[str, Row[Any]] = {}
    postings: dict[str, list[Posting]] = defaultdict(list)
    for row in await connection.execute(query):
        heads[row.id] = row
        postings[row.id].append(Posting(row.account, Money(row.minor, row.currency)))
    return [
        Entry(
            reference=row.reference,
            seller=row.seller_id,
            buyer=row.buyer_id,
            kind=row.kind,
            at=row.at,
            postings=tuple(postings[row.id]),
            about=None if row.about is None else msgspec.convert(row.about, About),
            memo=row.memo,
        )
        for row in heads.values()
    ]


def _usage(row: Row[Any]) -> Usage:
    return Usage(tenant_id=row.tenant_id, region=row.region, day=row.day, seconds=row.seconds, chain=tuple(row.chain))

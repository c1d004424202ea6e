"""Orders over HTTP: prices are frozen, all in the chain are charged, of two at once one wins, the market decides."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any

import pytest

from channels import SEAT, Shop, prices
from meetinghouse.billing import ledger_tables
from meetinghouse.billing.orders import renew_due
from meetinghouse.billing.rules import ledger
from meetinghouse.db.tenancy import Across
from rule_sets import put_in_force, raw_rules, rule

DAY = 86_400


async def _owed(shop: Shop) -> dict[tuple[str, str], int]:
    """What is due in cents, by seller and buyer; the ledger sums to zero and its replay is its state."""
    async with shop.channel.running.services.db.read(Across.UPKEEP) as connection:
        found = await ledger_tables.balances(connection)
        entries = await ledger_tables.all_entries(connection)
    assert sum(found.values()) == 0
    assert ledger.balances(entries) == found
    names = {shop.channel.op.id: "op"}
    return {
        (names.get(seller, seller[3:]), buyer[3:]): minor
        for (seller, buyer, account, _), minor in found.items()
        if account == "due"
    }


async def _upgrade(shop: Shop, bought: dict[str, Any], **change: Any) -> dict[str, Any]:  # noqa: ANN401 (JSON)
    known = bought["subscription"]
    body = {"kind": "upgrade", "subscription": known["id"], "revision": known["revision"], **change}
    made: dict[str, Any] = await shop.channel.acme.call("POST", "/billing/orders", body, 201)
    return made


async def test_everybody_in_the_chain_is_charged_and_sees_their_own_price_alone(shop: Shop) -> None:
    bought = await shop.buy(shop.channel.acme)
    assert await _owed(shop) == {("op", "oem"): 10_000, ("oem", "shop"): 12_000, ("shop", "acme"): 15_000}
    (price,) = bought["order"]["prices"]
    assert (price["seller"], price["unit_price"], price["amount"], price["book_version"]) == (
        "zp-shop",
        "15",
        "150.00",
        1,
    )
    assert (bought["order"]["rule"], bought["subscription"]["period_end"]) == ("initial-allow", "2026-12-23T12:00:00Z")
    (seen,) = (await shop.channel.shop.call("GET", "/billing/subscriptions"))["items"]
    assert [price["unit_price"] for price in seen["prices"]] == ["12", "15"]


async def test_a_tenant_orders_for_itself_and_a_seller_for_its_own_tenants(shop: Shop) -> None:
    channel = shop.channel
    body = {"kind": "buy", "sku": SEAT, "quantity": 1, "currency": "USD", "tenant": "zt-acme"}
    await channel.shop.call("POST", "/billing/orders", body, 201)
    for other in (channel.op, channel.oem, channel.bolt, channel.solo):
        assert await other.refused("POST", "/billing/orders", body) == (404, "not_found")
        assert await other.refused("GET", "/billing/orders?tenant=zt-acme") == (404, "not_found")
        assert await other.refused("GET", "/billing/subscriptions?tenant=zt-acme") == (404, "not_found")
    absent = {**body, "tenant": "nobody"}
    assert await channel.shop.refused("POST", "/billing/orders", absent) == (404, "not_found")
    solo = await shop.buy(channel.solo, 1)
    assert solo["order"]["prices"][0]["amount"] == "20.00"
    assert len((await channel.op.call("GET", "/billing/subscriptions"))["items"]) == 1


async def test_an_upgrade_gives_back_the_rest_and_charges_it_anew(shop: Shop) -> None:
    bought = await shop.buy(shop.channel.acme)
    shop.clock.advance(10 * DAY)
    dearer = {"audience": "tenants", "currency": "USD", "prices": prices("30")}
    await shop.channel.shop.call("POST", "/billing/books", dearer, 201)
    done = await _upgrade(shop, bought, quantity=20)
    # 10 of 30 days at 150.00, then 20 days of 600.00: what was bought at 15 is given back at 15.
    assert (await _owed(shop))["shop", "acme"] == 5_000 + 40_000
    assert (await _owed(shop))["op", "oem"] == 3_333 + 13_333
    assert done["subscription"]["revision"] == 2
    assert [one["kind"] for one in (await shop.channel.acme.call("GET", "/billing/orders"))["items"]] == [
        "upgrade",
        "buy",
    ]


async def test_a_downgrade_waits_for_the_periods_end_and_renewal_takes_the_price_of_then(shop: Shop) -> None:
    bought = await shop.buy(shop.channel.acme)
    known = bought["subscription"]
    body = {"kind": "downgrade", "subscription": known["id"], "revision": 1, "quantity": 4}
    done = await shop.channel.acme.call("POST", "/billing/orders", body, 201)
    assert (done["subscription"]["quantity"], done["subscription"]["later"]) == (10, {"sku": SEAT, "quantity": 4})
    assert (await _owed(shop))["shop", "acme"] == 15_000
    billing = shop.channel.running.services.billing
    assert await renew_due(billing) == 0
    shop.clock.advance(30 * DAY)
    assert await renew_due(billing) == 1
    assert await renew_due(billing) == 0
    (now,) = (await shop.channel.acme.call("GET", "/billing/subscriptions"))["items"]
    assert (now["quantity"], now["period_start"], now["period_end"]) == (
        4,
        "2026-12-23T12:00:00Z",
        "2027-01-23T12:00:00Z",
    )
    assert (await _owed(shop))["shop", "acme"] == 15_000 + 6_000


async def _plan(shop: Shop) -> str:
    """What acme has, as its reseller sees it."""
    return str((await shop.channel.shop.call("GET", "/tenants/zt-acme"))["plan"])


async def test_a_tenant_has_the_plan_that_it_pays_for_from_when_the_order_takes_effect(shop: Shop) -> None:
    acme, billing = shop.channel.acme, shop.channel.running.services.billing
    await shop.channel.op.call("PUT", "/plans/pro", {"name": "Pro", "entitlements": {"host": False}})
    assert await _plan(shop) == "standard"
    await acme.call("POST", "/meetings", {}, 201)
    bought = await shop.buy(acme)
    assert await _plan(shop) == "pro"
    shop.clock.advance(2)
    assert await acme.refused("POST", "/meetings", {}) == (403, "plan_refused")
    upgraded = await _upgrade(shop, bought, sku="seat:max:month")
    assert await _plan(shop) == "max"
    shop.clock.advance(2)
    await acme.call("POST", "/meetings", {}, 201)
    known = {"subscription": upgraded["subscription"]["id"], "sku": SEAT}
    unknown = {"kind": "downgrade", "revision": 2, **known, "sku": "seat:no:month"}
    assert await acme.refused("POST", "/billing/orders", unknown) == (422, "unknown_plan")
    await acme.call("POST", "/billing/orders", {"kind": "downgrade", "revision": 2, **known}, 201)
    assert await _plan(shop) == "max"
    shop.clock.advance(31 * DAY)
    await renew_due(billing)
    assert await _plan(shop) == "pro"
    await acme.call(
        "POST", "/billing/orders", {"kind": "cancel", "subscription": known["subscription"], "revision": 4}, 201
    )
    shop.clock.advance(31 * DAY)
    await renew_due(billing)
    assert await _plan(shop) == "standard"
    entries = (await acme.call("GET", "/audit"))["items"]
    assert [one["detail"]["plan"] for one in entries if one["action"] == "set_plan"] == [
        "standard",
        "pro",
        "max",
        "pro",
    ]


async def test_what_ends_takes_the_plan_that_it_gave_and_no_other(shop: Shop) -> None:
    first = await shop.buy(shop.channel.acme)
    second = await shop.buy(shop.channel.acme, sku="seat:max:month")
    cancel = {"kind": "cancel", "revision": 1, "at_once": True}
    await shop.channel.acme.call("POST", "/billing/orders", {**cancel, "subscription": second["order"]["id"]}, 201)
    assert await _plan(shop) == "pro"
    await shop.channel.shop.call("PATCH", "/tenants/zt-acme", {"plan": "max"})
    await shop.channel.acme.call("POST", "/billing/orders", {**cancel, "subscription": first["order"]["id"]}, 201)
    assert await _plan(shop) == "max"


async def test_what_is_cheaper_is_no_upgrade_and_what_is_dearer_no_downgrade(shop: Shop) -> None:
    bought = await shop.buy(shop.channel.acme)
    known = bought["subscription"]["id"]
    for kind, quantity, code in (("upgrade", 9, "not_an_upgrade"), ("downgrade", 11, "not_a_downgrade")):
        body = {"kind": kind, "subscription": known, "revision": 1, "quantity": quantity}
        assert await shop.channel.acme.refused("POST", "/billing/orders", body) == (422, code)


async def test_a_cancellation_holds_from_the_periods_end_or_at_once_with_the_rest_given_back(shop: Shop) -> None:
    bought, other = await shop.buy(shop.channel.acme), await shop.buy(shop.channel.bolt)
    shop.clock.advance(15 * DAY)
    for who, made, at_once in ((shop.channel.acme, bought, True), (shop.channel.bolt, other, False)):
        body = {"kind": "cancel", "subscription": made["subscription"]["id"], "revision": 1, "at_once": at_once}
        await who.call("POST", "/billing/orders", body, 201)
    owed = await _owed(shop)
    assert (owed["shop", "acme"], owed["oem", "bolt"]) == (7_500, 16_000)
    again = {"kind": "cancel", "subscription": bought["subscription"]["id"], "revision": 2}
    assert await shop.channel.acme.refused("POST", "/billing/orders", again) == (409, "subscription_ended")
    shop.clock.advance(16 * DAY)
    await renew_due(shop.channel.running.services.billing)
    (ended,) = (await shop.channel.bolt.call("GET", "/billing/subscriptions"))["items"]
    assert (ended["status"], await _owed(shop)) == ("ended", owed)


async def test_of_two_changes_at_once_one_wins(shop: Shop) -> None:
    bought = await shop.buy(shop.channel.acme)
    bodies = [
        {"kind": "upgrade", "subscription": bought["subscription"]["id"], "revision": 1, "quantity": 20 + number}
        for number in range(4)
    ]
    bodies.append({"kind": "cancel", "subscription": bought["subscription"]["id"], "revision": 1, "at_once": True})
    headers = {"authorization": f"Bearer {shop.channel.acme.token}"}
    http = shop.channel.acme.http
    answers = await asyncio.gather(
        *(http.post("/api/v1/billing/orders", json=body, headers=headers) for body in bodies)
    )
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409, 409]
    assert {answer.json().get("code") for answer in answers if answer.status_code == 409} == {"changed_meanwhile"}
    assert len((await shop.channel.acme.call("GET", "/billing/orders"))["items"]) == 2
    await _owed(shop)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"kind": "buy", "sku": "minutes:*", "currency": "USD"}, "unknown_sku"),
        ({"kind": "buy", "sku": SEAT, "currency": "USD", "quantity": 0}, "invalid_quantity"),
        ({"kind": "buy", "sku": SEAT, "currency": "USD", "quantity": 10**9}, "invalid_quantity"),
        ({"kind": "buy", "sku": SEAT, "currency": "EUR"}, "currency_not_shared"),
        ({"kind": "buy", "sku": "seat:none:month", "currency": "USD"}, "unknown_plan"),
        ({"kind": "buy", "sku": "seat:standard:month", "currency": "USD"}, "price_missing"),
        ({"kind": "buy", "sku": SEAT}, "invalid_order"),
        ({"kind": "upgrade"}, "invalid_order"),
    ],
)
async def test_what_cannot_be_ordered_is_said_and_nothing_is_kept(shop: Shop, body: dict[str, Any], code: str) -> None:
    assert await shop.channel.acme.refused("POST", "/billing/orders", body) == (422, code)
    assert (await shop.channel.acme.call("GET", "/billing/orders"))["items"] == []
    assert await _owed(shop) == {}


async def test_the_market_decides_at_the_one_place_where_orders_are_made(shop: Shop) -> None:
    bought = await shop.buy(shop.channel.acme)
    denied = rule(
        "no-more", ["buy", "upgrade", "renew"], offers=["oem"], message={"en": "No."}, **{"from": "2026-11-24"}
    )
    made = await put_in_force(shop.channel.running, raw_rules(denied))
    shop.clock.advance(2)
    assert (await _upgrade(shop, bought, quantity=11))["order"]["rule_set"] == made.id
    shop.clock.advance(DAY)
    for body in (
        {"kind": "buy", "sku": SEAT, "currency": "USD"},
        {"kind": "upgrade", "subscription": bought["subscription"]["id"], "revision": 2, "quantity": 12},
    ):
        problem = await shop.channel.acme.call("POST", "/billing/orders", body, 403)
        assert (problem["code"], problem["rule"], problem["offers"]) == ("not_allowed_here", "no-more", ["oem"])
    shop.clock.advance(30 * DAY)
    await renew_due(shop.channel.running.services.billing)
    (ended,) = (await shop.channel.acme.call("GET", "/billing/subscriptions"))["items"]
    assert ended["status"] == "ended"


async def test_a_renewal_without_a_price_waits_for_one(shop: Shop) -> None:
    bought = await shop.buy(shop.channel.acme)
    only = [{"sku": "seat:max:month", "unit_price": "1"}]
    book = {"audience": "tenants", "currency": "USD", "effective_from": "2026-12-01T00:00:00Z", "prices": only}
    await shop.channel.shop.call("POST", "/billing/books", book, 201)
    shop.clock.advance(31 * DAY)
    assert await renew_due(shop.channel.running.services.billing) == 0
    late = {"kind": "cancel", "subscription": bought["subscription"]["id"], "revision": 1}
    assert await shop.channel.acme.refused("POST", "/billing/orders", late) == (409, "period_over")
    assert datetime.fromisoformat("2026-12-23T12:00:00Z") < shop.clock.now()

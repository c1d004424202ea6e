"""Books over HTTP: who may publish and read what; what is wrong with one is said by row, and nothing of it is kept."""

from __future__ import annotations

from typing import Any

import pytest

from channels import SEAT, Shop, prices


def _book(*rows: dict[str, Any], **fields: Any) -> dict[str, Any]:  # noqa: ANN401 (JSON)
    return {"audience": "tenants", "currency": "USD", "prices": list(rows), **fields}


async def test_a_book_is_read_by_who_sells_and_who_buys_by_it(shop: Shop) -> None:
    channel = shop.channel
    (book,) = (await channel.shop.call("GET", "/billing/books?limit=1"))["items"]
    assert (book["seller"], book["audience"], book["currency"], book["version"]) == ("zp-shop", "tenants", "USD", 1)
    seen = await channel.acme.call("GET", f"/billing/books/{book['id']}")
    assert {row["sku"]: row["unit_price"] for row in seen["prices"]}[SEAT] == "15"
    for other in (channel.bolt, channel.solo, channel.oem, channel.op):
        assert await other.refused("GET", f"/billing/books/{book['id']}") == (404, "not_found")
    sellers = {one["seller"] for one in (await channel.shop.call("GET", "/billing/books"))["items"]}
    assert sellers == {"zp-shop", "zp-oem"}
    assert {
        (one["seller"], one["audience"]) for one in (await channel.bolt.call("GET", "/billing/books"))["items"]
    } == {("zp-oem", "tenants")}


async def test_a_tenant_sells_nothing_and_a_member_reads_nothing(shop: Shop) -> None:
    channel = shop.channel
    assert await channel.acme.refused("POST", "/billing/books", _book(*prices("1"))) == (404, "not_found")
    member = await channel.token("zt-acme", scopes=frozenset())
    answer = await channel.acme.http.get("/api/v1/billing/books", headers={"authorization": f"Bearer {member}"})
    assert (answer.status_code, answer.json()["code"]) == (403, "missing_scope")


async def test_another_price_is_another_version_and_holds_from_its_time_on(shop: Shop) -> None:
    seller = shop.channel.shop
    later = _book(*prices("18"), effective_from="2026-12-01T00:00:00Z")
    assert (await seller.call("POST", "/billing/books", later, 201))["version"] == 2
    assert (await shop.buy(shop.channel.acme))["order"]["prices"][0]["amount"] == "150.00"
    shop.clock.advance(10 * 86_400)
    assert (await shop.buy(shop.channel.acme))["order"]["prices"][0]["amount"] == "180.00"
    past = _book(*prices("1"), effective_from="2026-11-30T00:00:00Z")
    assert await seller.refused("POST", "/billing/books", past) == (422, "in_the_past")


async def test_a_price_below_wholesale_is_published_with_a_warning(shop: Shop) -> None:
    made = await shop.channel.shop.call("POST", "/billing/books", _book(*prices("9")), 201)
    assert "seat:pro:month from 1 is sold at 9 and bought at 12 USD." in made["warnings"]
    done = await shop.buy(shop.channel.acme)
    assert done["warnings"] == []


@pytest.mark.parametrize(
    ("rows", "code", "said"),
    [
        ([{"sku": SEAT, "unit_price": "-1"}], "invalid_book", "row 1: The price -1 is negative"),
        ([{"sku": SEAT, "unit_price": "1e9"}], "invalid_book", "row 1: '1e9' is not a price"),
        ([{"sku": "=cmd()", "unit_price": "1"}], "invalid_book", "row 1: '=cmd()' is nothing that can be sold"),
        ([{"sku": SEAT, "unit_price": "1"}] * 2, "invalid_book", "row 2: seat:pro:month from 1 is there twice"),
        ([{"sku": SEAT, "unit_price": "1", "from_quantity": 5}], "invalid_book", "has no price from 1 on"),
        ([{"sku": SEAT, "unit_price": "1", "from_quantity": 0}], "invalid_book", "from_quantity must be 1 to"),
        ([], "invalid_book", "there is no price in it"),
    ],
)
async def test_a_wrong_book_is_refused_by_row(shop: Shop, rows: list[Any], code: str, said: str) -> None:
    seller = shop.channel.shop
    problem = await seller.call("POST", "/billing/books", _book(*rows), 422)
    assert problem["code"] == code
    assert said in problem["detail"]
    assert len((await seller.call("GET", "/billing/books"))["items"]) == 2
    unknown = await seller.call("POST", "/billing/books", _book(*prices("1"), currency="XXX"), 422)
    assert unknown["code"] == "unknown_currency"


async def test_a_book_comes_as_csv_and_a_huge_one_is_refused(shop: Shop) -> None:
    seller = shop.channel.shop
    path = "/billing/books/csv?audience=tenants&currency=EUR"
    headers = {"content-type": "text/csv"}
    text = "sku,from_quantity,unit_price\r\nseat:pro:month,1,14.90\r\nseat:pro:month,100,12\r\n"
    made = await seller.call("POST", path, expect=201, content="\ufeff" + text, headers=headers)
    assert [(row["from_quantity"], row["unit_price"]) for row in made["prices"]] == [(1, "14.9"), (100, "12")]
    many = text + "".join(f"seat:p{number}:month,1,1\r\n" for number in range(20_000))
    assert (await seller.call("POST", path, expect=422, content=many, headers=headers))["code"] == "too_many_prices"
    huge = text + "seat:pro:month,1,1\r\n" * 1_000_000
    assert (await seller.call("POST", path, expect=413, content=huge, headers=headers))["code"] == "too_large"
    for wrong, said in (
        ("a,b\n", "the first line must be"),
        (text + "seat:max:month,1\n", "line 4"),
        (text + "seat:max:month,x,1\n", "line 4"),
        (text + '"seat:max:month', "line 4"),
    ):
        problem = await seller.call("POST", path, expect=422, content=wrong, headers=headers)
        assert problem["code"] == "invalid_csv"
        assert said in problem["detail"]

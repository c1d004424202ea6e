"""What something costs: the book in force, the tier reached, every link of the chain; and what is wrong is said."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from meetinghouse.billing.model import Audience, Book, Item, Tier, Usage
from meetinghouse.billing.money import Money, read_money, read_price
from meetinghouse.billing.rules.periods import month_period, term_of
from meetinghouse.billing.rules.prices import losses, quote
from meetinghouse.billing.rules.usage import usage_entries
from meetinghouse.security.refusal import Refusal

NOW = datetime(2026, 11, 10, tzinfo=UTC)
CHAIN = ("operator", "partner", "tenant")
SEAT = "seat:pro:month"


def book(
    seller: str,
    audience: Audience,
    *tiers: tuple[int, str],
    sku: str = SEAT,
    currency: str = "USD",
    version: int = 1,
    start: datetime = datetime(2026, 1, 1, tzinfo=UTC),
) -> Book:
    return Book(
        id=f"{seller}-{audience}-{version}",
        seller=seller,
        audience=audience,
        currency=currency,
        version=version,
        effective_from=start,
        items=(Item(sku, tuple(Tier(quantity, Decimal(price)) for quantity, price in tiers)),),
    )


WHOLESALE = book("operator", "partners", (1, "10"), (100, "8.5"))
RETAIL = book("partner", "tenants", (1, "14.99"))


def test_every_link_of_the_chain_has_its_price_with_its_books_version() -> None:
    found = quote([WHOLESALE, RETAIL], CHAIN, SEAT, 100, "USD", NOW)
    assert [(price.seller, price.buyer, price.book, str(price.whole)) for price in found.prices] == [
        ("operator", "partner", "operator-partners-1", "850.00"),
        ("partner", "tenant", "partner-tenants-1", "1499.00"),
    ]
    assert not found.losses


def test_the_book_in_force_is_the_one_that_began_last() -> None:
    dearer = book("partner", "tenants", (1, "16"), version=2, start=NOW)
    books = [WHOLESALE, dearer, RETAIL]
    before = quote(books, CHAIN, SEAT, 1, "USD", NOW - timedelta(microseconds=1)).retail
    at = quote(books, CHAIN, SEAT, 1, "USD", NOW).retail
    assert (before.version, at.version, str(at.whole)) == (1, 2, "16.00")


def test_a_tenant_of_the_operator_buys_from_its_retail_book() -> None:
    direct = book("operator", "tenants", (1, "20"))
    assert str(quote([WHOLESALE, direct], ("operator", "tenant"), SEAT, 1, "USD", NOW).retail.whole) == "20.00"


@pytest.mark.parametrize(
    ("books", "code", "said"),
    [
        ([RETAIL], "price_missing", "operator has no book for its partners"),
        ([WHOLESALE], "price_missing", "partner has no book for its tenants"),
        ([WHOLESALE, book("partner", "tenants", (5, "9"))], "price_missing", "has no price for seat:pro:month"),
        ([WHOLESALE, book("partner", "tenants", (1, "9"), sku="seat:basic:month")], "price_missing", "seat:pro:month"),
        (
            [WHOLESALE, book("partner", "tenants", (1, "99"), currency="CNY")],
            "currency_not_shared",
            "in CNY, not in USD",
        ),
    ],
)
def test_a_gap_in_the_chain_is_named(books: list[Book], code: str, said: str) -> None:
    with pytest.raises(Refusal) as refused:
        quote(books, CHAIN, SEAT, 1, "USD", NOW)
    assert refused.value.code == code
    assert said in refused.value.detail


def test_a_price_below_wholesale_is_allowed_and_said() -> None:
    cheap = book("partner", "tenants", (1, "9"), (100, "8.5"))
    (loss,) = quote([WHOLESALE, cheap], CHAIN, SEAT, 2, "USD", NOW).losses
    assert loss.seller == "partner"
    assert loss.text == "seat:pro:month is sold at 9 and bought at 10 USD."
    assert not quote([WHOLESALE, cheap], CHAIN, SEAT, 100, "USD", NOW).losses
    assert losses(cheap, WHOLESALE) == ["seat:pro:month from 1 is sold at 9 and bought at 10 USD."]


@pytest.mark.parametrize(
    ("text", "code"),
    [("-1", "negative_price"), ("1e3", "invalid_amount"), ("NaN", "invalid_amount"), ("0.0000001", "invalid_amount")]
    + [(text, "invalid_amount") for text in ("", "1,5", "٣", "1" * 13, " 1", "=1+1")],
)
def test_what_is_no_price_is_refused(text: str, code: str) -> None:
    with pytest.raises(Refusal) as refused:
        read_price(text)
    assert refused.value.code == code


def test_an_amount_has_no_more_decimals_than_its_currency() -> None:
    assert read_money("12.50", "USD") == Money(1250, "USD")
    assert read_money("1.234", "KWD") == Money(1234, "KWD")
    assert read_money("7.0", "JPY") == Money(7, "JPY")
    for amount, currency in (("0.5", "JPY"), ("0.001", "USD")):
        with pytest.raises(Refusal):
            read_money(amount, currency)
    with pytest.raises(Refusal) as refused:
        read_money("1", "EURO")
    assert refused.value.code == "unknown_currency"


def test_a_term_from_the_31st_comes_back_to_the_31st() -> None:
    anchor = datetime(2027, 1, 31, 8, tzinfo=UTC)
    assert [term_of(anchor, "month", number).end.day for number in range(4)] == [28, 31, 30, 31]
    assert term_of(datetime(2028, 2, 29, tzinfo=UTC), "year", 0).end == datetime(2029, 2, 28, tzinfo=UTC)


def _usage(day: int, seconds: int) -> Usage:
    return Usage(tenant_id="tenant", region="eu-1", day=date(2026, 11, day), seconds=seconds, chain=CHAIN)


def test_minutes_cost_what_the_book_of_their_day_says_at_the_months_tier() -> None:
    books = [
        book("operator", "partners", (1, "0.001"), sku="minutes:*"),
        book("partner", "tenants", (1, "0.01"), (1000, "0.004"), sku="minutes:eu-1"),
        book(
            "partner",
            "tenants",
            (1, "0.02"),
            sku="minutes:eu-1",
            version=2,
            start=datetime(2026, 11, 15, 7, tzinfo=UTC),
        ),
    ]
    usage = [_usage(15, 45_000), _usage(16, 60_030)]
    entries, unpriced = usage_entries(usage, books, {"tenant": "USD"}, month_period("2026-11"))
    assert not unpriced
    sold = {(one.seller, one.about.version): str(one.postings[0].amount) for one in entries if one.about}
    # 750 and 1,000.5 minutes: the first at the second tier of version 1, the second at version 2, 1,750.5 to the partner.
    assert sold == {("partner", 1): "3.00", ("partner", 2): "20.01", ("operator", 1): "1.75"}


def test_minutes_that_only_some_have_a_price_for_are_named_and_those_of_nobody_are_free() -> None:
    books = [book("partner", "tenants", (1, "0.01"), sku="minutes:eu-1")]
    entries, (problem,) = usage_entries([_usage(1, 60)], books, {"tenant": "USD"}, month_period("2026-11"))
    assert not entries
    assert "operator has no USD price for minutes:eu-1 on 2026-11-01" in problem.reason
    assert usage_entries([_usage(1, 60)], [], {"tenant": "USD"}, month_period("2026-11")) == ([], [])

"""Whatever happens in whatever order: the ledger balances, shares sum to the whole, statements say the same each time."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

from hypothesis import example, given
from hypothesis import strategies as st
from msgspec.structs import replace

from meetinghouse.billing.model import Book, Entry, Item, Period, Subscription, Tier, Usage
from meetinghouse.billing.money import Money, amount_of, read_money, read_price, rounded
from meetinghouse.billing.rules import ledger, subscriptions
from meetinghouse.billing.rules.periods import month_period, months_after, share, term_of
from meetinghouse.billing.rules.prices import quote
from meetinghouse.billing.rules.statements import statements
from meetinghouse.billing.rules.usage import Presence, day_period, metered, usage_entries
from meetinghouse.security.refusal import Refusal

START = datetime(2026, 1, 1, tzinfo=UTC)
CHAIN = ("operator", "partner", "reseller", "tenant")
PLANS = ("basic", "pro")

moments = st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 (made aware)
prices = st.decimals(0, 10_000, places=6)
currencies = st.sampled_from(("USD", "JPY", "KWD"))


@st.composite
def books(draw: st.DrawFn, currency: str = "EUR") -> list[Book]:
    """A book of each seller, the reseller's perhaps below what it pays, with tiers, and newer versions of some."""
    made = []
    for seller, audience in (("operator", "partners"), ("partner", "partners"), ("reseller", "tenants")):
        for version in range(1, draw(st.integers(1, 3)) + 1):
            items = [Item(f"seat:{plan}:month", draw(_tiers())) for plan in PLANS]
            items.append(Item("minutes:*", draw(_tiers())))
            made.append(
                Book(
                    id=f"{seller}-{version}",
                    seller=seller,
                    audience=audience,  # type: ignore[arg-type]
                    currency=currency,
                    version=version,
                    effective_from=START if version == 1 else draw(moments),
                    items=tuple(items),
                )
            )
    return made


def _tiers() -> st.SearchStrategy[tuple[Tier, ...]]:
    return st.tuples(prices, prices).map(lambda pair: (Tier(1, pair[0]), Tier(10, pair[1])))


@given(st.integers(-(10**15), 10**15), st.integers(1, 10**9))
@example(1, 2)
@example(-5, 2)
def test_rounding_is_half_away_from_zero(numerator: int, denominator: int) -> None:
    exact, found = Fraction(numerator, denominator), rounded(numerator, denominator)
    assert abs(found - exact) <= Fraction(1, 2)
    if abs(found - exact) == Fraction(1, 2):
        assert abs(found) > abs(exact)
    assert rounded(-numerator, denominator) == -found


@given(st.integers(-(10**9) + 1, 10**9 - 1), currencies)
def test_money_is_read_as_it_is_written(minor: int, currency: str) -> None:
    assert read_money(str(Money(minor, currency)), currency) == Money(minor, currency)


@given(prices, st.integers(1, 10**5), currencies)
def test_an_amount_is_within_half_a_minor_unit(price: Decimal, quantity: int, currency: str) -> None:
    exact = Fraction(price) * quantity * {"USD": 100, "JPY": 1, "KWD": 1000}[currency]
    assert abs(amount_of(price, quantity, currency).minor - exact) <= Fraction(1, 2)


@given(st.integers(-(10**12), 10**12), moments, st.lists(st.integers(0, 31 * 86_400), max_size=20))
def test_the_shares_of_a_period_sum_to_the_whole(minor: int, start: datetime, cuts: list[int]) -> None:
    period = term_of(start, "month", 0)
    bounds = [start, *sorted({min(start + timedelta(seconds=cut), period.end) for cut in cuts}), period.end]
    parts = [share(Money(minor, "USD"), period, Period(*pair)).minor for pair in pairwise(bounds)]
    assert sum(parts) == minor


@given(moments, st.integers(0, 40), st.sampled_from(("month", "year")))
def test_terms_follow_each_other_without_a_gap(anchor: datetime, number: int, term: str) -> None:
    one, next_ = term_of(anchor, term, number), term_of(anchor, term, number + 1)
    assert one.end == next_.start
    assert one.start < one.end
    assert months_after(anchor, 12).month == anchor.month


acts = st.lists(
    st.tuples(
        st.sampled_from(("upgrade", "downgrade", "cancel", "cancel now", "renew")),
        st.integers(1, 20),
        st.sampled_from(PLANS),
        st.integers(1, 2_000_000),
    ),
    max_size=12,
)


def _history(lists: list[Book], done: list[tuple[str, int, str, int]]) -> tuple[Subscription, list[Entry]]:
    """A subscription through some acts, those that are refused left out; with the time between each two in seconds."""
    at = START
    change = subscriptions.buy("o0", "tenant", quote(lists, CHAIN, "seat:basic:month", 3, "EUR", at), at)
    one, entries = change.subscription, list(change.entries)
    for number, (kind, quantity, plan, seconds) in enumerate(done, 1):
        order = f"o{number}"
        at += timedelta(seconds=seconds)
        try:
            if kind == "renew" or at >= one.period.end:
                at = max(at, one.period.end)
                if one.status != "active":
                    break
                if one.later is not None and one.later.quantity == 0:
                    change = subscriptions.end(one)
                else:
                    wanted = (one.later.sku, one.later.quantity) if one.later else (one.sku, one.quantity)
                    change = subscriptions.renew(order, one, quote(lists, CHAIN, *wanted, "EUR", one.period.end))
            elif kind.startswith("cancel"):
                change = subscriptions.cancel(order, one, at, at_once=kind == "cancel now")
            else:
                wanted_now = quote(lists, CHAIN, f"seat:{plan}:month", quantity, "EUR", at)
                change = (
                    subscriptions.upgrade(order, one, wanted_now, at)
                    if kind == "upgrade"
                    else subscriptions.downgrade(one, wanted_now, at)
                )
        except Refusal:
            continue
        one = change.subscription
        entries += change.entries
    return one, entries


@given(books(), acts)
def test_the_ledger_sums_to_zero_and_its_replay_in_any_order_is_its_state(
    lists: list[Book], done: list[tuple[str, int, str, int]]
) -> None:
    _, entries = _history(lists, done)
    found = ledger.balances(entries)
    assert sum(found.values()) == 0
    assert ledger.balances(reversed(entries)) == found
    assert ledger.balances([*entries, *entries]) == found
    running: dict[object, int] = {}
    for entry in entries:
        for key, minor in ledger.balances([entry]).items():
            running[key] = running.get(key, 0) + minor
    assert running == found
    undone = [ledger.reversal(entry, START, "mistake") for entry in entries]
    assert not any(ledger.balances([*entries, *undone, *undone]).values())


@given(books(), st.lists(st.tuples(st.integers(1, 500_000), st.integers(1, 30), st.sampled_from(PLANS)), max_size=6))
def test_upgrades_within_a_period_cost_each_price_for_its_time(
    lists: list[Book], steps: list[tuple[int, int, str]]
) -> None:
    """What is due after any upgrades is the sum of each price's share for the time that it held, to the cent."""
    at = START
    first = subscriptions.buy("o", "tenant", quote(lists, CHAIN, "seat:basic:month", 1, "EUR", at), at)
    one, entries, expected, since = first.subscription, list(first.entries), 0, at
    for number, (seconds, quantity, plan) in enumerate(steps):
        at += timedelta(seconds=seconds)
        if at >= one.period.end:
            break
        wanted = quote(lists, CHAIN, f"seat:{plan}:month", quantity, "EUR", at)
        if wanted.retail.whole < one.whole:
            continue
        expected += share(one.whole, one.period, Period(since, at)).minor
        since = at
        change = subscriptions.upgrade(f"u{number}", one, wanted, at)
        one, entries = change.subscription, entries + list(change.entries)
    expected += share(one.whole, one.period, Period(since, one.period.end)).minor
    assert ledger.balances(entries)["reseller", "tenant", "due", "EUR"] == expected


@given(books(), acts, st.data())
def test_statements_are_the_same_each_time_and_follow_from_one_month_to_the_next(
    lists: list[Book], done: list[tuple[str, int, str, int]], data: st.DataObject
) -> None:
    _, entries = _history(lists, done)
    entries.append(ledger.payment("p", "reseller", "tenant", Money(1234, "EUR"), START + timedelta(days=40), "bank"))
    shuffled = data.draw(st.permutations([*entries, *entries[:3]]))
    opening: dict[tuple[str, str, str], int] = {}
    for number in range(1, 13):
        month = month_period(f"2026-{number:02}")
        found = statements(entries, opening, month)
        assert found == statements(shuffled, opening, month)
        for one in found:
            assert one.opening + one.charges + one.credits + one.payments == one.closing
            assert sum(line.amount.minor for line in one.lines) == (one.closing - one.opening).minor
        opening |= {(one.seller, one.buyer, one.closing.currency): one.closing.minor for one in found}
    before_2027 = [entry for entry in entries if entry.at.year == 2026]
    due = {(key[0], key[1], key[3]): minor for key, minor in ledger.balances(before_2027).items() if key[2] == "due"}
    assert {key: owed for key, owed in opening.items() if owed} == {key: owed for key, owed in due.items() if owed}


presences = st.lists(
    st.tuples(moments, st.none() | st.integers(0, 300_000)).map(
        lambda pair: Presence("tenant", pair[0], None if pair[1] is None else pair[0] + timedelta(seconds=pair[1]))
    ),
    max_size=20,
)


@given(presences, st.dates(date(2026, 1, 1), date(2026, 12, 28)))
def test_days_together_meter_what_the_whole_does(people: list[Presence], first: date) -> None:
    whole = [replace(one, joined_at=one.joined_at.replace(microsecond=0)) for one in people]
    whole = [replace(one, left_at=one.left_at and one.left_at.replace(microsecond=0)) for one in whole]
    days = [first + timedelta(days=number) for number in range(3)]
    by_day = sum(metered(whole, day_period(day)).get("tenant", 0) for day in days)
    together = Period(day_period(days[0]).start, day_period(days[-1]).end)
    assert by_day == metered(whole, together).get("tenant", 0)


@given(books(), st.lists(st.tuples(st.integers(1, 30), st.integers(0, 10**7)), max_size=20), st.randoms())
def test_usage_is_charged_the_same_in_whatever_order_it_was_metered(
    lists: list[Book], days: list[tuple[int, int]], random: object
) -> None:
    usage = [
        Usage(tenant_id="tenant", region="eu-1", day=date(2026, 11, day), seconds=seconds, chain=CHAIN)
        for day, seconds in dict(days).items()
    ]
    month = month_period("2026-11")
    entries, unpriced = usage_entries(usage, lists, {"tenant": "EUR"}, month)
    random.shuffle(usage)  # type: ignore[attr-defined]
    again, _ = usage_entries(usage, lists, {"tenant": "EUR"}, month)
    assert not unpriced
    assert {entry.reference: entry for entry in entries} == {entry.reference: entry for entry in again}
    charged = sum(entry.about.quantity for entry in entries if entry.about and entry.buyer == "tenant")
    assert charged == sum(one.seconds for one in usage)


def test_prices_are_read_exactly() -> None:
    assert str(read_price("0.0035")) == "0.0035"
    assert f"{read_price('1200'):f}" == "1200"

"""Money: a whole number of a currency's minor units. Decimals come in and go out as text; nothing is ever a float.

Amounts are rounded in one place, `rounded`, half away from zero (commercial rounding): what somebody who checks a statement
by hand expects, and the same for a credit as for the charge that it takes back. Unit prices are finer than a cent: six
decimals (`PRICE_DECIMALS`), kept as a whole number of millionths.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

from msgspec import Struct

from meetinghouse.billing.currencies import DECIMALS
from meetinghouse.security.refusal import Refusal

PRICE_DECIMALS: Final = 6
# Whole digits of an amount or a price, and the largest amount in minor units: sums of many stay within the 64 bits of either
# database.
_MOST_DIGITS = 9
_MOST_MINOR = 10**15
_NUMBER = re.compile(rf"-?(\d{{1,{_MOST_DIGITS}}})(?:\.(\d+))?", re.ASCII)


class Money(Struct, frozen=True, order=True):
    """An amount: `minor` units (cents, fen, yen) of `currency` (ISO 4217)."""

    minor: int
    currency: str

    def __add__(self, other: Money) -> Money:
        self._must_match(other)
        return Money(self.minor + other.minor, self.currency)

    def __sub__(self, other: Money) -> Money:
        return self + -other

    def __neg__(self) -> Money:
        return Money(-self.minor, self.currency)

    def _must_match(self, other: Money) -> None:
        if self.currency != other.currency:
            raise ValueError(f"{self.currency} and {other.currency} cannot be added.")

    def __str__(self) -> str:
        """The amount alone, with the currency's decimals: `-12.50`."""
        return f"{Decimal(self.minor).scaleb(-DECIMALS[self.currency]):f}"


def clean_currency(text: str) -> str:
    """The currency.

    Raises:
        Refusal: 422 `unknown_currency`.

    """
    if text not in DECIMALS:
        raise Refusal(422, "unknown_currency", f"{text[:8]!r} is no currency of ISO 4217, such as USD, EUR or CNY.")
    return text


def read_money(text: str, currency: str) -> Money:
    """An amount from text such as `12.50`.

    Raises:
        Refusal: 422 `unknown_currency` or `invalid_amount`.

    """
    decimals = DECIMALS[clean_currency(currency)]
    return Money(_scaled(text, decimals, f"an amount in {currency}"), currency)


def read_price(text: str) -> Decimal:
    """A unit price, which is not negative, from text such as `0.0035`.

    Raises:
        Refusal: 422 `invalid_amount` or `negative_price`.

    """
    millionths = _scaled(text, PRICE_DECIMALS, "a price")
    if millionths < 0:
        raise Refusal(422, "negative_price", f"The price {text} is negative: write 0 or more.")
    return price_of(millionths)


def price_of(millionths: int) -> Decimal:
    """A unit price from the whole number of millionths in which it is kept."""
    return Decimal(millionths).scaleb(-PRICE_DECIMALS).normalize() + 0


def millionths_of(price: Decimal) -> int:
    """The opposite of `price_of`."""
    return int(price.scaleb(PRICE_DECIMALS))


def amount_of(price: Decimal, quantity: int, currency: str, per: int = 1) -> Money:
    """What `quantity` costs at `price` for each `per` of it, rounded once.

    Raises:
        Refusal: 422 `amount_too_large`.

    """
    numerator = millionths_of(price) * quantity * int(10 ** DECIMALS[currency])
    minor = rounded(numerator, per * int(10**PRICE_DECIMALS))
    if minor > _MOST_MINOR:
        raise Refusal(422, "amount_too_large", f"{quantity} at {price:f} {currency} is more than can be accounted for.")
    return Money(minor, currency)


def rounded(numerator: int, denominator: int) -> int:
    """`numerator / denominator` (which is positive) as a whole number, halves away from zero."""
    magnitude = (2 * abs(numerator) + denominator) // (2 * denominator)
    return -magnitude if numerator < 0 else magnitude


def _scaled(text: str, decimals: int, what: str) -> int:
    match = _NUMBER.fullmatch(text)
    if match is None:
        detail = (
            f"{text[:40]!r} is not {what}: write digits with a point, such as 12.50, up to {_MOST_DIGITS} before it."
        )
        raise Refusal(422, "invalid_amount", detail)
    if len((match[2] or "").rstrip("0")) > decimals:
        raise Refusal(422, "invalid_amount", f"{text[:40]!r} is not {what}: it has more than {decimals} decimals.")
    return int(Decimal(match[0]).scaleb(decimals))

"""Sliding windows by key."""

from __future__ import annotations

import pytest

from conftest import SetClock
from meetinghouse.security.limiter import Limiter
from meetinghouse.security.limits import Rate
from meetinghouse.security.refusal import TooManyAttempts

RATE = Rate(3, 60)


def test_a_window_slides() -> None:
    clock = SetClock()
    limiter = Limiter(clock, 100)
    for _ in range(3):
        limiter.hit("x", RATE, "a")
        clock.advance(10)
    with pytest.raises(TooManyAttempts) as refused:
        limiter.hit("x", RATE, "a")
    assert refused.value.headers == {"Retry-After": "30"}
    clock.advance(30)
    limiter.hit("x", RATE, "a")
    with pytest.raises(TooManyAttempts):
        limiter.hit("x", RATE, "a")


def test_keys_and_names_are_apart() -> None:
    limiter = Limiter(SetClock(), 100)
    for _ in range(3):
        limiter.hit("x", RATE, "a")
    limiter.hit("x", RATE, "b")
    limiter.hit("y", RATE, "a")


def test_a_check_does_not_count_and_a_refusal_does_not_prolong() -> None:
    clock = SetClock()
    limiter = Limiter(clock, 100)
    for _ in range(10):
        limiter.check("x", RATE, "a")
    for _ in range(3):
        limiter.record("x", RATE, "a")
    for _ in range(10):
        clock.advance(5)
        with pytest.raises(TooManyAttempts):
            limiter.hit("x", RATE, "a")
    clock.advance(10)
    limiter.hit("x", RATE, "a")


def test_the_longest_unused_key_is_forgotten_first() -> None:
    limiter = Limiter(SetClock(), 2)
    for key in ("a", "a", "a", "b", "a", "c"):
        limiter.record("x", RATE, key)
    with pytest.raises(TooManyAttempts):
        limiter.check("x", RATE, "a")
    for _ in range(2):
        limiter.record("x", RATE, "b")
    limiter.check("x", RATE, "b")


@pytest.mark.parametrize(("text", "rate"), [("20/10m", Rate(20, 600)), ("1/1s", Rate(1, 1)), ("5/2h", Rate(5, 7200))])
def test_rates_are_read(text: str, rate: Rate) -> None:
    assert Rate.parse(text) == rate


@pytest.mark.parametrize("text", ["", "20", "20/m", "0/1m", "1/0s", "-1/1m", "1/1w", "1 / 1m"])
def test_what_is_no_rate_says_what_to_write(text: str) -> None:
    with pytest.raises(ValueError, match="20/10m"):
        Rate.parse(text)

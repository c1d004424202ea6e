"""Properties of names, signed values and windows, whatever is put in."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import SetClock
from meetinghouse.security.keyring import Keyring, SignatureRefusedError
from meetinghouse.security.limiter import Limiter
from meetinghouse.security.limits import Rate
from meetinghouse.security.names import NAME_CHARACTERS, clean_name
from meetinghouse.security.refusal import TooManyAttempts

NOW = datetime(2026, 11, 23, tzinfo=UTC)
KEYS = Keyring(b"k" * 32)
OVERRIDES = set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c")


@given(st.text(st.characters(codec=None), max_size=400))
def test_a_clean_name_is_short_visible_and_stays_clean(text: str) -> None:
    name = clean_name(text)
    assert len(name) <= NAME_CHARACTERS
    assert not OVERRIDES & set(name)
    assert all(unicodedata.category(character) not in {"Cc", "Cs", "Co", "Cn"} for character in name)
    assert name == name.strip()
    name.encode()


@given(st.text(st.characters(categories=["Lu", "Ll", "Lo", "Nd"]), min_size=1, max_size=80))
def test_letters_and_digits_are_kept(text: str) -> None:
    shown = clean_name(text)
    blanks = {"\u115f", "\u1160", "\u3164", "\uffa0"}
    assert shown == "".join(c for c in unicodedata.normalize("NFC", text) if c not in blanks)[:NAME_CHARACTERS]


@given(st.text(max_size=40), st.binary(max_size=200))
def test_only_what_was_signed_is_read(body: str, noise: bytes) -> None:
    text = KEYS.sign("p", "t", body, NOW + timedelta(seconds=1))
    assert KEYS.open_signed("p", text, str, NOW).body == body
    with pytest.raises(SignatureRefusedError):
        KEYS.open_signed("p", noise.decode("latin-1"), str, NOW)


@given(st.lists(st.floats(0, 30), max_size=60), st.integers(1, 5), st.integers(1, 60))
def test_no_window_ever_holds_more_than_the_rate(pauses: list[float], count: int, seconds: int) -> None:
    clock = SetClock()
    limiter = Limiter(clock, 10)
    passed: list[float] = []
    for pause in pauses:
        clock.advance(pause)
        try:
            limiter.hit("x", Rate(count, seconds), "a")
        except TooManyAttempts:
            continue
        passed.append(clock.monotonic())
    for start in passed:
        assert sum(start <= moment < start + seconds - 1e-6 for moment in passed) <= count

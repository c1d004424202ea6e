"""Inputs that are kept in `fuzz/corpus`, and changed ones: no parser of ours raises anything but its own no."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meetinghouse.meetings import signalling
from meetinghouse.meetings.links import read_asked
from meetinghouse.meetings.sdp_fragment import Credentials, credentials_of, fragment_of, sent_kinds, with_credentials

CORPUS = Path(__file__).resolve().parents[2] / "fuzz" / "corpus"
OURS = Credentials("abcd", "0123456789abcdefghijkl")
# What becomes of an input: where it is cut, what is put there, and what follows.
CHANGES = st.tuples(st.integers(0, 400), st.text(max_size=12), st.integers(0, 400))


def kept(kind: str) -> list[str]:
    """All inputs of a kind."""
    found = [path.read_text("utf-8") for path in sorted((CORPUS / kind).iterdir())]
    assert len(found) >= 5
    return found


def changed(kind: str) -> st.SearchStrategy[str]:
    """One of them, with a piece replaced."""
    return st.builds(
        lambda text, change: text[: change[0]] + change[1] + text[change[2] :], st.sampled_from(kept(kind)), CHANGES
    )


def check_fragment(text: str) -> None:
    found = credentials_of(text)
    if found is not None:
        assert found.ufrag.isascii()
        assert 22 <= len(found.pwd) <= 256
        assert credentials_of(with_credentials(text, OURS)) == OURS
    assert all(line.startswith(("a=", "m=")) for line in fragment_of(text).splitlines())
    assert len(sent_kinds(text)) <= text.count("m=")


def check_message(text: str) -> None:
    with contextlib.suppress(signalling._UnreadableError):
        signalling._decode(text)


def check_link(text: str) -> None:
    asked = read_asked(text)
    assert len(asked.link_id or "") <= 128
    assert not asked.number or asked.number.isdecimal()


@pytest.mark.parametrize(
    ("kind", "check"),
    [("fragment", check_fragment), ("sdp", check_fragment), ("signalling", check_message), ("link", check_link)],
)
def test_what_is_kept(kind: str, check: Callable[[str], None]) -> None:
    for text in kept(kind):
        check(text)


@given(changed("fragment"))
def test_changed_fragments(text: str) -> None:
    check_fragment(text)


@given(changed("signalling"))
def test_changed_messages(text: str) -> None:
    check_message(text)


@given(changed("link"))
def test_changed_links(text: str) -> None:
    check_link(text)

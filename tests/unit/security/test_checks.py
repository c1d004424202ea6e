"""Small checks: names, origins, networks, passwords, certificates."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from meetinghouse.security.certificates import self_signed_files
from meetinghouse.security.names import clean_name
from meetinghouse.security.networks import is_within, limited_address, limited_network
from meetinghouse.security.origins import is_own_origin
from meetinghouse.security.passwords import check_password, hash_password, verify_password
from meetinghouse.security.refusal import Refusal
from meetinghouse.security.secret import Secret

NOW = datetime(2026, 11, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("  Ana   María ", "Ana María"),
        ("对话很长的中文名字", "对话很长的中文名字"),
        ("محمد", "محمد"),
        ("می\u200cخواهم", "می\u200cخواهم"),  # noqa: RUF001 (Persian)
        ("👩\u200d👩\u200d👧", "👩\u200d👩\u200d👧"),
        ("❤\ufe0f", "❤\ufe0f"),
        ("Ana\u202egnp.exe", "Anagnp.exe"),
        ("\u2066x\u2069", "x"),
        ("a\x00b\x1bc\x7f", "abc"),
        ("\u200b\ufeff\u3164\u2800", ""),
        ("\u200dx", "x"),
        ("Z" + "\u0301" * 100, "Ź" + "\u0301" * 4),
        ("\ud800x", "x"),
        ("x" * 500, "x" * 80),
    ],
)
def test_names_keep_their_letters_and_lose_their_tricks(given: str, shown: str) -> None:
    assert clean_name(given) == shown


@pytest.mark.parametrize(
    ("origin", "host", "scheme", "own"),
    [
        ("https://meet.example.org", "meet.example.org", "https", True),
        ("https://meet.example.org:443", "10.0.0.1:8080", "http", True),
        ("https://10.0.0.1:8443", "10.0.0.1:8443", "https", True),
        ("http://meet.example.org", "meet.example.org", "https", False),
        ("https://meet.example.org.evil.example", "meet.example.org", "https", False),
        ("https://evil.example", "meet.example.org", "https", False),
        ("null", "meet.example.org", "https", False),
        ("", "meet.example.org", "https", False),
        ("https://meet.example.org:x", "meet.example.org", "https", False),
    ],
)
def test_only_our_own_pages_are_our_own(origin: str, host: str, scheme: str, own: bool) -> None:  # noqa: FBT001
    assert is_own_origin(origin, host=host, scheme=scheme, public_url="https://meet.example.org") is own


def test_limits_see_what_a_caller_can_hardly_change() -> None:
    assert limited_address("192.0.2.7") == "192.0.2.7"
    assert limited_address("::ffff:192.0.2.7") == "192.0.2.7"
    assert limited_address("2001:db8:1:2:3::4") == "2001:db8:1:2::/64"
    assert limited_network("192.0.2.7") == "192.0.2.0/24"
    assert limited_network("2001:db8:1:2:3::4") == "2001:db8:1::/48"
    assert limited_network("not an address") == "not an address"
    assert is_within("127.0.0.5", ("127.0.0.0/8",))
    assert is_within("::ffff:127.0.0.5", ("127.0.0.0/8",))
    assert not is_within("192.0.2.7", ("127.0.0.0/8", "::1/128"))


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("short", "password_too_short"),
        ("p" * 257, "password_too_long"),
        ("Password2026!", "password_too_common"),
        ("p@ssw0rd12", "password_too_common"),
        ("aaaaaaaaaaaa", "password_too_common"),
        ("abcabcabcabc", "password_too_common"),
        ("qwertyuiop12", "password_too_common"),
        ("ana@corp1234", "password_too_common"),
    ],
)
def test_passwords_that_are_guessed_first_are_refused(password: str, code: str) -> None:
    with pytest.raises(Refusal) as refused:
        check_password(Secret(password), min_characters=10, about=("ana@corp.example", "Ana", "Meetinghouse"))
    assert refused.value.code == code


@pytest.mark.parametrize("password", ["correct pony tower", "会议室的钥匙在抽屉里面", "x9$kf83js0", "Tr4in to Gdańsk"])
def test_other_passwords_are_not(password: str) -> None:
    check_password(Secret(password), min_characters=10, about=("ana@corp.example", "Ana", "Meetinghouse"))


async def test_a_password_is_known_again() -> None:
    kept = await hash_password(Secret("correct pony tower"))
    assert "pony" not in kept
    assert await verify_password(Secret("correct pony tower"), kept)
    assert not await verify_password(Secret("correct pony towel"), kept)
    assert not await verify_password(Secret("correct pony tower"), None)


def test_a_secret_prints_redacted() -> None:
    secret = Secret("hunter2")
    assert "hunter2" not in f"{secret} {secret!r} {[secret]}"
    assert secret == Secret("hunter2")
    assert secret != Secret("hunter3")


def test_the_self_made_certificate_is_kept_until_it_is_near_its_end(tmp_path: Path) -> None:
    certificate, key = self_signed_files(tmp_path, "https://meet.local:8443", NOW)
    first = Path(certificate).read_bytes()
    assert Path(key).stat().st_mode & 0o777 == 0o600
    self_signed_files(tmp_path, "https://meet.local:8443", NOW + timedelta(days=300))
    assert Path(certificate).read_bytes() == first
    self_signed_files(tmp_path, "https://meet.local:8443", NOW + timedelta(days=380))
    assert Path(certificate).read_bytes() != first

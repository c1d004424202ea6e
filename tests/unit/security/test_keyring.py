"""What only this installation can make."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from meetinghouse.security.keyring import Keyring, SignatureRefusedError

NOW = datetime(2026, 11, 23, tzinfo=UTC)
LATER = NOW + timedelta(minutes=5)


def test_the_secret_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "secret.key"
    first, second = Keyring.open(path), Keyring.open(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert first.mark("a", "value") == second.mark("a", "value")


def test_a_damaged_secret_is_an_error_not_a_new_one(tmp_path: Path) -> None:
    path = tmp_path / "secret.key"
    path.write_bytes(b"short")
    with pytest.raises(ValueError, match="restore it from a backup"):
        Keyring.open(path)


def test_what_is_signed_is_read_until_it_expires() -> None:
    keys = Keyring(b"k" * 32)
    text = keys.sign("ticket", "t1", {"room": "m"}, LATER)
    signed = keys.open_signed("ticket", text, dict, NOW)
    assert (signed.tenant_id, signed.body, signed.expires_at) == ("t1", {"room": "m"}, LATER)
    with pytest.raises(SignatureRefusedError) as refused:
        keys.open_signed("ticket", text, dict, LATER)
    assert refused.value.code == "expired"


def test_every_change_of_a_character_is_noticed() -> None:
    keys = Keyring(b"k" * 32)
    text = keys.sign("ticket", "t1", "body", LATER)
    for place in range(len(text)):
        for other in ("A", "_", ".", "="):
            if other == text[place]:
                continue
            with pytest.raises(SignatureRefusedError):
                keys.open_signed("ticket", text[:place] + other + text[place + 1 :], str, NOW)


@pytest.mark.parametrize("text", ["", ".", "a.b", "é.é", "a" * 10_000, "W10.W10", "W10"])
def test_nonsense_is_refused(text: str) -> None:
    with pytest.raises(SignatureRefusedError):
        Keyring(b"k" * 32).open_signed("ticket", text, str, NOW)


def test_another_purpose_or_installation_is_another_key() -> None:
    keys, others = Keyring(b"k" * 32), Keyring(b"o" * 32)
    text = keys.sign("ticket", "t1", "body", LATER)
    for ring, purpose in ((keys, "resume"), (others, "ticket")):
        with pytest.raises(SignatureRefusedError):
            ring.open_signed(purpose, text, str, NOW)


def test_what_is_sealed_is_hidden_and_cannot_be_changed() -> None:
    keys = Keyring(b"k" * 32)
    sealed = keys.seal("answers", b"a secret answer")
    assert b"secret" not in sealed
    assert keys.unseal("answers", sealed) == b"a secret answer"
    for damaged in (sealed[:-1], bytes([sealed[0] ^ 1]) + sealed[1:], b""):
        with pytest.raises(SignatureRefusedError):
            keys.unseal("answers", damaged)


def test_it_prints_nothing_of_its_secret() -> None:
    assert "k" * 8 not in repr(Keyring(b"k" * 32))

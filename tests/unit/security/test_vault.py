"""What is sealed comes out as it was, or not at all."""

from __future__ import annotations

import io

import pytest

from meetinghouse.security import vault
from meetinghouse.security.secret import Secret
from meetinghouse.security.vault import VaultError, VaultWriter, read_vault

_KEY = Secret("a key for these tests")
_CHUNK = 1 << 16


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Guessing this key is cheap."""
    monkeypatch.setattr(vault, "_SCRYPT_N", 2)


def _sealed(data: bytes) -> bytes:
    file = io.BytesIO()
    writer = VaultWriter(file, _KEY, {"of": "tests"})
    for start in range(0, len(data), 50_000):
        writer.write(data[start : start + 50_000])
    writer.close()
    return file.getvalue()


def _read(sealed: bytes, key: Secret = _KEY) -> bytes:
    about, chunks = read_vault(io.BytesIO(sealed), key)
    assert about == {"of": "tests"}
    return b"".join(chunks)


@pytest.mark.parametrize("size", [0, 1, _CHUNK - 1, _CHUNK, _CHUNK + 1, 3 * _CHUNK])
def test_every_size_comes_back(size: int) -> None:
    data = bytes(range(256)) * (size // 256 + 1)
    assert _read(_sealed(data[:size])) == data[:size]


def test_one_that_is_cut_off_anywhere_is_refused() -> None:
    sealed = _sealed(bytes(2 * _CHUNK + 10))
    begin = len(_sealed(b"")) - 16
    places = {*range(0, begin, 7), *(begin + whole * (_CHUNK + 16) + more for whole in range(3) for more in (0, 1, 16))}
    for place in places:
        with pytest.raises(VaultError):
            _read(sealed[:place])
    with pytest.raises(VaultError, match="cut off"):
        _read(sealed + b"more")


def test_a_changed_bit_is_refused_wherever_it_is() -> None:
    sealed = _sealed(bytes(_CHUNK + 10))
    for place in (*range(0, 250, 3), len(sealed) // 2, len(sealed) - 1):
        changed = bytearray(sealed)
        changed[place] ^= 1
        with pytest.raises(VaultError):
            _read(bytes(changed))


def test_pieces_cannot_change_places() -> None:
    sealed = _sealed(bytes(3 * _CHUNK))
    begin, step = len(_sealed(b"")) - 16, _CHUNK + 16
    swapped = (
        sealed[:begin]
        + sealed[begin + step : begin + 2 * step]
        + sealed[begin : begin + step]
        + sealed[begin + 2 * step :]
    )
    with pytest.raises(VaultError, match="0 bytes in"):
        _read(swapped)


def test_another_key_is_named_as_the_cause_and_nothing_is_in_the_clear() -> None:
    sealed = _sealed(b"a name that nobody may read")
    with pytest.raises(VaultError, match="key is not the one"):
        _read(sealed, Secret("another key of these tests"))
    assert b"a name" not in sealed

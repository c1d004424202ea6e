"""Files that only who has a key can read, and that nobody can change or cut off unnoticed.

    magic, length (4 bytes), header (JSON), mark of the header (32 bytes), chunks

The key is made from a passphrase by scrypt (RFC 7914) with the header's salt. Chunks are 64 KiB sealed by AES-256-GCM, numbered
by their nonces, the last one told apart: the STREAM construction (Hoang and others, *Online Authenticated-Encryption and its
Nonce-Reuse Misuse-Resistance*, 2015), so that none can be left out, moved or taken for the end.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Iterator
from typing import BinaryIO

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from meetinghouse.security.secret import Secret

_MAGIC = b"meetinghouse vault 1\n"
_CHUNK_BYTES = 1 << 16
_TAG_BYTES = 16
_MARK_BYTES = 32
_HEADER_BYTES = 1 << 16
# 64 MiB and a fifth of a second for each guess. A header that asks for more than 1 GiB is not one of ours.
_SCRYPT_N, _SCRYPT_N_MAX, _SCRYPT_R = 1 << 16, 1 << 20, 8


class VaultError(Exception):
    """The file cannot be read; the text is for whoever wants to."""


class _Header(msgspec.Struct, frozen=True):
    salt: bytes
    scrypt_n: int
    about: dict[str, str]


class VaultWriter:
    """Writes one file. Without `close` it lacks its end, and cannot be read."""

    def __init__(self, file: BinaryIO, passphrase: Secret, about: dict[str, str]) -> None:
        """`about` is readable by everybody and changeable by nobody."""
        header = _Header(secrets.token_bytes(16), _SCRYPT_N, about)
        encoded = msgspec.json.encode(header)
        self._cipher, mark = _opened(header, encoded, passphrase)
        self._file = file
        self._waiting = bytearray()
        self._number = 0
        file.write(_MAGIC + len(encoded).to_bytes(4) + encoded + mark)

    def write(self, data: bytes) -> None:
        """Append."""
        self._waiting += data
        while len(self._waiting) > _CHUNK_BYTES:
            self._seal(self._waiting[:_CHUNK_BYTES], is_last=False)
            del self._waiting[:_CHUNK_BYTES]

    def close(self) -> None:
        """Write the end."""
        self._seal(self._waiting, is_last=True)

    def _seal(self, plain: bytearray, *, is_last: bool) -> None:
        self._file.write(self._cipher.encrypt(_nonce(self._number, is_last=is_last), bytes(plain), None))
        self._number += 1


def read_vault(file: BinaryIO, passphrase: Secret) -> tuple[dict[str, str], Iterator[bytes]]:
    """What a file is about, and its content piece by piece.

    Raises:
        VaultError: it is no such file, the key is wrong, or (perhaps only at a later piece) it was changed or cut off.

    """
    if file.read(len(_MAGIC)) != _MAGIC:
        raise VaultError("This is no backup, or one of a later version.")
    length = int.from_bytes(file.read(4))
    encoded = file.read(min(length, _HEADER_BYTES))
    mark = file.read(_MARK_BYTES)
    try:
        header = msgspec.json.decode(encoded, type=_Header)
    except msgspec.MsgspecError:
        raise VaultError("The beginning of the backup was changed or cut off: take another copy.") from None
    if not 1 < header.scrypt_n <= _SCRYPT_N_MAX or header.scrypt_n & (header.scrypt_n - 1):
        raise VaultError("The beginning of the backup was changed: take another copy.")
    cipher, expected = _opened(header, encoded, passphrase)
    if not hmac.compare_digest(mark, expected):
        raise VaultError("The key is not the one of this backup, or the beginning of the backup was changed.")
    return header.about, _chunks(file, cipher)


def _chunks(file: BinaryIO, cipher: AESGCM) -> Iterator[bytes]:
    number = 0
    sealed = file.read(_CHUNK_BYTES + _TAG_BYTES)
    while True:
        following = file.read(_CHUNK_BYTES + _TAG_BYTES)
        try:
            yield cipher.decrypt(_nonce(number, is_last=not following), sealed, None)
        except (InvalidTag, ValueError):
            message = f"The backup was changed or cut off, {number * _CHUNK_BYTES} bytes in: take another copy."
            raise VaultError(message) from None
        if not following:
            return
        number, sealed = number + 1, following


def _opened(header: _Header, encoded: bytes, passphrase: Secret) -> tuple[AESGCM, bytes]:
    """The cipher of the chunks, and the mark of the header."""
    scrypt = Scrypt(salt=header.salt, length=64, n=header.scrypt_n, r=_SCRYPT_R, p=1)
    derived = scrypt.derive(passphrase.reveal().encode())
    return AESGCM(derived[:32]), hmac.digest(derived[32:], encoded, "sha256")


def _nonce(number: int, *, is_last: bool) -> bytes:
    return number.to_bytes(11) + bytes([is_last])

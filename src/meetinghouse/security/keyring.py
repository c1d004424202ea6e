"""The installation's own secret, and what is made with it: marks, signed values, sealed values.

One random secret lives in the data directory. Every purpose gets a key of its own (HKDF-Expand, RFC 5869), so that a value
made for one purpose is worth nothing for another.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Generic, TypeVar

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_SECRET_BYTES = 32
_NONCE_BYTES = 12
# 256 bits: a token is looked up by its mark, so it must not be guessable even by whoever tries for years.
_TOKEN_BYTES = 32

T = TypeVar("T")


class SignatureRefusedError(Exception):
    """A signed value was not made here for this purpose, or its time is over."""

    def __init__(self, code: str) -> None:
        """`code` is `tampered` or `expired`."""
        super().__init__(code)
        self.code = code


class Signed(msgspec.Struct, Generic[T], frozen=True, array_like=True):
    """What a signed value says."""

    tenant_id: str
    expires_at: datetime
    body: T


class Keyring:
    """Makes and checks what only this installation can make."""

    def __init__(self, secret: bytes) -> None:
        """Use `secret` (32 random bytes)."""
        self._secret = secret
        self._key = lru_cache(maxsize=64)(self._derive)

    @classmethod
    def open(cls, path: Path) -> Keyring:
        """Read the secret at `path`, or make it (readable by its owner alone).

        Raises:
            OSError: it can be neither read nor made.
            ValueError: the file holds something else.

        """
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            secret = path.read_bytes()
        else:
            secret = secrets.token_bytes(_SECRET_BYTES)
            with os.fdopen(descriptor, "wb") as file:
                file.write(secret)
                file.flush()
                os.fsync(file.fileno())
        if len(secret) != _SECRET_BYTES:
            message = f"{path} does not hold the {_SECRET_BYTES} bytes of a secret: restore it from a backup."
            raise ValueError(message)
        return cls(secret)

    def mark(self, purpose: str, value: str | bytes) -> bytes:
        """A keyed fingerprint of 32 bytes: what the database holds in place of a secret, and what passcodes are compared by."""
        data = value.encode("utf-8", "surrogatepass") if isinstance(value, str) else value
        return hmac.digest(self._key(purpose), data, "sha256")

    def sign(self, purpose: str, tenant_id: str, body: object, expires_at: datetime) -> str:
        """A text that says `body` for `tenant_id` until `expires_at`, for URLs and JSON; readable by all, made by us alone."""
        payload = msgspec.json.encode((tenant_id, expires_at, body))
        return f"{_encode(payload)}.{_encode(self.mark(purpose, payload))}"

    def open_signed(self, purpose: str, text: str, body: type[T], now: datetime) -> Signed[T]:
        """Check a signed text and read it.

        Raises:
            SignatureRefusedError: with code `tampered` or `expired`.

        """
        payload_text, dot, mark_text = text.partition(".")
        try:
            payload, mark = _decode(payload_text), _decode(mark_text)
        except ValueError:
            raise SignatureRefusedError("tampered") from None
        if not dot or not hmac.compare_digest(mark, self.mark(purpose, payload)):
            raise SignatureRefusedError("tampered")
        signed = msgspec.json.decode(payload, type=Signed[body])  # type: ignore[valid-type]
        if now >= signed.expires_at:
            raise SignatureRefusedError("expired")
        return signed

    def seal(self, purpose: str, plain: bytes) -> bytes:
        """Encrypt for our own later reading (AES-256-GCM)."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + AESGCM(self._key(purpose)).encrypt(nonce, plain, purpose.encode())

    def unseal(self, purpose: str, sealed: bytes) -> bytes:
        """Read what `seal` made.

        Raises:
            SignatureRefusedError: `tampered`.

        """
        nonce, data = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
        try:
            return AESGCM(self._key(purpose)).decrypt(nonce, data, purpose.encode())
        except (InvalidTag, ValueError):
            raise SignatureRefusedError("tampered") from None

    def _derive(self, purpose: str) -> bytes:
        return hmac.digest(self._secret, b"meetinghouse " + purpose.encode() + b"\x01", "sha256")

    def __repr__(self) -> str:
        return "Keyring(…)"


def new_token(prefix: str = "") -> str:
    """A fresh bearer secret of 256 random bits, base64url; the prefix tells secret scanners what they found."""
    return prefix + secrets.token_urlsafe(_TOKEN_BYTES)


def content_digest(data: bytes) -> bytes:
    """SHA-256, for telling contents apart where no secrecy is needed."""
    return hashlib.sha256(data).digest()


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    """Strict base64url without padding: every value has exactly one spelling, so that a changed text never passes."""
    data = base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
    if _encode(data) != text:
        raise ValueError(text)
    return data

"""An authenticator made of software: what a phone or a security key does when a page asks for a passkey (WebAuthn level 2)."""

from __future__ import annotations

import base64
import json
import secrets
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from meetinghouse.security.keyring import content_digest

_PRESENT_AND_VERIFIED = 0x05
_WITH_KEY = 0x40


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Authenticator:
    """Holds one key for one page's origin."""

    def __init__(self, origin: str) -> None:
        """A fresh key, for pages of `origin`."""
        self.origin = origin
        self.count = 0
        self.verified = True
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._id = secrets.token_bytes(32)

    def register(self, options: dict[str, Any]) -> dict[str, Any]:
        """Answer `navigator.credentials.create`."""
        numbers = self._key.public_key().public_numbers()
        key = cbor2.dumps({1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")})
        attested = bytes(16) + len(self._id).to_bytes(2, "big") + self._id + key
        data = self._data(options["rp"]["id"], _WITH_KEY) + attested
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        client = self._client("webauthn.create", options["challenge"])
        return self._answer({"attestationObject": _text(attestation), "clientDataJSON": _text(client)})

    def sign_in(self, options: dict[str, Any]) -> dict[str, Any]:
        """Answer `navigator.credentials.get`."""
        self.count += 1
        data = self._data(options["rpId"], 0)
        client = self._client("webauthn.get", options["challenge"])
        signature = self._key.sign(data + content_digest(client), ec.ECDSA(hashes.SHA256()))
        answer = {"authenticatorData": _text(data), "clientDataJSON": _text(client), "signature": _text(signature)}
        return self._answer(answer)

    def _data(self, party: str, flags: int) -> bytes:
        flags |= _PRESENT_AND_VERIFIED if self.verified else 0x01
        return content_digest(party.encode()) + bytes([flags]) + self.count.to_bytes(4, "big")

    def _client(self, kind: str, challenge: str) -> bytes:
        return json.dumps({"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}).encode()

    def _answer(self, response: dict[str, str]) -> dict[str, Any]:
        return {"id": _text(self._id), "rawId": _text(self._id), "type": "public-key", "response": response}

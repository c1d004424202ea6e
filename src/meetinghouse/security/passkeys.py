"""Passkeys (WebAuthn level 2): what an authenticator is asked, and whether its answer is right.

A passkey is the only factor, so that the person is always verified by it (fingerprint, PIN), never merely present.
"""

from __future__ import annotations

import base64
import ipaddress
import json
import secrets
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from meetinghouse.security.refusal import Refusal

_CHALLENGE_BYTES = 32


@dataclass(frozen=True)
class NewPasskey:
    """What an authenticator registered."""

    credential_id: bytes
    public_key: bytes
    sign_count: int


class RelyingParty:
    """This service, as authenticators know it: by the host name of a URL of its."""

    def __init__(self, public_url: str, name: str) -> None:
        """Bind passkeys to the host of `public_url`."""
        parts = urlsplit(public_url)
        self._host = parts.hostname or ""
        self._origin = public_url
        self._name = name

    def registration(
        self, user_id: str, user_name: str, display_name: str, known: list[bytes]
    ) -> tuple[bytes, dict[str, Any]]:
        """A challenge, and the options that ask for a new passkey beside the `known` ones.

        Raises:
            Refusal: 409 `passkeys_unavailable`.

        """
        from webauthn import generate_registration_options, options_to_json  # noqa: PLC0415 (dear, and seldom needed)
        from webauthn.helpers import structs  # noqa: PLC0415

        self._check_host()
        challenge = secrets.token_bytes(_CHALLENGE_BYTES)
        options = generate_registration_options(
            rp_id=self._host,
            rp_name=self._name,
            user_id=user_id.encode(),
            user_name=user_name,
            user_display_name=display_name,
            challenge=challenge,
            exclude_credentials=[structs.PublicKeyCredentialDescriptor(id=credential) for credential in known],
            authenticator_selection=structs.AuthenticatorSelectionCriteria(
                resident_key=structs.ResidentKeyRequirement.REQUIRED,
                user_verification=structs.UserVerificationRequirement.REQUIRED,
            ),
        )
        return challenge, json.loads(options_to_json(options))

    def check_registration(self, credential: dict[str, Any], challenge: bytes) -> NewPasskey:
        """Read what the authenticator registered.

        Raises:
            Refusal: 422 `passkey_refused`.

        """
        from webauthn import verify_registration_response  # noqa: PLC0415
        from webauthn.helpers.exceptions import WebAuthnException  # noqa: PLC0415

        try:
            verified = verify_registration_response(
                credential=credential,
                expected_challenge=challenge,
                expected_rp_id=self._host,
                expected_origin=self._origin,
                require_user_verification=True,
            )
        except (WebAuthnException, ValueError, TypeError, KeyError) as error:
            raise _refused() from error
        return NewPasskey(verified.credential_id, verified.credential_public_key, verified.sign_count)

    def sign_in(self) -> tuple[bytes, dict[str, Any]]:
        """A challenge, and the options that ask for any passkey of this service.

        Raises:
            Refusal: 409 `passkeys_unavailable`.

        """
        from webauthn import generate_authentication_options, options_to_json  # noqa: PLC0415
        from webauthn.helpers.structs import UserVerificationRequirement  # noqa: PLC0415

        self._check_host()
        challenge = secrets.token_bytes(_CHALLENGE_BYTES)
        options = generate_authentication_options(
            rp_id=self._host, challenge=challenge, user_verification=UserVerificationRequirement.REQUIRED
        )
        return challenge, json.loads(options_to_json(options))

    def check_sign_in(self, credential: dict[str, Any], challenge: bytes, public_key: bytes, sign_count: int) -> int:
        """Whether the authenticator that holds `public_key` answered; returns its new counter.

        Raises:
            Refusal: 422 `passkey_refused`, also for a counter that went back: a copy of the key was used.

        """
        from webauthn import verify_authentication_response  # noqa: PLC0415
        from webauthn.helpers.exceptions import WebAuthnException  # noqa: PLC0415

        try:
            verified = verify_authentication_response(
                credential=credential,
                expected_challenge=challenge,
                expected_rp_id=self._host,
                expected_origin=self._origin,
                credential_public_key=public_key,
                credential_current_sign_count=sign_count,
                require_user_verification=True,
            )
        except (WebAuthnException, ValueError, TypeError, KeyError) as error:
            raise _refused() from error
        return verified.new_sign_count

    def _check_host(self) -> None:
        """Passkeys belong to a name: browsers refuse them for an address."""
        try:
            ipaddress.ip_address(self._host)
        except ValueError:
            return
        raise Refusal(
            409, "passkeys_unavailable", "Passkeys need a host name: open this service by its name, or use a password."
        )


def credential_id_of(credential: dict[str, Any]) -> bytes:
    """The credential id in an authenticator's answer; empty when there is none to read."""
    raw = credential.get("rawId") or credential.get("id")
    if not isinstance(raw, str):
        return b""
    try:
        return base64.urlsafe_b64decode(raw + "=" * (-len(raw) % 4))
    except ValueError:
        return b""


def _refused() -> Refusal:
    return Refusal(422, "passkey_refused", "The passkey could not be checked. Try again.")

"""Signed webhooks, as the Standard Webhooks specification (1.0.0) writes them.

    webhook-id: the notice's id, the same at each try
    webhook-timestamp: seconds since 1970, of this try
    webhook-signature: v1,<base64 of HMAC-SHA-256 over "id.timestamp.body">

A receiver that knows its secret checks the signature and that the time is not long ago, and takes each id once.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime
from urllib.parse import urlsplit

from meetinghouse.security import outbound

_SECRET_BYTES = 32
_SECRET_PREFIX = "whsec_"  # noqa: S105 (what a secret begins with)


class UndeliveredError(Exception):
    """A receiver did not take a notice; the text is for its owner."""


def new_secret() -> str:
    """A secret for a receiver, as the specification writes it."""
    return _SECRET_PREFIX + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def signature(secret: str, notice_id: str, timestamp: int, body: str) -> str:
    """What proves that a notice is ours, and when it was sent."""
    key = base64.b64decode(secret.removeprefix(_SECRET_PREFIX))
    signed = f"{notice_id}.{timestamp}.{body}".encode()
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def check_url(url: str, networks: Sequence[str]) -> str:
    """Whether a webhook may go there, as far as its text says; plain HTTP goes to the operator's own networks alone.

    Raises:
        Refusal: 422 `invalid_url`.

    """
    return outbound.check_url(url, networks, "https://accounts.example.org/statements")


async def send(
    url: str,
    secret: str,
    notice_id: str,
    body: str,
    *,
    now: datetime,
    networks: Sequence[str],
    timeout: float,  # noqa: ASYNC109
) -> None:
    """Deliver one notice.

    Raises:
        UndeliveredError: it was not taken.

    """
    timestamp = int(now.timestamp())
    headers = {
        "content-type": "application/json",
        "user-agent": "webhooks",
        "webhook-id": notice_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signature(secret, notice_id, timestamp, body),
    }
    try:
        answer = await outbound.ask(
            "POST",
            url,
            headers=headers,
            content=body.encode(),
            networks=networks,
            networks_key="notices.networks",
            timeout=timeout,
        )
    except outbound.OutboundError as error:
        raise UndeliveredError(str(error)) from None
    if not answer.is_success:
        raise UndeliveredError(f"{urlsplit(url).hostname} answered {answer.status}.")

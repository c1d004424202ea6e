"""What clients are told of TURN: addresses, and credentials that are worth nothing after a while.

The scheme is draft-uberti-behave-turn-rest-00, as `crates/turn/src/credentials.rs` checks it: the user name says until when
and who, the password is its HMAC. Nothing is stored, and who is told of them twice gets two pairs.
"""

from __future__ import annotations

import base64
import hmac
from datetime import datetime

from msgspec import Struct


class IceServer(Struct, frozen=True, kw_only=True):
    """Where TURN is, and what to say there."""

    urls: tuple[str, ...]
    username: str
    credential: str

    def __repr__(self) -> str:
        return f"IceServer({self.urls!r}, …)"


class IceServers:
    """Gives out credentials; `None` where there is no TURN."""

    def __init__(self, urls: tuple[str, ...], secret: str, seconds: int) -> None:
        """`secret` is what the TURN server has; credentials are good for `seconds`."""
        self._urls = urls
        self._secret = secret.encode()
        self.seconds = seconds

    @classmethod
    def none(cls) -> IceServers:
        """Of an installation without TURN."""
        return cls((), "", 0)

    def of(self, participant_id: str, now: datetime, *, seconds: int | None = None) -> IceServer | None:
        """What one participant is told now; `seconds` if they cannot ask again."""
        if not self._urls:
            return None
        username = f"{int(now.timestamp()) + (seconds or self.seconds)}:{participant_id}"
        password = hmac.digest(self._secret, username.encode(), "sha1")
        return IceServer(urls=self._urls, username=username, credential=base64.b64encode(password).decode())

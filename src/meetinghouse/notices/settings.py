"""What an operator may set about notices to other systems."""

from __future__ import annotations

import msgspec


class NoticesSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The section `notices`."""

    # Networks of their own that webhooks may go to. Whoever may set a webhook could otherwise make this server ask what only it
    # can reach.
    networks: tuple[str, ...] = ()
    # How long a receiver may take to answer.
    timeout_seconds: int = 10
    # Between two looks for what is due.
    look_seconds: int = 5
    # After a failure the next try comes after so long, then twice as long each time, up to six hours; with 20 tries a
    # receiver may be away for three days.
    retry_seconds: int = 30
    tries: int = 20

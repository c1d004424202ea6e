"""What an operator may set about mail."""

from __future__ import annotations

from typing import Literal

import msgspec


class MailSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The section `mail`."""

    # The mail server that takes what is sent; empty: mail waits in the outbox.
    host: str = ""
    port: int = 587
    # `off` is for a mail server on this machine.
    tls: Literal["starttls", "tls", "off"] = "starttls"
    user: str = ""
    # A file that holds the password.
    password_file: str = ""
    # Who it comes from: an address, which must be one that the mail server sends for.
    sender: str = ""
    timeout_seconds: int = 30
    # Between two looks for what is due.
    look_seconds: int = 5
    # After a failure the next try comes after so long, then twice as long each time, up to six hours.
    retry_seconds: int = 60
    tries: int = 20

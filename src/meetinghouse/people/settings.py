"""What an operator may set about accounts."""

from __future__ import annotations

import msgspec


class PeopleSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The section `people`."""

    # A sign-in ends after so much time without use, and in any case after the second.
    sign_in_idle_hours: int = 168
    sign_in_max_hours: int = 720
    # One-time links: an invitation may wait in a mailbox, the owner's link stands on a terminal.
    owner_link_hours: int = 24
    invitation_hours: int = 168
    reset_hours: int = 4
    password_characters: int = 10
    # API tokens live no longer than this.
    token_max_days: int = 366

"""What an operator may set about meetings."""

from __future__ import annotations

import msgspec


class MeetingsSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The section `meetings`."""

    # How long somebody whose connection broke keeps their place; then they have left (`lost`).
    lost_seconds: int = 40

"""What an operator may set about market rules."""

from __future__ import annotations

import msgspec


class MarketSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The section `market`."""

    # How many different people must approve a rule set before it can be activated. 1 is for who runs everything alone.
    approvals: int = 2
    # How long decisions are kept: who was allowed or denied what, by which rule.
    decision_days: int = 366
    # Between two looks for what the dates of withdrawals bring.
    look_seconds: int = 60
    # A support grant ends by itself after so many hours at most.
    support_hours: int = 72

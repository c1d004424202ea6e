"""What the actions of the market work with, gathered so that each takes one argument for it."""

from __future__ import annotations

from dataclasses import dataclass

from meetinghouse.db.clock import Clock
from meetinghouse.db.engine import Database
from meetinghouse.market.decision_log import DecisionLog
from meetinghouse.market.settings import MarketSettings


@dataclass(frozen=True, kw_only=True)
class Market:
    """The services and settings of this feature."""

    db: Database
    clock: Clock
    settings: MarketSettings
    decisions: DecisionLog

"""What the actions of billing work with, gathered so that each takes one argument for it."""

from __future__ import annotations

from dataclasses import dataclass

from meetinghouse.billing.settings import BillingSettings
from meetinghouse.db.clock import Clock
from meetinghouse.db.engine import Database
from meetinghouse.market.enforcement import Enforcement
from meetinghouse.security.keyring import Keyring
from meetinghouse.security.limits import Limits


@dataclass(frozen=True, kw_only=True)
class Billing:
    """The services and settings of this feature. `region` is the one whose meetings this database holds."""

    db: Database
    keys: Keyring
    clock: Clock
    enforcement: Enforcement
    limits: Limits
    settings: BillingSettings
    region: str
    webhook_networks: tuple[str, ...]

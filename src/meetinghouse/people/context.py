"""What the actions of people work with, gathered so that each takes one argument for it."""

from __future__ import annotations

from dataclasses import dataclass

from meetinghouse.db.clock import Clock
from meetinghouse.db.engine import Database
from meetinghouse.people.settings import PeopleSettings
from meetinghouse.security.keyring import Keyring
from meetinghouse.security.limiter import Limiter
from meetinghouse.security.limits import Limits
from meetinghouse.security.passkeys import RelyingParty


@dataclass(frozen=True, kw_only=True)
class People:
    """The services and settings of this feature."""

    db: Database
    keys: Keyring
    clock: Clock
    limiter: Limiter
    limits: Limits
    settings: PeopleSettings
    relying_party: RelyingParty
    public_url: str
    service_name: str

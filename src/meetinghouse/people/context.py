"""What the actions of people work with, gathered so that each takes one argument for it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from meetinghouse.bus.local import Bus
from meetinghouse.db.clock import Clock
from meetinghouse.db.engine import Database, Transaction
from meetinghouse.people.model import Member
from meetinghouse.people.settings import PeopleSettings
from meetinghouse.security.houses import Houses
from meetinghouse.security.keyring import Keyring
from meetinghouse.security.limiter import Limiter
from meetinghouse.security.limits import Limits


@dataclass(frozen=True, kw_only=True)
class People:
    """The services and settings of this feature."""

    db: Database
    bus: Bus
    keys: Keyring
    clock: Clock
    limiter: Limiter
    limits: Limits
    settings: PeopleSettings
    # Under which name and at which address people are met, which depends on the host name and on the tenant.
    houses: Houses
    # What else a new member gets, in the same transaction (a personal room): this feature does not know the ones above it.
    enrolled: Callable[[Transaction, Member], Awaitable[None]]
    # Whether the operator's rules let somebody get an account in a tenant now; raises `Refusal`. Not inside a transaction.
    check_register: Callable[[str], Awaitable[object]]
    # Whether the tenant's plan has room for one more member; raises `Refusal`. Inside the transaction that adds them.
    check_seat: Callable[[AsyncConnection, str], Awaitable[None]]

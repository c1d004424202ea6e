"""What is done about residency policies."""

from __future__ import annotations

from meetinghouse.db.clock import Clock
from meetinghouse.db.engine import Transaction
from meetinghouse.regions import tables
from meetinghouse.regions.model import Places, Policy, Region


async def allow_own_region(region: Region, clock: Clock, write: Transaction, tenant_id: str) -> None:
    """Give a new tenant the policy that installations begin with: this region, and it alone."""
    own = Places(allow=(region.id,))
    policy = Policy(id="own-region", media=own, signalling=own, attach=own, storage=own)
    await tables.insert_policy(write.connection, tenant_id, policy, clock.now())

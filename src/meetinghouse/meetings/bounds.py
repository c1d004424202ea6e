"""What binds every join: the operator's market rules and the host tenant's residency policy, read once a second at most."""

from __future__ import annotations

from collections import OrderedDict

from meetinghouse.db.clock import Clock
from meetinghouse.db.engine import Database
from meetinghouse.market.model import Rule
from meetinghouse.market.tables import active_rule_set
from meetinghouse.regions.model import Policy
from meetinghouse.regions.tables import policy_of

# A changed rule must bind within 2 s. Lower reads the same rows for each of the joins of a busy second.
_FRESH_SECONDS = 1.0
# Tenants whose bounds are remembered.
_REMEMBERED = 10_000


class Bounds:
    """The rules and policies as they were a moment ago."""

    def __init__(self, database: Database, clock: Clock) -> None:
        """Nothing is read yet."""
        self._database = database
        self._clock = clock
        self._known: OrderedDict[str, tuple[float, tuple[Rule, ...], Policy | None]] = OrderedDict()

    async def of(self, tenant_id: str) -> tuple[tuple[Rule, ...], Policy | None]:
        """The market rules, and the tenant's policy (None: it has none, and nothing may be placed)."""
        now = self._clock.monotonic()
        known = self._known.get(tenant_id)
        if known is not None and now - known[0] < _FRESH_SECONDS:
            return known[1], known[2]
        async with self._database.read() as connection:
            rule_set = await active_rule_set(connection)
            policy = await policy_of(connection, tenant_id)
        self._known[tenant_id] = (now, rule_set.rules, policy)
        if len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
        return rule_set.rules, policy

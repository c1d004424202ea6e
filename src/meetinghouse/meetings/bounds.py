"""What binds whoever hosts or joins: the market rules in force, and the residency policy of the meeting's tenant."""

from __future__ import annotations

from collections import OrderedDict

from meetinghouse.db.clock import Clock
from meetinghouse.db.engine import Database
from meetinghouse.market.enforcement import Enforcement
from meetinghouse.people import tables as people_tables
from meetinghouse.people.model import Tenant
from meetinghouse.regions.model import Policy, Region
from meetinghouse.regions.rules import place
from meetinghouse.regions.tables import policy_of

# A changed policy must bind within 2 s. Lower reads the same rows for each of the joins of a busy second.
_FRESH_SECONDS = 1.0
# Tenants whose bounds are remembered.
_REMEMBERED = 10_000


class Bounds:
    """The rules and policies as they were a moment ago."""

    def __init__(self, database: Database, clock: Clock, enforcement: Enforcement, region: Region) -> None:
        """Nothing is read yet; people are served in `region`."""
        self._database = database
        self._clock = clock
        self._region = region
        self._known: OrderedDict[str, tuple[float, Tenant, Policy | None]] = OrderedDict()
        self._enforcement = enforcement

    async def check_host(self, tenant_id: str) -> None:
        """Whether people of this tenant may make meetings.

        Raises:
            Refusal: 403 `not_allowed_here`, with the rule.

        """
        tenant, _ = await self._of(tenant_id)
        await self._enforcement.check(tenant, "host")

    async def check_begin(self, tenant_id: str) -> None:
        """Whether a meeting of this tenant may begin, whoever is the first to come; one that is held goes on.

        Raises:
            Refusal: 403 `not_allowed_here`, with the rule.

        """
        tenant, _ = await self._of(tenant_id)
        await self._enforcement.check(tenant, "host", often=True)

    async def check_visit(self, tenant_id: str) -> None:
        """Whether people of this tenant may join meetings of others.

        Raises:
            Refusal: 403 `not_allowed_here`, with the rule.

        """
        tenant, _ = await self._of(tenant_id)
        await self._enforcement.check(tenant, "join", often=True)

    async def check_join(self, tenant_id: str) -> None:
        """Whether people may join meetings of this tenant, and be served here. Asked for a ticket, and again at its use.

        Raises:
            Refusal: 403 `not_allowed_here`, `no_policy` or `no_permitted_region`, with the rule.

        """
        tenant, policy = await self._of(tenant_id)
        await self._enforcement.check(tenant, "join", often=True)
        place(policy, self._region)

    async def _of(self, tenant_id: str) -> tuple[Tenant, Policy | None]:
        now = self._clock.monotonic()
        known = self._known.get(tenant_id)
        if known is not None and now - known[0] < _FRESH_SECONDS:
            return known[1], known[2]
        async with self._database.read(tenant_id) as connection:
            tenant = await people_tables.tenant(connection, tenant_id)
            policy = await policy_of(connection, tenant_id)
        self._known[tenant_id] = (now, tenant, policy)
        if len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
        return tenant, policy

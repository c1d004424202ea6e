"""What binds whoever hosts or joins: market rules, and the plan, status and residency policy of the meeting's tenant."""

from __future__ import annotations

from collections import OrderedDict

from msgspec import Struct

from meetinghouse.db.clock import Clock
from meetinghouse.db.engine import Database
from meetinghouse.market import organisation_tables
from meetinghouse.market.enforcement import Enforcement
from meetinghouse.market.organisations import Entitlements, check_may_be_joined, check_may_host
from meetinghouse.people import tables as people_tables
from meetinghouse.people.model import Tenant
from meetinghouse.regions.model import Policy, Region
from meetinghouse.regions.rules import place
from meetinghouse.regions.tables import policy_of

# A changed policy must bind within 2 s. Lower reads the same rows for each of the joins of a busy second.
_FRESH_SECONDS = 1.0
# Tenants whose bounds are remembered.
_REMEMBERED = 10_000


class _Bound(Struct, frozen=True):
    """What is so of one tenant."""

    tenant: Tenant
    entitlements: Entitlements
    policy: Policy | None


class Bounds:
    """The rules and policies as they were a moment ago."""

    def __init__(self, database: Database, clock: Clock, enforcement: Enforcement, region: Region) -> None:
        """Nothing is read yet; people are served in `region`."""
        self._database = database
        self._clock = clock
        self._region = region
        self._known: OrderedDict[str, tuple[float, _Bound]] = OrderedDict()
        self._enforcement = enforcement

    async def check_host(self, tenant_id: str) -> None:
        """Whether people of this tenant may make meetings.

        Raises:
            Refusal: 403 `not_allowed_here`, with the rule; `tenant_suspended`; `plan_refused`.

        """
        bound = await self._of(tenant_id)
        await self._enforcement.check(bound.tenant, "host")
        check_may_host(bound.tenant.status, bound.entitlements)

    async def check_begin(self, tenant_id: str) -> None:
        """Whether a meeting of this tenant may begin, whoever is the first to come; one that is held goes on.

        Raises:
            Refusal: 403 `not_allowed_here`, with the rule; `tenant_suspended`; `plan_refused`.

        """
        bound = await self._of(tenant_id)
        await self._enforcement.check(bound.tenant, "host", often=True)
        check_may_host(bound.tenant.status, bound.entitlements)

    async def check_visit(self, tenant_id: str) -> None:
        """Whether people of this tenant may join meetings of others.

        Raises:
            Refusal: 403 `not_allowed_here`, with the rule.

        """
        await self._enforcement.check((await self._of(tenant_id)).tenant, "join", often=True)

    async def check_join(self, tenant_id: str) -> None:
        """Whether people may join meetings of this tenant, and be served here. Asked for a ticket, and again at its use.

        Raises:
            Refusal: 403 `not_allowed_here`, `no_policy` or `no_permitted_region`, with the rule; `tenant_ended`;
                `plan_refused`.

        """
        bound = await self._of(tenant_id)
        await self._enforcement.check(bound.tenant, "join", often=True)
        check_may_be_joined(bound.tenant.status, bound.entitlements, self._region.id)
        place(bound.policy, self._region)

    async def entitlements(self, tenant_id: str) -> Entitlements:
        """What the plan of a tenant gives its meetings."""
        return (await self._of(tenant_id)).entitlements

    async def people_limit(self, tenant_id: str, otherwise: int) -> int:
        """How many may be in a meeting of this tenant at a time: what its plan gives, and `otherwise` at most."""
        return min(otherwise, (await self.entitlements(tenant_id)).participants or otherwise)

    async def _of(self, tenant_id: str) -> _Bound:
        now = self._clock.monotonic()
        known = self._known.get(tenant_id)
        if known is not None and now - known[0] < _FRESH_SECONDS:
            return known[1]
        async with self._database.read(tenant_id) as connection:
            tenant = await people_tables.tenant(connection, tenant_id)
            plan = await organisation_tables.plan(connection, tenant.plan)
            policy = await policy_of(connection, tenant_id)
        # A plan is never deleted; without one, a tenant is entitled to nothing.
        bound = _Bound(tenant, Entitlements(host=False) if plan is None else plan.entitlements, policy)
        self._known[tenant_id] = (now, bound)
        if len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
        return bound

"""The tenant's residency policy."""

from __future__ import annotations

from litestar import get
from litestar.di import NamedDependency

from meetinghouse.db.engine import Database
from meetinghouse.people.model import Actor, Scope
from meetinghouse.regions import tables
from meetinghouse.regions.model import Policy, Region
from meetinghouse.security.refusal import Refusal


@get("/regions/policy")
async def residency_policy(db: NamedDependency[Database], actor: NamedDependency[Actor]) -> Policy:
    """Where the tenant's signalling, media and stored data may be."""
    actor.must(Scope.ADMIN)
    async with db.read(actor.tenant_id) as connection:
        policy = await tables.policy_of(connection, actor.tenant_id)
    if policy is None:
        raise Refusal(404, "no_policy", "This organisation has no residency policy: nobody can be placed.")
    return policy


@get("/regions")
async def regions(actor: NamedDependency[Actor], region: NamedDependency[Region]) -> list[Region]:
    """The regions of this installation."""
    actor.must(Scope.ADMIN)
    return [region]


routes = [residency_policy, regions]

"""The market rules that are in force."""

from __future__ import annotations

from litestar import get
from litestar.di import NamedDependency

from meetinghouse.db.engine import Database
from meetinghouse.market import tables
from meetinghouse.market.model import RuleSet
from meetinghouse.people.model import Actor, Scope


@get("/market/rules/active")
async def active_rules(db: NamedDependency[Database], actor: NamedDependency[Actor]) -> RuleSet:
    """The active rule set."""
    actor.must(Scope.ADMIN)
    async with db.read() as connection:
        return await tables.active_rule_set(connection)


routes = [active_rules]

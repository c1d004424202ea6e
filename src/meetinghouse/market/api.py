"""The market rules that are in force, and those that are tried."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import UNSET, Meta, Struct, UnsetType

from meetinghouse.db.engine import Database
from meetinghouse.market import tables
from meetinghouse.market.actions import check_rules, try_rules
from meetinghouse.market.reading import raw_of
from meetinghouse.market.simulation import Simulation
from meetinghouse.people.context import People
from meetinghouse.people.model import Actor, Scope

# A time without an offset is nobody's midnight.
_Moment = Annotated[datetime, Meta(tz=True)]


class RuleSetView(Struct, frozen=True, kw_only=True):
    """A rule set; `rules` is in the shape of the file, with every date as a time in UTC."""

    id: str
    name: str
    activated_at: datetime | None
    rules: dict[str, Any]


class Trial(Struct, frozen=True, kw_only=True):
    """What to simulate: `rules` in the shape of the file (the active ones when left out) at `at`.

    They are compared with the active rules at `compared_at`, which is now when left out.
    """

    at: _Moment
    compared_at: _Moment | UnsetType = UNSET
    rules: dict[str, Any] | UnsetType = UNSET


@get("/market/rules/active")
async def active_rules(db: NamedDependency[Database], actor: NamedDependency[Actor]) -> RuleSetView:
    """The active rule set."""
    actor.must(Scope.ADMIN)
    async with db.read() as connection:
        active = await tables.active_rule_set(connection)
    return RuleSetView(id=active.id, name=active.name, activated_at=active.activated_at, rules=raw_of(active.content))


@post("/market/simulations", status_code=200)
async def simulate(people: NamedDependency[People], actor: NamedDependency[Actor], data: JSONBody[Trial]) -> Simulation:
    """Try rules, or another date, on the tenants there are. Nothing is stored and nobody is told."""
    actor.must(Scope.ADMIN)
    drafted = None if data.rules is UNSET else check_rules(data.rules)
    compared_at = people.clock.now() if data.compared_at is UNSET else data.compared_at
    return await try_rules(people.db, drafted, compared_at, data.at)


routes = [active_rules, simulate]

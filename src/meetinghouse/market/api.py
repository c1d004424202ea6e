"""The HTTP API of the market; `routes` is all of it."""

from __future__ import annotations

from typing import Any

from litestar import post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import UNSET, Struct, UnsetType

from meetinghouse.db.tenancy import Across
from meetinghouse.market import set_tables
from meetinghouse.market.actions import check_rules, try_rules
from meetinghouse.market.context import Market
from meetinghouse.market.set_actions import existing
from meetinghouse.market.set_api import Moment
from meetinghouse.market.set_api import routes as set_routes
from meetinghouse.market.simulation import Simulation
from meetinghouse.people.model import Actor, Scope
from meetinghouse.security.refusal import Refusal


class Trial(Struct, frozen=True, kw_only=True):
    """What to simulate at `at`: `rules` in the shape of the file, or the version with the id `rule_set`, or neither.

    They are compared with the rules in force at `compared_at`, which is now when left out. Without rules it is those that will
    be in force at `at`.
    """

    at: Moment
    compared_at: Moment | UnsetType = UNSET
    rules: dict[str, Any] | UnsetType = UNSET
    rule_set: str | UnsetType = UNSET


@post("/market/simulations", status_code=200)
async def simulate(market: NamedDependency[Market], actor: NamedDependency[Actor], data: JSONBody[Trial]) -> Simulation:
    """Try rules, or another date, on the tenants there are. Nothing is stored and nobody is told."""
    actor.must(Scope.ADMIN)
    if data.rules is not UNSET and data.rule_set is not UNSET:
        raise Refusal(422, "rules_twice", "Give either rules or rule_set.")
    drafted = None if data.rules is UNSET else check_rules(data.rules)
    if data.rule_set is not UNSET:
        async with market.db.read(Across.OPERATOR) as connection:
            drafted = await set_tables.rules_in(connection, (await existing(connection, data.rule_set)).id)
    compared_at = market.clock.now() if data.compared_at is UNSET else data.compared_at
    return await try_rules(market.db, drafted, compared_at, data.at)


routes = [*set_routes, simulate]

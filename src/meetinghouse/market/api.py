"""The HTTP API of the market; `routes` is all of it."""

from __future__ import annotations

from typing import Any

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery, JSONBody
from msgspec import UNSET, Struct, UnsetType

from meetinghouse.db.tenancy import Across, Reach
from meetinghouse.market import decision_tables, set_tables
from meetinghouse.market.actions import check_rules, try_rules
from meetinghouse.market.context import Market
from meetinghouse.market.model import Effect, KeptDecision, Verb
from meetinghouse.market.set_actions import existing
from meetinghouse.market.set_api import Moment
from meetinghouse.market.set_api import routes as set_routes
from meetinghouse.market.simulation import Simulation
from meetinghouse.market.withdrawal_api import routes as withdrawal_routes
from meetinghouse.people import tables as people_tables
from meetinghouse.people.model import Actor, Scope
from meetinghouse.people.wire import Page
from meetinghouse.security.refusal import Refusal

_ITEMS = 50
_MOST_ITEMS = 200


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
    actor.must(Scope.MARKET)
    if data.rules is not UNSET and data.rule_set is not UNSET:
        raise Refusal(422, "rules_twice", "Give either rules or rule_set.")
    drafted = None if data.rules is UNSET else check_rules(data.rules)
    if data.rule_set is not UNSET:
        async with market.db.read(Across.OPERATOR) as connection:
            drafted = await set_tables.rules_in(connection, (await existing(connection, data.rule_set)).id)
    compared_at = market.clock.now() if data.compared_at is UNSET else data.compared_at
    return await try_rules(market.db, drafted, compared_at, data.at)


@get("/market/decisions")
async def list_decisions(
    market: NamedDependency[Market],
    actor: NamedDependency[Actor],
    tenant: FromQuery[str | None] = None,
    verb: FromQuery[Verb | None] = None,
    decision: FromQuery[Effect | None] = None,
    cursor: FromQuery[str] = "",
    limit: FromQuery[int] = _ITEMS,
) -> Page[KeptDecision]:
    """What the rules decided, the newest first: the operator's staff see all, others that of their own organisation."""
    actor.must(Scope.ADMIN)
    limit = max(1, min(limit, _MOST_ITEMS))
    await market.decisions.flush()
    reach = await _reach_of(market, actor)
    if isinstance(reach, str):
        # Another's decisions are as absent as those of nobody.
        tenant = reach if tenant in {None, reach} else ""
    async with market.db.read(reach) as connection:
        found = await decision_tables.decisions_page(connection, tenant, verb, decision, cursor, limit + 1)
    return Page(found[:limit], found[limit - 1].id if len(found) > limit else None)


async def _reach_of(market: Market, actor: Actor) -> Reach:
    async with market.db.read(actor.tenant_id) as connection:
        home_id = await people_tables.home_id(connection)
    return Across.OPERATOR if actor.tenant_id == home_id else actor.tenant_id


routes = [*set_routes, *withdrawal_routes, simulate, list_decisions]

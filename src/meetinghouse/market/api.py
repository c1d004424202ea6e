"""The market rules that are in force."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from litestar import get
from litestar.di import NamedDependency
from msgspec import Struct

from meetinghouse.db.engine import Database
from meetinghouse.market import tables
from meetinghouse.market.reading import raw_of
from meetinghouse.people.model import Actor, Scope


class RuleSetView(Struct, frozen=True, kw_only=True):
    """A rule set; `rules` is in the shape of the file, with every date as a time in UTC."""

    id: str
    name: str
    activated_at: datetime | None
    rules: dict[str, Any]


@get("/market/rules/active")
async def active_rules(db: NamedDependency[Database], actor: NamedDependency[Actor]) -> RuleSetView:
    """The active rule set."""
    actor.must(Scope.ADMIN)
    async with db.read() as connection:
        active = await tables.active_rule_set(connection)
    return RuleSetView(id=active.id, name=active.name, activated_at=active.activated_at, rules=raw_of(active.content))


routes = [active_rules]

"""Versions of the rules as they are shown."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct

from meetinghouse.db.tenancy import Across
from meetinghouse.market import set_tables as tables
from meetinghouse.market.context import Market
from meetinghouse.market.lifecycle import Status, status_of
from meetinghouse.market.model import Activation, Approval, RuleSet
from meetinghouse.market.reading import raw_of
from meetinghouse.people.wire import Page

_MOST_ITEMS = 200


class RuleSetLine(Struct, frozen=True, kw_only=True):
    """A version of the rules without its rules.

    `base` is the one it follows, `restores` the one it is a copy of; `activated_at` is from when it is or will be in force.
    """

    id: str
    version: int
    name: str
    revision: int
    status: Status
    author: str | None
    created_at: datetime
    submitted_at: datetime | None
    activated_at: datetime | None
    approvals: tuple[Approval, ...]
    base: str | None
    restores: str | None


class RuleSetView(RuleSetLine, frozen=True, kw_only=True):
    """A version of the rules; `rules` is in the shape of the file, with every date as a time in UTC."""

    rules: dict[str, Any]


async def lines_page(market: Market, before: int | None, limit: int | None) -> Page[RuleSetLine]:
    """The newest versions, before one of them."""
    limit = _MOST_ITEMS if limit is None else max(1, min(limit, _MOST_ITEMS))
    async with market.db.read(Across.OPERATOR) as connection:
        found = await tables.rule_sets_page(connection, before, limit + 1)
        activations = await tables.activations(connection)
    lines = [RuleSetLine(**_line(market, one, activations)) for one in found[:limit]]
    return Page(lines, str(lines[-1].version) if len(found) > limit else None)


async def shown(market: Market, found: RuleSet) -> RuleSetView:
    """A version with its rules."""
    async with market.db.read(Across.OPERATOR) as connection:
        activations = await tables.activations(connection)
        rules = await tables.rules_in(connection, found.id)
    return RuleSetView(**_line(market, found, activations), rules=raw_of(rules))


def _line(market: Market, found: RuleSet, activations: Sequence[Activation]) -> dict[str, Any]:
    own = [one for one in activations if one.rule_set_id == found.id]
    return {
        "id": found.id,
        "version": found.version,
        "name": found.name,
        "revision": found.revision,
        "status": status_of(found, activations, market.clock.now(), market.settings.approvals),
        "author": found.author_id,
        "created_at": found.created_at,
        "submitted_at": found.submitted_at,
        "activated_at": next((one.starts_at for one in own if one.cancelled_at is None), None),
        "approvals": found.approvals,
        "base": found.base_id,
        "restores": found.restores_id,
    }

"""Versions of the rules: drafted, compared, examined, approved, activated, rolled back.

In paths a version goes by its id or by its number.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from litestar import get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import UNSET, Meta, Struct, UnsetType
from sqlalchemy.ext.asyncio import AsyncConnection

from meetinghouse.db.tenancy import Across
from meetinghouse.market import set_actions as actions
from meetinghouse.market import set_tables as tables
from meetinghouse.market.actions import check_rules, rules_at
from meetinghouse.market.context import Market
from meetinghouse.market.differences import Difference, differences
from meetinghouse.market.lifecycle import in_force
from meetinghouse.market.lint import Finding, lint
from meetinghouse.market.model import Activation, Rules
from meetinghouse.market.set_views import RuleSetLine, RuleSetView, lines_page, shown
from meetinghouse.people.model import Actor, Scope
from meetinghouse.people.wire import Page
from meetinghouse.security.refusal import Refusal

_ITEMS = 50
# A time without an offset is nobody's midnight.
Moment = Annotated[datetime, Meta(tz=True)]
_Name = Annotated[str, Meta(max_length=400)]


class NewDraft(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Rules to keep, in the shape of the file."""

    name: _Name
    rules: dict[str, Any]


class DraftChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to change of a draft, as it was read at `revision`; absent stays."""

    revision: int
    name: _Name | UnsetType = UNSET
    rules: dict[str, Any] | UnsetType = UNSET


class AsRead(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which revision was read by who decides on it."""

    revision: int


class ActivationAsk(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """From when on; now when left out."""

    at: Moment | UnsetType = UNSET


class RestoreAsk(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The id of the version that is in force, as who rolls back knows it."""

    instead_of: str


@get("/market/rules")
async def list_rule_sets(
    market: NamedDependency[Market],
    actor: NamedDependency[Actor],
    cursor: FromQuery[int | None] = None,
    limit: FromQuery[int] = _ITEMS,
) -> Page[RuleSetLine]:
    """All versions, the newest first."""
    actor.must(Scope.MARKET)
    return await lines_page(market, cursor, limit)


@post("/market/rules")
async def draft_rules(
    market: NamedDependency[Market], actor: NamedDependency[Actor], data: JSONBody[NewDraft]
) -> RuleSetView:
    """Draft a new version."""
    actor.must(Scope.MARKET)
    return await shown(market, await actions.do_draft(market, actor, data.name, check_rules(data.rules)))


@get("/market/rules/active")
async def active_rules(market: NamedDependency[Market], actor: NamedDependency[Actor]) -> RuleSetView:
    """The version that is in force."""
    actor.must(Scope.MARKET)
    async with market.db.read(Across.OPERATOR) as connection:
        current = in_force(await tables.activations(connection), market.clock.now())
        if current is None:
            raise Refusal(404, "not_found", "No version of the rules is in force: the defaults decide.")
        found = await actions.existing(connection, current.rule_set_id)
    return await shown(market, found)


@get("/market/rules/{set_id:str}")
async def get_rule_set(
    market: NamedDependency[Market], actor: NamedDependency[Actor], set_id: FromPath[str]
) -> RuleSetView:
    """One version."""
    actor.must(Scope.MARKET)
    async with market.db.read(Across.OPERATOR) as connection:
        found = await actions.existing(connection, set_id)
    return await shown(market, found)


@patch("/market/rules/{set_id:str}")
async def change_draft(
    market: NamedDependency[Market], actor: NamedDependency[Actor], set_id: FromPath[str], data: JSONBody[DraftChange]
) -> RuleSetView:
    """Change a draft."""
    name = None if data.name is UNSET else data.name
    rules = None if data.rules is UNSET else check_rules(data.rules)
    return await shown(market, await actions.do_change(market, actor, set_id, data.revision, name, rules))


@get("/market/rules/{set_id:str}/differences")
async def rule_set_differences(
    market: NamedDependency[Market],
    actor: NamedDependency[Actor],
    set_id: FromPath[str],
    compared_with: FromQuery[str | None] = None,
) -> Page[Difference]:
    """How a version differs from another one; from the one that is in force when none is named."""
    actor.must(Scope.MARKET)
    async with market.db.read(Across.OPERATOR) as connection:
        after = await _rules(connection, set_id)
        if compared_with is None:
            before = await rules_at(connection, market.clock.now())
        else:
            before = await _rules(connection, compared_with)
    return Page(differences(before, after), None)


@get("/market/rules/{set_id:str}/findings")
async def rule_set_findings(
    market: NamedDependency[Market], actor: NamedDependency[Actor], set_id: FromPath[str]
) -> Page[Finding]:
    """Rules of a version that never decide, and those whose order decides."""
    actor.must(Scope.MARKET)
    async with market.db.read(Across.OPERATOR) as connection:
        return Page(lint(await _rules(connection, set_id)), None)


@post("/market/rules/{set_id:str}/submit", status_code=200)
async def submit_draft(
    market: NamedDependency[Market], actor: NamedDependency[Actor], set_id: FromPath[str], data: JSONBody[AsRead]
) -> RuleSetView:
    """Have a draft decided on."""
    return await shown(market, await actions.do_submit(market, actor, set_id, data.revision))


@post("/market/rules/{set_id:str}/reopen", status_code=200)
async def reopen_draft(
    market: NamedDependency[Market], actor: NamedDependency[Actor], set_id: FromPath[str]
) -> RuleSetView:
    """Make a submitted version a draft again; its approvals are forgotten."""
    return await shown(market, await actions.do_reopen(market, actor, set_id))


@post("/market/rules/{set_id:str}/approve", status_code=200)
async def approve_rules(
    market: NamedDependency[Market], actor: NamedDependency[Actor], set_id: FromPath[str], data: JSONBody[AsRead]
) -> RuleSetView:
    """Agree to a submitted version."""
    return await shown(market, await actions.do_approve(market, actor, set_id, data.revision))


@post("/market/rules/{set_id:str}/activate", status_code=201)
async def activate_rules(
    market: NamedDependency[Market], actor: NamedDependency[Actor], set_id: FromPath[str], data: JSONBody[ActivationAsk]
) -> Activation:
    """Put an approved version in force, now or at a date."""
    return await actions.do_activate(market, actor, set_id, None if data.at is UNSET else data.at)


@post("/market/rules/{set_id:str}/restore", status_code=201)
async def restore_rules(
    market: NamedDependency[Market], actor: NamedDependency[Actor], set_id: FromPath[str], data: JSONBody[RestoreAsk]
) -> RuleSetView:
    """Roll back to an earlier version, at once; it is copied as a new one."""
    restored, _ = await actions.do_restore(market, actor, set_id, data.instead_of)
    return await shown(market, restored)


@get("/market/activations")
async def list_activations(market: NamedDependency[Market], actor: NamedDependency[Actor]) -> Page[Activation]:
    """All activations, the first one first."""
    actor.must(Scope.MARKET)
    async with market.db.read(Across.OPERATOR) as connection:
        return Page(await tables.activations(connection), None)


@post("/market/activations/{activation_id:str}/cancel", status_code=204)
async def cancel_activation(
    market: NamedDependency[Market], actor: NamedDependency[Actor], activation_id: FromPath[str]
) -> None:
    """Keep an activation that waits for its date from beginning."""
    await actions.do_cancel(market, actor, activation_id)


async def _rules(connection: AsyncConnection, set_id: str) -> Rules:
    return await tables.rules_in(connection, (await actions.existing(connection, set_id)).id)


routes = [
    list_rule_sets,
    draft_rules,
    active_rules,
    get_rule_set,
    change_draft,
    rule_set_differences,
    rule_set_findings,
    submit_draft,
    reopen_draft,
    approve_rules,
    activate_rules,
    restore_rules,
    list_activations,
    cancel_activation,
]

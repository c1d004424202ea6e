"""Withdrawals as HTTP: planned and followed by the operator's staff, chosen in by the tenants that are told."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from litestar import Response, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import Meta, Struct

from meetinghouse.db.tenancy import Across
from meetinghouse.market import withdrawal_actions as actions
from meetinghouse.market import withdrawal_tables as tables
from meetinghouse.market.context import Market
from meetinghouse.market.set_views import RuleSetView, shown
from meetinghouse.market.withdrawal_model import Affected, Choice, Plan, Stage, Withdrawal
from meetinghouse.market.withdrawal_rules import report_csv, stage_of
from meetinghouse.people.model import Actor, Scope
from meetinghouse.people.wire import Page

_ITEMS = 100
_MOST_ITEMS = 1000
_Code = Annotated[str, Meta(max_length=64)]


class WithdrawalView(Struct, frozen=True, kw_only=True):
    """A withdrawal and where it stands."""

    id: str
    plan: Plan
    revision: int
    stage: Stage
    created_at: datetime
    told_at: datetime | None
    ended_at: datetime | None


class OwnWithdrawal(Struct, frozen=True, kw_only=True):
    """A withdrawal as a tenant that was told sees it."""

    id: str
    stage: Stage
    message: dict[str, str]
    stop_at: datetime
    end_at: datetime
    verbs: tuple[str, ...]
    successors: tuple[str, ...]
    choice: Choice | None


class PlanChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Another plan, by who read the one of `revision`."""

    revision: int
    plan: Plan


class AsRead(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which revision was read."""

    revision: int


class ChoiceAsk(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a tenant wants: a `partner` with `successor`, none with `export`."""

    choice: Choice
    partner: _Code | None = None


class MoveAsk(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"from_partner": "from", "to_partner": "to"}
):
    """From whom, as the mover knows it, to whom; null is the operator itself."""

    tenant: _Code
    from_partner: _Code | None
    to_partner: _Code | None


@post("/market/withdrawals")
async def plan_withdrawal(
    market: NamedDependency[Market], actor: NamedDependency[Actor], data: JSONBody[Plan]
) -> WithdrawalView:
    """Plan a withdrawal; nobody is told before its date."""
    return _view(market, await actions.do_plan(market, actor, data))


@get("/market/withdrawals")
async def list_withdrawals(market: NamedDependency[Market], actor: NamedDependency[Actor]) -> Page[WithdrawalView]:
    """All of them, the newest first."""
    await actions.check_staff(market, actor)
    async with market.db.read(Across.OPERATOR) as connection:
        return Page([_view(market, one) for one in await tables.all_withdrawals(connection)], None)


@patch("/market/withdrawals/{withdrawal_id:str}")
async def change_withdrawal(
    market: NamedDependency[Market],
    actor: NamedDependency[Actor],
    withdrawal_id: FromPath[str],
    data: JSONBody[PlanChange],
) -> WithdrawalView:
    """Change a plan before anybody was told."""
    return _view(market, await actions.do_change(market, actor, withdrawal_id, data.revision, data.plan))


@post("/market/withdrawals/{withdrawal_id:str}/cancel", status_code=204)
async def cancel_withdrawal(
    market: NamedDependency[Market], actor: NamedDependency[Actor], withdrawal_id: FromPath[str], data: JSONBody[AsRead]
) -> None:
    """Call a withdrawal off before anybody was told."""
    await actions.do_cancel(market, actor, withdrawal_id, data.revision)


@post("/market/withdrawals/{withdrawal_id:str}/rules")
async def draft_stop(
    market: NamedDependency[Market], actor: NamedDependency[Actor], withdrawal_id: FromPath[str]
) -> RuleSetView:
    """Draft the rules that stop the plan's verbs at its date."""
    return await shown(market, await actions.do_draft_rules(market, actor, withdrawal_id))


@post("/market/withdrawals/{withdrawal_id:str}/moves", status_code=204)
async def move_tenant(
    market: NamedDependency[Market],
    actor: NamedDependency[Actor],
    withdrawal_id: FromPath[str],
    data: JSONBody[MoveAsk],
) -> None:
    """Move a tenant for it, or back, until the end."""
    await actions.do_move(market, actor, withdrawal_id, data.tenant, data.from_partner, data.to_partner)


@post("/market/withdrawals/advance", status_code=200)
async def advance_withdrawals(market: NamedDependency[Market], actor: NamedDependency[Actor]) -> dict[str, int]:
    """Do now what is due, without waiting for the server's next look."""
    await actions.check_staff(market, actor)
    return {"tenants": await actions.advance(market)}


@get("/market/withdrawals/{withdrawal_id:str}/tenants")
async def affected_tenants(
    market: NamedDependency[Market],
    actor: NamedDependency[Actor],
    withdrawal_id: FromPath[str],
    cursor: FromQuery[str] = "",
    limit: FromQuery[int] = _ITEMS,
    format: FromQuery[Literal["json", "csv"]] = "json",  # noqa: A002 (as the query calls it)
) -> Response[Page[Affected]] | Response[str]:
    """What became of every tenant that was told; as CSV, all of them."""
    await actions.check_staff(market, actor)
    limit = max(1, min(limit, _MOST_ITEMS))
    async with market.db.read(Across.OPERATOR) as connection:
        await actions.existing(connection, withdrawal_id)
        if format == "csv":
            everyone: list[Affected] = []
            while some := await tables.affected_page(connection, withdrawal_id, cursor, _MOST_ITEMS):
                everyone += some
                cursor = some[-1].tenant_id
            named = {"Content-Disposition": 'attachment; filename="withdrawal.csv"'}
            return Response(report_csv(everyone), media_type="text/csv; charset=utf-8", headers=named)
        found = await tables.affected_page(connection, withdrawal_id, cursor, limit + 1)
    following = found[limit - 1].tenant_id if len(found) > limit else None
    return Response(Page(found[:limit], following))


@get("/withdrawals")
async def own_withdrawals(market: NamedDependency[Market], actor: NamedDependency[Actor]) -> Page[OwnWithdrawal]:
    """The withdrawals that one's own organisation was told of."""
    actor.must(Scope.ADMIN)
    views = []
    async with market.db.read(actor.tenant_id) as connection:
        for withdrawal_id in await tables.parts_of(connection, actor.tenant_id):
            found = await actions.existing(connection, withdrawal_id)
            part = await tables.affected_row(connection, withdrawal_id, actor.tenant_id)
            views.append(
                OwnWithdrawal(
                    id=found.id,
                    stage=stage_of(found, market.clock.now()),
                    message=found.plan.message,
                    stop_at=found.plan.stop_at,
                    end_at=found.plan.end_at,
                    verbs=found.plan.verbs,
                    successors=found.plan.successors,
                    choice=part.choice,
                )
            )
    return Page(views, None)


@post("/withdrawals/{withdrawal_id:str}/choice", status_code=204)
async def choose_successor(
    market: NamedDependency[Market],
    actor: NamedDependency[Actor],
    withdrawal_id: FromPath[str],
    data: JSONBody[ChoiceAsk],
) -> None:
    """Choose a successor, or to take one's data away; it may be changed until the end."""
    await actions.do_choose(market, actor, withdrawal_id, data.choice, data.partner)


def _view(market: Market, found: Withdrawal) -> WithdrawalView:
    return WithdrawalView(
        id=found.id,
        plan=found.plan,
        revision=found.revision,
        stage=stage_of(found, market.clock.now()),
        created_at=found.created_at,
        told_at=found.told_at,
        ended_at=found.ended_at,
    )


routes = [
    plan_withdrawal,
    list_withdrawals,
    change_withdrawal,
    cancel_withdrawal,
    draft_stop,
    move_tenant,
    advance_withdrawals,
    affected_tenants,
    own_withdrawals,
    choose_successor,
]

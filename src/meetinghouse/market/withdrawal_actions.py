"""What is done with withdrawals: planned, announced to each tenant, chosen by each, settled at the end.

What time brings is done by `advance`, in small transactions each of which marks what it did: after a crash it goes on where it
stood, and what was done is not done again.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec
import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from meetinghouse.db.ids import new_id
from meetinghouse.db.tenancy import Across
from meetinghouse.mail import tables as mail_tables
from meetinghouse.market import withdrawal_rules as rules
from meetinghouse.market import withdrawal_tables as tables
from meetinghouse.market.actions import rules_at
from meetinghouse.market.context import Market
from meetinghouse.market.model import RuleSet
from meetinghouse.market.set_actions import do_draft
from meetinghouse.market.withdrawal_mail import notice_mail
from meetinghouse.market.withdrawal_model import Choice, Plan, Withdrawal
from meetinghouse.people import tables as people_tables
from meetinghouse.people.model import Actor, Scope
from meetinghouse.security.refusal import Refusal

# Tenants that one transaction tells or moves: more keep all other writers waiting for longer.
_BATCH = 100
_SYSTEM = "system"

_log = structlog.get_logger(__name__)


async def do_plan(market: Market, actor: Actor, plan: Plan) -> Withdrawal:
    """Plan a withdrawal. Nobody is told before its date.

    Raises:
        Refusal: 403; 404 for who is not the operator's staff; 422 `invalid_withdrawal`.

    """
    await check_staff(market, actor)
    now = market.clock.now()
    async with market.db.write(Across.OPERATOR) as write:
        rules.check_plan(plan, await tables.partner_ids(write.connection))
        made = Withdrawal(id=new_id(), plan=plan, revision=1, created_at=now, created_by=actor.member_id)
        await tables.insert_withdrawal(write.connection, made)
        await _audit(write.connection, market, actor.tenant_id, actor.member_id, "plan_withdrawal", made.id)
    return made


async def do_change(market: Market, actor: Actor, withdrawal_id: str, revision: int, plan: Plan) -> Withdrawal:
    """Change a plan before anybody was told.

    Raises:
        Refusal: 403, 404; 409 `announced`, `changed_meanwhile`; 422.

    """
    await check_staff(market, actor)
    async with market.db.write(Across.OPERATOR) as write:
        before = await existing(write.connection, withdrawal_id)
        rules.check_may_change(before, revision, market.clock.now())
        rules.check_plan(plan, await tables.partner_ids(write.connection))
        changed = msgspec.structs.replace(before, plan=plan, revision=revision + 1)
        await tables.update_withdrawal(write.connection, before.id, plan=plan, revision=changed.revision)
        await _audit(write.connection, market, actor.tenant_id, actor.member_id, "change_withdrawal", before.id)
    return changed


async def do_cancel(market: Market, actor: Actor, withdrawal_id: str, revision: int) -> None:
    """Call a withdrawal off before anybody was told.

    Raises:
        Refusal: 403, 404; 409 `announced`, `changed_meanwhile`.

    """
    await check_staff(market, actor)
    now = market.clock.now()
    async with market.db.write(Across.OPERATOR) as write:
        before = await existing(write.connection, withdrawal_id)
        rules.check_may_change(before, revision, now)
        await tables.update_withdrawal(write.connection, before.id, cancelled_at=now)
        await _audit(write.connection, market, actor.tenant_id, actor.member_id, "cancel_withdrawal", before.id)


async def do_draft_rules(market: Market, actor: Actor, withdrawal_id: str) -> RuleSet:
    """Draft the rules that stop the plan's verbs at its date: they bind once two people approve and somebody activates them.

    Raises:
        Refusal: 403, 404.

    """
    await check_staff(market, actor)
    async with market.db.read(Across.OPERATOR) as connection:
        found = await existing(connection, withdrawal_id)
        active = await rules_at(connection, market.clock.now())
    return await do_draft(market, actor, found.plan.name, rules.stopping(found, active))


async def do_choose(market: Market, actor: Actor, withdrawal_id: str, choice: Choice, partner: str | None) -> None:
    """A tenant's own choice, which it may change until the end: it buys through a successor at once, or takes its data away.

    Nothing else of it changes: links, numbers, passcodes, host names, meetings that are held.

    Raises:
        Refusal: 403; 404 `not_found` for who was not told; 409 `not_open`, `moved_meanwhile`; 422 `invalid_choice`.

    """
    actor.must(Scope.ADMIN)
    now = market.clock.now()
    async with market.db.write(actor.tenant_id) as write:
        connection = write.connection
        found = await existing(connection, withdrawal_id)
        part = await tables.affected_row(connection, withdrawal_id, actor.tenant_id)
        if part is None:
            raise Refusal(404, "not_found", "There is no such withdrawal.")
        rules.check_may_choose(found, choice, partner, now)
        if partner is None:
            # Who takes its data away stays where it was until then.
            to_id, channel = part.former_partner_id, part.former_channel
        else:
            to_id, channel = (await tables.partner_ids(connection))[partner], "partner"
        from_id, _ = await tables.seat_of(connection, actor.tenant_id)
        await _move(connection, actor.tenant_id, from_id, to_id, channel)
        moved_at = now if partner is not None else None
        await tables.update_affected(
            connection, withdrawal_id, actor.tenant_id, choice=choice, chosen_at=now, moved_at=moved_at
        )
        detail = {"choice": choice, "partner": partner}
        await _audit(connection, market, actor.tenant_id, actor.member_id, "choose_successor", withdrawal_id, detail)


async def do_move(
    market: Market, actor: Actor, withdrawal_id: str, tenant_id: str, from_partner: str | None, to_partner: str | None
) -> None:
    """Move a told tenant for it, or back, until the end. `from_partner` is through whom it buys, as the mover knows it.

    Of two moves at once one is done: the other no longer moves from where the tenant is.

    Raises:
        Refusal: 403, 404; 409 `not_open`, `moved_meanwhile`; 422 `invalid_choice`.

    """
    await check_staff(market, actor)
    now = market.clock.now()
    async with market.db.write(Across.OPERATOR) as write:
        connection = write.connection
        found = await existing(connection, withdrawal_id)
        part = await tables.affected_row(connection, withdrawal_id, tenant_id)
        if part is None:
            raise Refusal(404, "not_found", "This withdrawal is not about such a tenant.")
        from_id = _id_of(from_partner, await tables.partner_ids(connection, ended=True))
        to_id = _id_of(to_partner, await tables.partner_ids(connection))
        is_back = to_id == part.former_partner_id
        if not is_back:
            rules.check_may_choose(found, "successor", to_partner, now)
        elif rules.stage_of(found, now) not in {"announced", "stopped"}:
            raise Refusal(409, "not_open", "The withdrawal has not begun, or is over.")
        await _move(connection, tenant_id, from_id, to_id, part.former_channel if is_back else "partner")
        moved_at = None if is_back else now
        await tables.update_affected(
            connection, withdrawal_id, tenant_id, moved_at=moved_at, choice=None, chosen_at=None
        )
        detail = {"from": from_partner, "to": to_partner}
        await _audit(connection, market, tenant_id, actor.member_id, "move_tenant", withdrawal_id, detail)


async def advance(market: Market) -> int:
    """Do what is due by now; gives how many tenants it concerned."""
    now, done = market.clock.now(), 0
    async with market.db.read(Across.OPERATOR) as connection:
        found = await tables.open_withdrawals(connection)
    for one in found:
        if one.told_at is None and now >= one.plan.notice_at:
            done += await _repeat(lambda one=one: _tell_some(market, one))  # type: ignore[misc]
        if now >= one.plan.end_at:
            done += await _repeat(lambda one=one: _settle_some(market, one))  # type: ignore[misc]
    return done


async def check_staff(market: Market, actor: Actor) -> None:
    """Whether somebody is of the operator's staff.

    Raises:
        Refusal: 403 `missing_scope`; 404 `not_found` as if there were no withdrawals.

    """
    actor.must(Scope.ADMIN)
    async with market.db.read(actor.tenant_id) as connection:
        if actor.tenant_id != await people_tables.home_id(connection):
            raise Refusal(404, "not_found", "There is no such withdrawal.")


async def existing(connection: AsyncConnection, withdrawal_id: str) -> Withdrawal:
    """A withdrawal.

    Raises:
        Refusal: 404 `not_found`.

    """
    found = await tables.withdrawal(connection, withdrawal_id)
    if found is None:
        raise Refusal(404, "not_found", "There is no such withdrawal.")
    return found


async def _repeat(step: Callable[[], Awaitable[int | None]]) -> int:
    done = 0
    while (some := await step()) is not None:
        done += some
    return done


async def _tell_some(market: Market, one: Withdrawal) -> int | None:
    """Tell the next tenants, their mails and the mark of how far it went in one transaction; None when all are told."""
    now = market.clock.now()
    async with market.db.write(Across.OPERATOR) as write:
        connection = write.connection
        after = await tables.told_up_to(connection, one.id)
        some = await tables.tenants_after(connection, after, _BATCH)
        if not some:
            await tables.update_withdrawal(connection, one.id, told_at=now)
            return None
        home_id = await people_tables.home_id(connection)
        chosen = [seat for seat in some if seat[0].id != home_id and rules.is_affected(seat[0], one.plan.scope)]
        rows = [
            {
                "withdrawal_id": one.id,
                "tenant_id": tenant.id,
                "former_partner_id": partner_id,
                "former_channel": tenant.channel,
                "told_at": now,
            }
            for tenant, partner_id in chosen
        ]
        await tables.insert_affected(connection, rows)
        for tenant, _ in chosen:
            for member_id, address, language in await tables.administrators(connection, tenant.id):
                mail = notice_mail(one, tenant, address, language)
                await mail_tables.put(connection, f"withdrawal {one.id} {member_id}", mail, now)
            await _audit(connection, market, tenant.id, _SYSTEM, "withdrawal_notice", one.id)
        await tables.update_withdrawal(connection, one.id, told_up_to=some[-1][0].id)
    return len(chosen)


async def _settle_some(market: Market, one: Withdrawal) -> int | None:
    """Move the next tenants that did not choose to the plan's default; None when there are none, and it is over."""
    now = market.clock.now()
    async with market.db.write(Across.OPERATOR) as write:
        connection = write.connection
        known = await tables.partner_ids(connection)
        to_id = known.get(one.plan.default or "")
        silent = [] if to_id is None else await tables.silent_tenants(connection, one.id, _BATCH)
        if not silent:
            await tables.update_withdrawal(connection, one.id, ended_at=now)
            return None
        for tenant_id in silent:
            from_id, _ = await tables.seat_of(connection, tenant_id)
            await _move(connection, tenant_id, from_id, to_id, "partner")
            await tables.update_affected(connection, one.id, tenant_id, moved_at=now)
            detail = {"to": one.plan.default}
            await _audit(connection, market, tenant_id, _SYSTEM, "move_tenant", one.id, detail)
    return len(silent)


def _id_of(partner: str | None, known: Mapping[str, str]) -> str | None:
    if partner is None:
        return None
    if partner not in known:
        raise Refusal(422, "invalid_choice", f"There is no partner {partner!r}.")
    return known[partner]


async def _move(
    connection: AsyncConnection, tenant_id: str, from_id: str | None, to_id: str | None, channel: str
) -> None:
    if not await tables.move_tenant(connection, tenant_id, from_id, to_id, channel):
        raise Refusal(409, "moved_meanwhile", "This tenant buys through somebody else by now: look again.")


async def _audit(
    connection: AsyncConnection,
    market: Market,
    tenant_id: str,
    actor: str,
    action: str,
    subject: str,
    detail: dict[str, Any] | None = None,
) -> None:
    await people_tables.insert_audit(connection, tenant_id, market.clock.now(), actor, action, subject, detail or {})

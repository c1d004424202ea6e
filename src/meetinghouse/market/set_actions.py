"""What the operator's staff do with rule sets: draft, change, submit, approve, activate, roll back. Each act is audited."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from meetinghouse.db.ids import new_id
from meetinghouse.db.tenancy import Across
from meetinghouse.market import lifecycle
from meetinghouse.market import set_tables as tables
from meetinghouse.market.context import Market
from meetinghouse.market.model import Activation, Approval, Rules, RuleSet
from meetinghouse.market.reading import raw_of
from meetinghouse.market.rules import Rulebook
from meetinghouse.people import tables as people_tables
from meetinghouse.people.model import Actor, Scope
from meetinghouse.security.names import clean_name
from meetinghouse.security.refusal import Refusal

_NAME_CHARACTERS = 200


async def do_draft(market: Market, actor: Actor, name: str, rules: Rules) -> RuleSet:
    """Keep rules as the draft of a new version.

    Raises:
        Refusal: 403 `missing_scope`; 422 `name_missing`.

    """
    actor.must(Scope.MARKET)
    now = market.clock.now()
    async with market.db.write(Across.OPERATOR) as write:
        drafted = RuleSet(
            id=new_id(),
            version=await tables.next_version(write.connection),
            name=_clean(name),
            revision=1,
            created_at=now,
            author_id=actor.member_id,
        )
        await tables.insert_rule_set(write.connection, drafted, rules)
        await _audit(write.connection, actor, now, "draft_market_rules", drafted)
    return drafted


async def do_change(
    market: Market, actor: Actor, set_id: str, revision: int, name: str | None, rules: Rules | None
) -> RuleSet:
    """Change a draft, as it was read at `revision`.

    Raises:
        Refusal: 403, 404; 409 `not_a_draft`, `changed_meanwhile`; 422.

    """
    actor.must(Scope.MARKET)
    async with market.db.write(Across.OPERATOR) as write:
        before = await existing(write.connection, set_id)
        lifecycle.check_is_draft(before, revision)
        changed = msgspec.structs.replace(
            before, revision=revision + 1, name=before.name if name is None else _clean(name)
        )
        values: dict[str, Any] = {} if rules is None else {"rules": raw_of(rules)}
        await tables.update_rule_set(
            write.connection, before.id, revision=changed.revision, name=changed.name, **values
        )
        await _audit(write.connection, actor, market.clock.now(), "change_market_rules", changed)
    return changed


async def do_submit(market: Market, actor: Actor, set_id: str, revision: int) -> RuleSet:
    """Have a draft decided on, as what follows the set that is in force now. It can be changed no more.

    Raises:
        Refusal: 403, 404; 409 `not_a_draft`, `changed_meanwhile`.

    """
    actor.must(Scope.MARKET)
    now = market.clock.now()
    async with market.db.write(Across.OPERATOR) as write:
        before = await existing(write.connection, set_id)
        lifecycle.check_is_draft(before, revision)
        current = lifecycle.in_force(await tables.activations(write.connection), now)
        base_id = None if current is None else current.rule_set_id
        submitted = msgspec.structs.replace(before, submitted_at=now, base_id=base_id)
        await tables.update_rule_set(write.connection, before.id, submitted_at=now, base_id=base_id)
        await _audit(write.connection, actor, now, "submit_market_rules", submitted)
    return submitted


async def do_reopen(market: Market, actor: Actor, set_id: str) -> RuleSet:
    """Make a submitted set a draft again; the approvals are forgotten.

    Raises:
        Refusal: 403, 404; 409 `not_submitted`, `activated`.

    """
    actor.must(Scope.MARKET)
    async with market.db.write(Across.OPERATOR) as write:
        before = await existing(write.connection, set_id)
        lifecycle.check_may_reopen(before, await tables.activations(write.connection))
        values: dict[str, Any] = {"submitted_at": None, "base_id": None, "revision": before.revision + 1}
        await tables.update_rule_set(write.connection, before.id, **values)
        await tables.delete_approvals(write.connection, before.id)
        reopened = msgspec.structs.replace(before, approvals=(), **values)
        await _audit(write.connection, actor, market.clock.now(), "reopen_market_rules", reopened)
    return reopened


async def do_approve(market: Market, actor: Actor, set_id: str, revision: int) -> RuleSet:
    """Agree to a submitted set, as it was read at `revision`.

    Raises:
        Refusal: 403, 404; 409 `not_submitted`, `changed_meanwhile`, `approved_already`.

    """
    actor.must(Scope.MARKET)
    now = market.clock.now()
    async with market.db.write(Across.OPERATOR) as write:
        before = await existing(write.connection, set_id)
        lifecycle.check_may_approve(before, actor.member_id, revision)
        approval = Approval(actor.member_id, now)
        await tables.insert_approval(write.connection, before.id, approval)
        await _audit(write.connection, actor, now, "approve_market_rules", before)
    return msgspec.structs.replace(before, approvals=(*before.approvals, approval))


async def do_activate(market: Market, actor: Actor, set_id: str, at: datetime | None) -> Activation:
    """Put an approved set in force, now or from `at` on. Of two at once one wins: the other does not follow it.

    Raises:
        Refusal: 403, 404; 409 `not_approved`, `activated`, `activation_pending`, `rules_changed`; 422 `in_the_past`,
            `locks_operator_out`.

    """
    actor.must(Scope.MARKET)
    now = market.clock.now()
    starts_at = now if at is None else at
    async with market.db.write(Across.OPERATOR) as write:
        chosen = await existing(write.connection, set_id)
        there_are = await tables.activations(write.connection)
        lifecycle.check_may_activate(chosen, there_are, starts_at, now, market.settings.approvals)
        await _check_lets_operator_in(write.connection, chosen.id, starts_at)
        made = await _activate(write.connection, actor, chosen, there_are, starts_at, now)
        detail = {"starts_at": starts_at.isoformat()}
        await _audit(write.connection, actor, now, "activate_market_rules", chosen, **detail)
    return made


async def do_cancel(market: Market, actor: Actor, activation_id: str) -> None:
    """Keep an activation that waits for its date from beginning.

    Raises:
        Refusal: 403, 404; 409 `has_begun`.

    """
    actor.must(Scope.MARKET)
    now = market.clock.now()
    async with market.db.write(Across.OPERATOR) as write:
        there_are = await tables.activations(write.connection)
        if all(one.id != activation_id for one in there_are):
            raise Refusal(404, "not_found", "There is no such activation.")
        waiting = lifecycle.pending(there_are, now)
        if waiting is None or waiting.id != activation_id:
            raise Refusal(409, "has_begun", "This activation has begun or was cancelled: roll back instead.")
        await tables.mark_cancelled(write.connection, activation_id, now)
        cancelled = await existing(write.connection, waiting.rule_set_id)
        await _audit(write.connection, actor, now, "cancel_market_rules", cancelled)


async def do_restore(market: Market, actor: Actor, former_id: str, instead_of: str) -> tuple[RuleSet, Activation]:
    """Roll back at once: put an earlier set in force again, as a new version, instead of the one that is in force.

    It was approved before; who restores it needs nobody else.

    Raises:
        Refusal: 403, 404; 409 `never_active`, `active_already`, `rules_changed`, `activation_pending`; 422
            `locks_operator_out`.

    """
    actor.must(Scope.MARKET)
    now = market.clock.now()
    async with market.db.write(Across.OPERATOR) as write:
        former = await existing(write.connection, former_id)
        there_are = await tables.activations(write.connection)
        lifecycle.check_may_restore(former.id, there_are, now)
        replaced = await existing(write.connection, instead_of)
        lifecycle.check_follows(replaced.id, there_are, now)
        await _check_lets_operator_in(write.connection, former.id, now)
        restored = RuleSet(
            id=new_id(),
            version=await tables.next_version(write.connection),
            name=former.name,
            revision=1,
            created_at=now,
            author_id=actor.member_id,
            base_id=replaced.id,
            submitted_at=now,
            restores_id=former.id,
            approvals=former.approvals,
        )
        await tables.insert_rule_set(write.connection, restored, await tables.rules_in(write.connection, former.id))
        made = await _activate(write.connection, actor, restored, there_are, now, now)
        await _audit(write.connection, actor, now, "roll_back_market_rules", restored, restores=former.version)
    return restored, made


async def existing(connection: AsyncConnection, set_id: str) -> RuleSet:
    """A set, by its id or its version's number.

    Raises:
        Refusal: 404 `not_found`.

    """
    found = await tables.rule_set(connection, set_id)
    if found is None:
        raise Refusal(404, "not_found", "There is no such version of the rules.")
    return found


async def _activate(
    connection: AsyncConnection,
    actor: Actor,
    chosen: RuleSet,
    there_are: list[Activation],
    starts_at: datetime,
    now: datetime,
) -> Activation:
    made = Activation(
        id=new_id(),
        sequence=len(there_are) + 1,
        rule_set_id=chosen.id,
        starts_at=starts_at,
        created_at=now,
        created_by=actor.member_id,
        began_at=now if starts_at <= now else None,
    )
    await tables.insert_activation(connection, made)
    return made


async def _check_lets_operator_in(connection: AsyncConnection, set_id: str, starts_at: datetime) -> None:
    home = await people_tables.first_tenant(connection)
    lifecycle.check_lets_operator_in(Rulebook(await tables.rules_in(connection, set_id)), home, starts_at)


def _clean(name: str) -> str:
    cleaned = clean_name(name, _NAME_CHARACTERS)
    if not cleaned:
        raise Refusal(422, "name_missing", "Give the version a name.")
    return cleaned


async def _audit(
    connection: AsyncConnection,
    actor: Actor,
    now: datetime,
    action: str,
    rule_set: RuleSet,
    **detail: Any,  # noqa: ANN401 (plain values)
) -> None:
    about = {"version": rule_set.version, "revision": rule_set.revision, **detail}
    await people_tables.insert_audit(connection, actor.tenant_id, now, actor.member_id, action, rule_set.id, about)

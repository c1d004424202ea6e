"""What staff and tenants do about support grants: ask, give, end, and read under one.

A grant is for the staff of one partner, or of the operator, and of nobody above or below. It is worth nothing once the tenant
has moved beyond their reach. Every act, and every reading, stands in the tenant's audit log with the grant's id.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from msgspec.structs import replace

from meetinghouse.db.engine import Transaction
from meetinghouse.db.ids import new_id
from meetinghouse.db.tenancy import Across
from meetinghouse.market import organisation_tables, support_tables
from meetinghouse.market.organisation_actions import Organisations
from meetinghouse.market.organisations import Reach, absent, reach_of
from meetinghouse.market.support import Area, Grant, GrantState, check_ask, check_open, end_of, state_of
from meetinghouse.people import tables as people_tables
from meetinghouse.people.model import Actor, AuditEntry, Member, Scope


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What a grant shall open, why, and for how long."""

    areas: tuple[Area, ...]
    reason: str
    hours: int


async def grants_of_staff(org: Organisations, actor: Actor) -> list[Grant]:
    """Those of the actor's own partner, or of the operator."""
    async with org.people.db.read(Across.CHANNEL) as connection:
        reach = reach_of(actor, Scope.SUPPORT, await organisation_tables.all_partners(connection))
        return await support_tables.grants_of_staff(connection, reach.own, org.people.limits.list_items)


async def do_ask(org: Organisations, actor: Actor, tenant_id: str, wish: Wish, most_hours: int) -> Grant:
    """Ask a tenant within reach for a grant: it opens nothing until an administrator of the tenant gives it.

    Raises:
        Refusal: 404; 422 `grant_incomplete`, `grant_too_long`.

    """
    now = org.people.clock.now()
    async with org.people.db.write(Across.CHANNEL) as write:
        reach = reach_of(actor, Scope.SUPPORT, await organisation_tables.all_partners(write.connection))
        if await organisation_tables.tenant_row(write.connection, reach, tenant_id) is None:
            raise absent()
        asked = _new(tenant_id, reach.own, wish, most_hours, reach.actor, now)
        await support_tables.insert_grant(write.connection, asked)
        await _audit(write, asked, now, reach.actor, "ask_support")
    return asked


async def do_leave(org: Organisations, actor: Actor, grant_id: str) -> Grant:
    """End one's own grant before its time, or take back that one asked."""
    now = org.people.clock.now()
    async with org.people.db.write(Across.CHANNEL) as write:
        grant, reach = await _own(write, actor, grant_id)
        return await _end(write, grant, now, reach.actor)


async def members_under(org: Organisations, actor: Actor, grant_id: str, after: str, limit: int) -> list[Member]:
    """The members of the tenant that gave the grant."""
    grant, reach = await _entered(org, actor, grant_id, Area.MEMBERS)
    async with org.people.db.write(grant.tenant_id) as write:
        await _audit(write, grant, org.people.clock.now(), reach.actor, "read_members")
        return await people_tables.members_page(write.connection, grant.tenant_id, after, limit)


async def audit_under(org: Organisations, actor: Actor, grant_id: str, before: str, limit: int) -> list[AuditEntry]:
    """The audit log of the tenant that gave the grant."""
    grant, reach = await _entered(org, actor, grant_id, Area.AUDIT)
    async with org.people.db.write(grant.tenant_id) as write:
        await _audit(write, grant, org.people.clock.now(), reach.actor, "read_audit")
        return await people_tables.audit_page(write.connection, grant.tenant_id, before, limit)


# --- the tenant's side -----------------------------------------------------------------------------------------------


async def grants_of_tenant(org: Organisations, actor: Actor) -> tuple[list[Grant], dict[str, str]]:
    """All that anybody asked of the actor's tenant or was given by it, and the partners' codes by id."""
    actor.must(Scope.ADMIN)
    async with org.people.db.read(actor.tenant_id) as connection:
        found = await support_tables.grants_of_tenant(connection, actor.tenant_id, org.people.limits.list_items)
        partners = await organisation_tables.all_partners(connection)
    return found, {one.id: one.code for one in partners.values()}


async def do_give_unasked(org: Organisations, actor: Actor, wish: Wish, most_hours: int) -> Grant:
    """Give a grant to whoever sells to the actor's tenant: its partner, or the operator.

    Raises:
        Refusal: 403 `missing_scope`; 422 `grant_incomplete`, `grant_too_long`.

    """
    actor.must(Scope.ADMIN)
    now = org.people.clock.now()
    async with org.people.db.write(actor.tenant_id) as write:
        tenant = await people_tables.tenant(write.connection, actor.tenant_id)
        partners = await organisation_tables.all_partners(write.connection)
        seller = next((one.id for one in partners.values() if one.code == tenant.partner), None)
        made = _new(actor.tenant_id, seller, wish, most_hours, actor.member_id, now)
        given = replace(made, given_at=now, ends_at=end_of(made.hours, now))
        await support_tables.insert_grant(write.connection, given)
        await _audit(write, given, now, actor.member_id, "give_support")
    return given


async def do_give(org: Organisations, actor: Actor, grant_id: str) -> Grant:
    """Give what was asked.

    Raises:
        Refusal: 403 `missing_scope`; 404; 409 `grant_closed`.

    """
    actor.must(Scope.ADMIN)
    now = org.people.clock.now()
    async with org.people.db.write(actor.tenant_id) as write:
        asked = check_open(await _ones_own(write, actor, grant_id), now)
        ends_at = end_of(asked.hours, now)
        await support_tables.update_grant(write.connection, asked.id, given_at=now, ends_at=ends_at)
        await _audit(write, asked, now, actor.member_id, "give_support")
    return replace(asked, given_at=now, ends_at=ends_at)


async def do_end(org: Organisations, actor: Actor, grant_id: str) -> Grant:
    """Refuse what was asked, or end what was given: the next call under it is refused."""
    actor.must(Scope.ADMIN)
    async with org.people.db.write(actor.tenant_id) as write:
        grant = await _ones_own(write, actor, grant_id)
        return await _end(write, grant, org.people.clock.now(), actor.member_id)


# --- inside ----------------------------------------------------------------------------------------------------------


async def _entered(org: Organisations, actor: Actor, grant_id: str, area: Area) -> tuple[Grant, Reach]:
    """The one door: whether the actor may read this now, by the grant, by their reach and by the market's rules."""
    async with org.people.db.read(Across.CHANNEL) as connection:
        reach = reach_of(actor, Scope.SUPPORT, await organisation_tables.all_partners(connection))
        grant = await support_tables.grant(connection, grant_id)
        if (
            grant is None
            or grant.partner_id != reach.own
            or area not in grant.areas
            or state_of(grant, org.people.clock.now()) is not GrantState.GIVEN
            or await organisation_tables.tenant_row(connection, reach, grant.tenant_id) is None
        ):
            raise absent()
        tenant = await people_tables.tenant(connection, grant.tenant_id)
    await org.enforcement.check(tenant, "support", often=True)
    return grant, reach


async def _own(write: Transaction, actor: Actor, grant_id: str) -> tuple[Grant, Reach]:
    reach = reach_of(actor, Scope.SUPPORT, await organisation_tables.all_partners(write.connection))
    grant = await support_tables.grant(write.connection, grant_id)
    if grant is None or grant.partner_id != reach.own:
        raise absent()
    return grant, reach


async def _ones_own(write: Transaction, actor: Actor, grant_id: str) -> Grant:
    grant = await support_tables.grant(write.connection, grant_id)
    if grant is None or grant.tenant_id != actor.tenant_id:
        raise absent()
    return grant


async def _end(write: Transaction, grant: Grant, now: datetime, by: str) -> Grant:
    if grant.ended_at is not None:
        return grant
    await support_tables.update_grant(write.connection, grant.id, ended_at=now)
    await _audit(write, grant, now, by, "end_support")
    return replace(grant, ended_at=now)


def _new(tenant_id: str, partner_id: str | None, wish: Wish, most_hours: int, by: str, now: datetime) -> Grant:
    areas, reason = check_ask(wish.areas, wish.reason, wish.hours, most_hours)
    return Grant(
        id=new_id(),
        tenant_id=tenant_id,
        partner_id=partner_id,
        areas=areas,
        reason=reason,
        hours=wish.hours,
        made_at=now,
        made_by=by,
        given_at=None,
        ends_at=None,
        ended_at=None,
    )


async def _audit(write: Transaction, grant: Grant, now: datetime, by: str, action: str) -> None:
    detail = {"grant": grant.id, "areas": list(grant.areas)}
    await people_tables.insert_audit(write.connection, grant.tenant_id, now, by, action, grant.id, detail)

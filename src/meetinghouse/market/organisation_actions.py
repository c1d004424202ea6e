"""What the operator's and the partners' staff do about partners, plans and tenants.

Whoever may not do it, or asks for what is beyond their reach, is told that there is nothing (404 `not_found`). What is done
to a tenant stands in that tenant's own audit log.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from dataclasses import replace as dataclass_replace
from typing import Any

from msgspec.structs import asdict, replace
from sqlalchemy.ext.asyncio import AsyncConnection

from meetinghouse.db import keyset
from meetinghouse.db.engine import Transaction
from meetinghouse.db.ids import new_id
from meetinghouse.db.tenancy import Across
from meetinghouse.market import organisation_tables as tables
from meetinghouse.market.enforcement import Enforcement
from meetinghouse.market.in_force import Standing
from meetinghouse.market.model import Channel, TenantKind
from meetinghouse.market.organisations import (
    Entitlements,
    Partner,
    PartnerKind,
    Plan,
    Reach,
    TenantRow,
    absent,
    check_address,
    check_channel,
    check_code,
    check_parent,
    reach_of,
)
from meetinghouse.market.rules import check_allowed, question_of
from meetinghouse.people import tables as people_tables
from meetinghouse.people.context import People
from meetinghouse.people.enrolment import NewLink, make_link
from meetinghouse.people.model import Actor, LinkKind, Member, Role, Scope, Status, Tenant, TenantStatus
from meetinghouse.people.rules import clean_email
from meetinghouse.security.names import clean_name
from meetinghouse.security.refusal import Refusal

_STANDARD = "standard"


@dataclass(frozen=True, kw_only=True)
class Organisations:
    """What these actions work with."""

    people: People
    enforcement: Enforcement
    # What else a new tenant gets, in the same transaction (a residency policy): this feature does not know those above it.
    founded: Callable[[Transaction, str], Awaitable[None]]


@dataclass(frozen=True, kw_only=True)
class Founding:
    """A tenant to found and its first owner. `partner` and `plan` are codes."""

    name: str
    owner_email: str
    owner_name: str | None = None
    kind: TenantKind = "enterprise"
    channel: Channel | None = None
    country: str | None = None
    subdivision: str | None = None
    plan: str = _STANDARD
    partner: str | None = None


# --- partners --------------------------------------------------------------------------------------------------------


async def partners_of(org: Organisations, actor: Actor) -> list[Partner]:
    """The partners within the actor's reach, the oldest first."""
    async with org.people.db.read(Across.CHANNEL) as connection:
        reach, partners = await _reach(connection, actor, Scope.TENANTS_READ)
    return [one for one in partners.values() if reach.has(one.id)]


async def do_add_partner(
    org: Organisations,
    actor: Actor,
    *,
    code: str,
    name: str,
    kind: PartnerKind,
    parent: str | None,
    owner_email: str,
) -> tuple[Partner, NewLink]:
    """Add a partner with a home for its staff, and the link for the first of them.

    Without `parent`, it stands below the actor's own partner, or directly below the operator.

    Raises:
        Refusal: 404; 409 `code_taken`, `code_looks_alike`, `too_many_tiers`; 422 `invalid_code`, `invalid_email`,
            `name_missing`.

    """
    standing = await org.enforcement.standing()
    async with org.people.db.write(Across.CHANNEL) as write:
        reach, partners = await _reach(write.connection, actor, Scope.PARTNERS_WRITE)
        above = reach.own if parent is None else _within(reach, partners, parent).id
        check_code(code, [one.code for one in partners.values()])
        check_parent(None, above, partners)
        founding = Founding(
            name=name,
            owner_email=owner_email,
            channel="direct" if above is None else "partner",
            partner=None if above is None else partners[above].code,
        )
        home, link = await _found(org, write, (reach, partners, standing), founding)
        partner = Partner(
            id=new_id(),
            code=code,
            name=home.name,
            kind=kind,
            parent_id=above,
            tenant_id=home.id,
            created_at=org.people.clock.now(),
            ended_at=None,
        )
        await tables.insert_partner(write.connection, await tables.operator_id(write.connection), partner)
        await _audit(org, write, reach, home.id, "add_partner", partner.id, {"code": code, "kind": kind})
    return partner, link


async def do_change_partner(
    org: Organisations,
    actor: Actor,
    code: str,
    *,
    name: str | None,
    kind: PartnerKind | None,
    parent: str | None,
    ended: bool | None,
) -> Partner:
    """Set what is given; an empty `parent` is the operator. A partner's staff change those below their own, not itself.

    Raises:
        Refusal: 404; 409 `partner_cycle`, `too_many_tiers`, `partner_in_use`; 422 `name_missing`.

    """
    async with org.people.db.write(Across.CHANNEL) as write:
        connection = write.connection
        reach, partners = await _reach(connection, actor, Scope.PARTNERS_WRITE)
        partner = _within(reach, partners, code)
        if partner.id == reach.own or (parent == "" and not reach.everything):
            raise absent()
        values: dict[str, Any] = {}
        if name is not None:
            values["name"] = _name(name)
        if kind is not None:
            values["kind"] = kind
        if parent is not None:
            values["parent_id"] = _within(reach, partners, parent).id if parent else None
            check_parent(partner.id, values["parent_id"], partners)
        if ended is not None:
            await _check_may_end(connection, partner, partners, ended=ended)
            values["ended_at"] = org.people.clock.now() if ended else None
        if values:
            await tables.update_partner(connection, partner.id, **values)
        detail = {key: value for key, value in values.items() if key != "name"}
        await _audit(org, write, reach, partner.tenant_id, "change_partner", partner.id, detail)
    return replace(partner, **values)


# --- plans -----------------------------------------------------------------------------------------------------------


async def plans_of(org: Organisations, actor: Actor) -> list[Plan]:
    """Every plan."""
    async with org.people.db.read(Across.CHANNEL) as connection:
        await _reach(connection, actor, Scope.TENANTS_READ)
        return await tables.all_plans(connection)


async def do_put_plan(org: Organisations, actor: Actor, code: str, name: str, entitlements: Entitlements) -> Plan:
    """Make a plan, or change what there is of this code: it binds every tenant that has it from then on.

    Raises:
        Refusal: 404; 409 `code_looks_alike`; 422 `invalid_code`, `name_missing`.

    """
    async with org.people.db.write(Across.CHANNEL) as write:
        connection = write.connection
        reach, _ = await _reach(connection, actor, Scope.PLANS_WRITE)
        known = {one.code: one for one in await tables.all_plans(connection)}
        before = known.get(code)
        if before is None:
            check_code(code, known)
            plan = Plan(code=code, name=_name(name), entitlements=entitlements, created_at=org.people.clock.now())
            await tables.insert_plan(connection, plan)
        else:
            plan = replace(before, name=_name(name), entitlements=entitlements)
            await tables.update_plan(connection, code, name=plan.name, entitlements=entitlements)
        await _audit(org, write, reach, actor.tenant_id, "put_plan", code, asdict(entitlements))
    return plan


# --- tenants ---------------------------------------------------------------------------------------------------------


async def tenants_page(
    org: Organisations, actor: Actor, filters: dict[str, str], text: str, page: tuple[keyset.Order, str, int]
) -> list[TenantRow]:
    """Tenants within the actor's reach."""
    async with org.people.db.read(Across.CHANNEL) as connection:
        reach, _ = await _reach(connection, actor, Scope.TENANTS_READ)
        return await tables.tenants_page(connection, reach, filters, text, page)


async def tenant_of(org: Organisations, actor: Actor, tenant_id: str) -> TenantRow:
    """One tenant within the actor's reach.

    Raises:
        Refusal: 404 `not_found`.

    """
    async with org.people.db.read(Across.CHANNEL) as connection:
        reach, _ = await _reach(connection, actor, Scope.TENANTS_READ)
        return _there(await tables.tenant_row(connection, reach, tenant_id))


async def do_found(org: Organisations, actor: Actor, founding: Founding) -> tuple[TenantRow, NewLink]:
    """Found a tenant and make the link with which its first owner enrols.

    Raises:
        Refusal: 403 `not_allowed_here` with the market's rule; 404; 422 with what is wrong.

    """
    standing = await org.enforcement.standing()
    async with org.people.db.write(Across.CHANNEL) as write:
        reach, partners = await _reach(write.connection, actor, Scope.TENANTS_WRITE)
        if founding.partner is None and reach.own is not None:
            founding = dataclass_replace(founding, partner=partners[reach.own].code)
        tenant, link = await _found(org, write, (reach, partners, standing), founding)
        found = _there(await tables.tenant_row(write.connection, reach, tenant.id))
    return found, link


async def do_change_tenant(org: Organisations, actor: Actor, tenant_id: str, changes: dict[str, Any]) -> TenantRow:
    """Set what is given of name, kind, channel, country, subdivision, plan, partner and status.

    Raises:
        Refusal: 404; 409 `own_home`; 422 with what is wrong.

    """
    async with org.people.db.write(Across.CHANNEL) as write:
        connection = write.connection
        reach, partners = await _reach(connection, actor, Scope.TENANTS_WRITE)
        before = _there(await tables.tenant_row(connection, reach, tenant_id))
        after = replace(before, **changes)
        partner_id = None if after.partner is None else _within(reach, partners, after.partner).id
        if not reach.has(partner_id):
            raise absent()
        country, subdivision = check_address(after.country, after.subdivision)
        check_channel(after.channel, after.partner)
        await _check_plan(connection, after.plan)
        if after.status is not TenantStatus.ACTIVE and await tables.is_home(connection, tenant_id):
            raise Refusal(409, "own_home", "This is the home of an organisation's staff: it stays.")
        await tables.update_tenant(
            connection,
            tenant_id,
            name=_name(after.name),
            kind=after.kind,
            channel=after.channel,
            country=country,
            subdivision=subdivision,
            plan_id=after.plan,
            partner_id=partner_id,
            status=after.status,
        )
        detail = {key: value for key, value in changes.items() if key != "name"}
        await _audit(org, write, reach, tenant_id, "change_tenant", tenant_id, detail)
        return _there(await tables.tenant_row(connection, reach, tenant_id))


async def do_invite_owner(org: Organisations, actor: Actor, tenant_id: str) -> NewLink:
    """A new link for the first owner of a tenant that nobody has enrolled at yet.

    Raises:
        Refusal: 404; 409 `has_owner`.

    """
    async with org.people.db.write(Across.CHANNEL) as write:
        connection = write.connection
        reach, _ = await _reach(connection, actor, Scope.TENANTS_WRITE)
        _there(await tables.tenant_row(connection, reach, tenant_id))
        if await people_tables.count_active_owners(connection, tenant_id):
            raise Refusal(409, "has_owner", "This organisation has an owner, who invites and resets its people.")
        owner = await people_tables.first_owner(connection, tenant_id)
        await _audit(org, write, reach, tenant_id, "invite_owner", owner.id, {})
        return await _link(org, write, owner)


# --- inside ----------------------------------------------------------------------------------------------------------


async def _found(
    org: Organisations, write: Transaction, asking: tuple[Reach, dict[str, Partner], Standing], founding: Founding
) -> tuple[Tenant, NewLink]:
    reach, partners, standing = asking
    connection, now = write.connection, org.people.clock.now()
    partner_id = None if founding.partner is None else _within(reach, partners, founding.partner).id
    channel: Channel = founding.channel or ("direct" if partner_id is None else "partner")
    check_channel(channel, founding.partner)
    country, subdivision = check_address(founding.country, founding.subdivision)
    await _check_plan(connection, founding.plan)
    tenant = Tenant(
        new_id(), _name(founding.name), founding.kind, channel, country, founding.plan, founding.partner, subdivision
    )
    decision = check_allowed(standing.rulebook.decide(question_of(tenant, "register", now)))
    # What is not founded leaves no row that a decision could be about.
    write.after_commit(lambda: org.enforcement.log.count(tenant.id, "register", decision, standing.version))
    await tables.insert_tenant(
        connection,
        id=tenant.id,
        operator_id=await tables.operator_id(connection),
        name=tenant.name,
        kind=tenant.kind,
        channel=channel,
        country=country,
        subdivision=subdivision,
        plan_id=tenant.plan,
        partner_id=partner_id,
        created_at=now,
    )
    email = clean_email(founding.owner_email)
    owner = Member(
        id=new_id(),
        tenant_id=tenant.id,
        email=email,
        name=clean_name(founding.owner_name or "") or email.partition("@")[0],
        role=Role.OWNER,
        status=Status.INVITED,
        language=None,
        password_hash=None,
        personal_meeting_id=None,
        created_at=now,
    )
    await people_tables.insert_member(connection, owner)
    await org.founded(write, tenant.id)
    detail = {"plan": tenant.plan, "partner": tenant.partner, "owner": owner.id}
    await _audit(org, write, reach, tenant.id, "found_tenant", tenant.id, detail)
    return tenant, await _link(org, write, owner)


async def _reach(connection: AsyncConnection, actor: Actor, scope: Scope) -> tuple[Reach, dict[str, Partner]]:
    partners = await tables.all_partners(connection)
    return reach_of(actor, scope, partners), partners


def _within(reach: Reach, partners: dict[str, Partner], code: str) -> Partner:
    found = next((one for one in partners.values() if one.code == code), None)
    if found is None or not reach.has(found.id):
        raise absent()
    return found


def _there(found: TenantRow | None) -> TenantRow:
    if found is None:
        raise absent()
    return found


async def _check_plan(connection: AsyncConnection, code: str) -> None:
    if await tables.plan(connection, code) is None:
        raise Refusal(422, "unknown_plan", f"There is no plan {code!r}.")


async def _check_may_end(
    connection: AsyncConnection, partner: Partner, partners: dict[str, Partner], *, ended: bool
) -> None:
    if ended and (
        await tables.count_tenants_of(connection, partner.id)
        or any(one.parent_id == partner.id and one.ended_at is None for one in partners.values())
    ):
        message = "Tenants or partners stand below this partner: move them to others before it ends."
        raise Refusal(409, "partner_in_use", message)


def _name(text: str) -> str:
    name = clean_name(text)
    if not name:
        raise Refusal(422, "name_missing", "Give a name that can be shown.")
    return name


async def _link(org: Organisations, write: Transaction, owner: Member) -> NewLink:
    people = org.people
    now = people.clock.now()
    url = (await people.houses.of(owner.tenant_id, write.connection)).url
    return await make_link(write, people.keys, people.settings, url, owner, LinkKind.INVITATION, now)


async def _audit(
    org: Organisations,
    write: Transaction,
    reach: Reach,
    tenant_id: str,
    action: str,
    subject: str,
    detail: dict[str, Any],
) -> None:
    await people_tables.insert_audit(
        write.connection, tenant_id, org.people.clock.now(), reach.actor, action, subject, detail
    )

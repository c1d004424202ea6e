"""Partners, plans and the administration of tenants."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec
from litestar import get, patch, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import UNSET, Meta, Struct, UnsetType

from meetinghouse.db import keyset
from meetinghouse.market import organisation_actions as actions
from meetinghouse.market.model import Channel, TenantKind
from meetinghouse.market.organisation_actions import Founding, Organisations
from meetinghouse.market.organisation_tables import SORTS
from meetinghouse.market.organisations import Entitlements, Partner, PartnerKind, Plan, TenantRow
from meetinghouse.people.enrolment import NewLink
from meetinghouse.people.model import Actor, TenantStatus
from meetinghouse.people.tables import tenants
from meetinghouse.people.wire import Email, Page, ShownName

_DEFAULT_ITEMS = 50
_Code = Annotated[str, Meta(max_length=64)]
_Country = Annotated[str, Meta(max_length=8)]


class NewPartner(Struct, frozen=True, forbid_unknown_fields=True):
    """A partner to add; `parent` is the code of the partner above it, `owner_email` the first of its staff."""

    code: _Code
    name: ShownName
    kind: PartnerKind
    owner_email: Email
    parent: _Code | None = None


class PartnerChange(Struct, frozen=True, forbid_unknown_fields=True):
    """What to change; absent stays. An empty `parent` is the operator."""

    name: ShownName | None = None
    kind: PartnerKind | None = None
    parent: _Code | None = None
    ended: bool | None = None


class PartnerView(Struct, frozen=True, kw_only=True):
    """A partner; `parent` is the code of the one above it, `tenant_id` the home of its staff."""

    code: str
    name: str
    kind: PartnerKind
    parent: str | None
    tenant_id: str
    created_at: datetime
    ended_at: datetime | None


class Added(Struct, frozen=True):
    """The partner, and the link to hand to the first of its staff."""

    partner: PartnerView
    link: str
    expires_at: datetime


class PlanBody(Struct, frozen=True, forbid_unknown_fields=True):
    """What a plan is called and gives."""

    name: ShownName
    entitlements: Entitlements = Entitlements()


class NewTenant(Struct, frozen=True, forbid_unknown_fields=True):
    """A tenant to found. Without a channel it is `partner` for who has a partner, else `direct`."""

    name: ShownName
    owner_email: Email
    owner_name: ShownName | None = None
    kind: TenantKind = "enterprise"
    channel: Channel | None = None
    country: _Country | None = None
    subdivision: _Country | None = None
    plan: _Code = "standard"
    partner: _Code | None = None


class TenantChange(Struct, frozen=True, forbid_unknown_fields=True):
    """What to change; absent stays."""

    name: ShownName | UnsetType = UNSET
    kind: TenantKind | UnsetType = UNSET
    channel: Channel | UnsetType = UNSET
    country: _Country | UnsetType | None = UNSET
    subdivision: _Country | UnsetType | None = UNSET
    plan: _Code | UnsetType = UNSET
    partner: _Code | UnsetType | None = UNSET
    status: TenantStatus | UnsetType = UNSET


class Founded(Struct, frozen=True):
    """The tenant, and the link to hand to its first owner."""

    tenant: TenantRow
    link: str
    expires_at: datetime


@get("/partners")
async def list_partners(
    organisations: NamedDependency[Organisations], actor: NamedDependency[Actor]
) -> Page[PartnerView]:
    """The partners that one administers: one's own and those below it, or all of them."""
    found = await actions.partners_of(organisations, actor)
    codes = {one.id: one.code for one in found}
    return Page([_partner_view(one, codes) for one in found], None)


@post("/partners")
async def add_partner(
    organisations: NamedDependency[Organisations], actor: NamedDependency[Actor], data: JSONBody[NewPartner]
) -> Added:
    """Add a partner; the link is for the first of its staff."""
    partner, link = await actions.do_add_partner(
        organisations,
        actor,
        code=data.code,
        name=data.name,
        kind=data.kind,
        parent=data.parent,
        owner_email=data.owner_email,
    )
    return Added(await _shown(organisations, actor, partner), link.link, link.expires_at)


@patch("/partners/{code:str}")
async def change_partner(
    organisations: NamedDependency[Organisations],
    actor: NamedDependency[Actor],
    code: FromPath[str],
    data: JSONBody[PartnerChange],
) -> PartnerView:
    """Change a partner's name, kind or place, or end it."""
    partner = await actions.do_change_partner(
        organisations, actor, code, name=data.name, kind=data.kind, parent=data.parent, ended=data.ended
    )
    return await _shown(organisations, actor, partner)


@get("/plans")
async def list_plans(organisations: NamedDependency[Organisations], actor: NamedDependency[Actor]) -> Page[Plan]:
    """Every plan."""
    return Page(await actions.plans_of(organisations, actor), None)


@put("/plans/{code:str}")
async def put_plan(
    organisations: NamedDependency[Organisations],
    actor: NamedDependency[Actor],
    code: FromPath[str],
    data: JSONBody[PlanBody],
) -> Plan:
    """Make a plan, or change it for every tenant that has it."""
    return await actions.do_put_plan(organisations, actor, code, data.name, data.entitlements)


@get("/tenants")
async def list_tenants(  # noqa: PLR0913, PLR0917 (a filter each)
    organisations: NamedDependency[Organisations],
    actor: NamedDependency[Actor],
    cursor: FromQuery[str] = "",
    limit: FromQuery[int] = _DEFAULT_ITEMS,
    sort: FromQuery[str] = "name",
    q: FromQuery[str] = "",
    kind: FromQuery[str] = "",
    channel: FromQuery[str] = "",
    country: FromQuery[str] = "",
    plan: FromQuery[str] = "",
    partner: FromQuery[str] = "",
    status: FromQuery[str] = "",
) -> Page[TenantRow]:
    """The tenants that one administers: filtered, with `q` in their names, sorted by `sort` (`-name` is the reverse)."""
    limit = max(1, min(limit, organisations.people.limits.list_items))
    order = keyset.order_of(sort, SORTS, tenants.c.id)
    given = {"kind": kind, "channel": channel, "country": country, "plan": plan, "partner": partner, "status": status}
    filters = {name: value for name, value in given.items() if value}
    found = await actions.tenants_page(organisations, actor, filters, q, (order, cursor, limit + 1))
    if len(found) <= limit:
        return Page(found, None)
    last = found[limit - 1]
    value = last.id if order.name == "created" else getattr(last, order.name)
    return Page(found[:limit], keyset.cursor_of(order, value or "", last.id))


@post("/tenants")
async def found_tenant(
    organisations: NamedDependency[Organisations], actor: NamedDependency[Actor], data: JSONBody[NewTenant]
) -> Founded:
    """Found a tenant; the link is for its first owner."""
    tenant, link = await actions.do_found(organisations, actor, Founding(**msgspec.structs.asdict(data)))
    return Founded(tenant, link.link, link.expires_at)


@get("/tenants/{tenant_id:str}")
async def one_tenant(
    organisations: NamedDependency[Organisations], actor: NamedDependency[Actor], tenant_id: FromPath[str]
) -> TenantRow:
    """One tenant that one administers."""
    return await actions.tenant_of(organisations, actor, tenant_id)


@patch("/tenants/{tenant_id:str}")
async def change_tenant(
    organisations: NamedDependency[Organisations],
    actor: NamedDependency[Actor],
    tenant_id: FromPath[str],
    data: JSONBody[TenantChange],
) -> TenantRow:
    """Change what a tenant is, has and by whom; suspend or end it."""
    changes = {name: value for name, value in msgspec.structs.asdict(data).items() if value is not UNSET}
    return await actions.do_change_tenant(organisations, actor, tenant_id, changes)


@post("/tenants/{tenant_id:str}/owner-link")
async def invite_owner(
    organisations: NamedDependency[Organisations], actor: NamedDependency[Actor], tenant_id: FromPath[str]
) -> NewLink:
    """A new link for the first owner of a tenant that nobody has enrolled at."""
    return await actions.do_invite_owner(organisations, actor, tenant_id)


async def _shown(organisations: Organisations, actor: Actor, partner: Partner) -> PartnerView:
    codes = {one.id: one.code for one in await actions.partners_of(organisations, actor)}
    return _partner_view(partner, codes)


def _partner_view(partner: Partner, codes: dict[str, str]) -> PartnerView:
    """As who administers it sees it; a parent beyond their reach is not shown."""
    return PartnerView(
        code=partner.code,
        name=partner.name,
        kind=partner.kind,
        parent=codes.get(partner.parent_id or ""),
        tenant_id=partner.tenant_id,
        created_at=partner.created_at,
        ended_at=partner.ended_at,
    )


routes = [
    list_partners,
    add_partner,
    change_partner,
    list_plans,
    put_plan,
    list_tenants,
    found_tenant,
    one_tenant,
    change_tenant,
    invite_owner,
]

"""Support grants as HTTP: `/support/grants` for the staff that help, `/support/access` for the tenant that lets them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import Meta, Struct

from meetinghouse.market import support_actions as actions
from meetinghouse.market.context import Market
from meetinghouse.market.organisation_actions import Organisations
from meetinghouse.market.support import Area, Grant, GrantState, state_of
from meetinghouse.market.support_actions import Wish
from meetinghouse.people.model import Actor, AuditEntry
from meetinghouse.people.wire import MemberView, Page, member_view

_DEFAULT_ITEMS = 50
_Areas = Annotated[tuple[Area, ...], Meta(max_length=16)]
_Reason = Annotated[str, Meta(max_length=500)]


class GrantAsk(Struct, frozen=True, forbid_unknown_fields=True):
    """What to ask a tenant for."""

    tenant_id: Annotated[str, Meta(max_length=64)]
    areas: _Areas
    reason: _Reason
    hours: int = 24


class AccessBody(Struct, frozen=True, forbid_unknown_fields=True):
    """What to let one's partner, or the operator, read."""

    areas: _Areas
    reason: _Reason
    hours: int = 24


class GrantView(Struct, frozen=True, kw_only=True):
    """A grant and where it stands."""

    id: str
    tenant_id: str
    state: GrantState
    areas: tuple[Area, ...]
    reason: str
    hours: int
    made_at: datetime
    given_at: datetime | None
    ends_at: datetime | None
    ended_at: datetime | None


class AccessView(Struct, frozen=True, kw_only=True):
    """A grant as the tenant sees it; `partner` is the code of whose staff it is for, null for the operator's."""

    grant: GrantView
    partner: str | None


@get("/support/grants")
async def list_support_grants(
    organisations: NamedDependency[Organisations], actor: NamedDependency[Actor]
) -> Page[GrantView]:
    """What the tenants gave to the staff of one's own organisation, and what it asked for."""
    found = await actions.grants_of_staff(organisations, actor)
    return Page([_view(organisations, one) for one in found], None)


@post("/support/grants")
async def ask_support_grant(
    organisations: NamedDependency[Organisations],
    market: NamedDependency[Market],
    actor: NamedDependency[Actor],
    data: JSONBody[GrantAsk],
) -> GrantView:
    """Ask a tenant to let one read something of it."""
    wish = Wish(areas=data.areas, reason=data.reason, hours=data.hours)
    asked = await actions.do_ask(organisations, actor, data.tenant_id, wish, market.settings.support_hours)
    return _view(organisations, asked)


@post("/support/grants/{grant_id:str}/end", status_code=200)
async def leave_support_grant(
    organisations: NamedDependency[Organisations], actor: NamedDependency[Actor], grant_id: FromPath[str]
) -> GrantView:
    """End one's own grant, or take back that one asked."""
    return _view(organisations, await actions.do_leave(organisations, actor, grant_id))


@get("/support/grants/{grant_id:str}/members")
async def support_members(
    organisations: NamedDependency[Organisations],
    actor: NamedDependency[Actor],
    grant_id: FromPath[str],
    cursor: FromQuery[str] = "",
    limit: FromQuery[int] = _DEFAULT_ITEMS,
) -> Page[MemberView]:
    """The tenant's members, under a grant of the area `members`."""
    limit = max(1, min(limit, organisations.people.limits.list_items))
    found = await actions.members_under(organisations, actor, grant_id, cursor, limit + 1)
    return Page([member_view(one) for one in found[:limit]], found[limit - 1].id if len(found) > limit else None)


@get("/support/grants/{grant_id:str}/audit")
async def support_audit(
    organisations: NamedDependency[Organisations],
    actor: NamedDependency[Actor],
    grant_id: FromPath[str],
    cursor: FromQuery[str] = "",
    limit: FromQuery[int] = _DEFAULT_ITEMS,
) -> Page[AuditEntry]:
    """The tenant's audit log, the newest first, under a grant of the area `audit`."""
    limit = max(1, min(limit, organisations.people.limits.list_items))
    found = await actions.audit_under(organisations, actor, grant_id, cursor, limit + 1)
    return Page(found[:limit], found[limit - 1].id if len(found) > limit else None)


@get("/support/access")
async def list_support_access(
    organisations: NamedDependency[Organisations], actor: NamedDependency[Actor]
) -> Page[AccessView]:
    """Who may read what of one's own organisation, who asked to, and who could."""
    found, codes = await actions.grants_of_tenant(organisations, actor)
    return Page(
        [AccessView(grant=_view(organisations, one), partner=codes.get(one.partner_id or "")) for one in found], None
    )


@post("/support/access")
async def give_support_access(
    organisations: NamedDependency[Organisations],
    market: NamedDependency[Market],
    actor: NamedDependency[Actor],
    data: JSONBody[AccessBody],
) -> GrantView:
    """Let one's partner's staff, or the operator's where there is no partner, read something."""
    wish = Wish(areas=data.areas, reason=data.reason, hours=data.hours)
    return _view(
        organisations, await actions.do_give_unasked(organisations, actor, wish, market.settings.support_hours)
    )


@post("/support/access/{grant_id:str}/give", status_code=200)
async def give_asked_access(
    organisations: NamedDependency[Organisations], actor: NamedDependency[Actor], grant_id: FromPath[str]
) -> GrantView:
    """Give what was asked."""
    return _view(organisations, await actions.do_give(organisations, actor, grant_id))


@post("/support/access/{grant_id:str}/end", status_code=200)
async def end_support_access(
    organisations: NamedDependency[Organisations], actor: NamedDependency[Actor], grant_id: FromPath[str]
) -> GrantView:
    """Refuse what was asked, or end what was given."""
    return _view(organisations, await actions.do_end(organisations, actor, grant_id))


def _view(organisations: Organisations, grant: Grant) -> GrantView:
    return GrantView(
        id=grant.id,
        tenant_id=grant.tenant_id,
        state=state_of(grant, organisations.people.clock.now()),
        areas=grant.areas,
        reason=grant.reason,
        hours=grant.hours,
        made_at=grant.made_at,
        given_at=grant.given_at,
        ends_at=grant.ends_at,
        ended_at=grant.ended_at,
    )


routes = [
    list_support_grants,
    ask_support_grant,
    leave_support_grant,
    support_members,
    support_audit,
    list_support_access,
    give_support_access,
    give_asked_access,
    end_support_access,
]

"""Members, tokens and the audit log; `routes` is all of the people's API."""

from __future__ import annotations

from datetime import timedelta

from litestar import delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody

from meetinghouse.people import actions, tables, tokens
from meetinghouse.people.context import People
from meetinghouse.people.enrolment import NewLink
from meetinghouse.people.model import Actor, AuditEntry, Scope
from meetinghouse.people.session_api import SESSION_ROUTES
from meetinghouse.people.tokens import NewToken
from meetinghouse.people.wire import (
    Invited,
    MemberChange,
    MemberView,
    NewMember,
    Page,
    TokenAsk,
    TokenView,
    member_view,
    token_view,
)

_DEFAULT_ITEMS = 50


@get("/members")
async def list_members(
    people: NamedDependency[People],
    actor: NamedDependency[Actor],
    cursor: FromQuery[str] = "",
    limit: FromQuery[int] = _DEFAULT_ITEMS,
) -> Page[MemberView]:
    """The tenant's members."""
    limit = _bounded(people, limit)
    found = await actions.members_page(people, actor, cursor, limit + 1)
    return Page([member_view(member) for member in found[:limit]], found[limit - 1].id if len(found) > limit else None)


@post("/members")
async def invite_member(
    people: NamedDependency[People], actor: NamedDependency[Actor], data: JSONBody[NewMember]
) -> Invited:
    """Invite somebody; the link is for the inviter to hand over."""
    invitation = actions.check_invite(actor, data.email, data.name, data.role)
    member, link = await actions.do_invite(people, actor, invitation)
    return Invited(member_view(member), link.link, link.expires_at)


@post("/members/{member_id:str}/reset")
async def reset_member(
    people: NamedDependency[People], actor: NamedDependency[Actor], member_id: FromPath[str]
) -> NewLink:
    """A link with which a member sets a new password or passkey; every earlier way in ends when it is used."""
    return await actions.do_reset(people, actor, member_id)


@patch("/members/{member_id:str}")
async def change_member(
    people: NamedDependency[People],
    actor: NamedDependency[Actor],
    member_id: FromPath[str],
    data: JSONBody[MemberChange],
) -> MemberView:
    """Change a member's role, status or name."""
    changed = await actions.do_change_member(
        people, actor, member_id, role=data.role, status=data.status, name=data.name
    )
    return member_view(changed)


@delete("/members/{member_id:str}", status_code=204)
async def remove_member(
    people: NamedDependency[People], actor: NamedDependency[Actor], member_id: FromPath[str]
) -> None:
    """Remove a member and erase their personal data."""
    await actions.do_remove_member(people, actor, member_id)


@get("/tokens")
async def list_tokens(people: NamedDependency[People], actor: NamedDependency[Actor]) -> Page[TokenView]:
    """One's own tokens."""
    return Page([token_view(token) for token in await tokens.tokens_of(people, actor)], None)


@post("/tokens")
async def make_token(
    people: NamedDependency[People], actor: NamedDependency[Actor], data: JSONBody[TokenAsk]
) -> NewToken:
    """Make a bearer token; its secret is in this answer only."""
    member, scopes, expires_at = await tokens.check_make_token(
        people,
        actor,
        scopes=data.scopes,
        lifetime=timedelta(seconds=data.expires_in_seconds),
        member_email=data.member,
        owner=data.owner,
    )
    return await tokens.do_make_token(people, actor, member, data.name, scopes, expires_at)


@delete("/tokens/{token_id:str}", status_code=204)
async def revoke_token(people: NamedDependency[People], actor: NamedDependency[Actor], token_id: FromPath[str]) -> None:
    """Revoke one of one's own tokens."""
    await tokens.do_revoke_token(people, actor, token_id)


@get("/audit")
async def list_audit(
    people: NamedDependency[People],
    actor: NamedDependency[Actor],
    cursor: FromQuery[str] = "",
    limit: FromQuery[int] = _DEFAULT_ITEMS,
) -> Page[AuditEntry]:
    """What was done in this tenant, newest first."""
    actor.must(Scope.ADMIN)
    limit = _bounded(people, limit)
    async with people.db.read(actor.tenant_id) as connection:
        found = await tables.audit_page(connection, actor.tenant_id, cursor, limit + 1)
    return Page(found[:limit], found[limit - 1].id if len(found) > limit else None)


def _bounded(people: People, limit: int) -> int:
    return max(1, min(limit, people.limits.list_items))


routes = [
    *SESSION_ROUTES,
    list_members,
    invite_member,
    reset_member,
    change_member,
    remove_member,
    list_tokens,
    make_token,
    revoke_token,
    list_audit,
]

"""API tokens: made by people for programs, or by the operator on the machine itself."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from meetinghouse.db.clock import Clock
from meetinghouse.db.engine import Database
from meetinghouse.db.ids import new_id
from meetinghouse.db.tenancy import Across
from meetinghouse.people import credential_tables, tables
from meetinghouse.people.context import People
from meetinghouse.people.identify import TOKEN_PURPOSE
from meetinghouse.people.model import OUT, Actor, ApiToken, Member, Organisation, Role, Scope, Status
from meetinghouse.people.roles import scopes_of
from meetinghouse.people.rules import clean_email
from meetinghouse.security.keyring import Keyring, new_token
from meetinghouse.security.names import clean_name
from meetinghouse.security.refusal import Refusal

_PREFIX = "mht_"


class NewToken(msgspec.Struct, frozen=True):
    """A token with its secret, shown once."""

    id: str
    token: str
    expires_at: datetime
    scopes: list[Scope]


async def check_make_token(
    people: People,
    actor: Actor,
    *,
    scopes: list[Scope] | None,
    lifetime: timedelta,
    member_email: str | None,
    owner: bool,
) -> tuple[Member, frozenset[Scope], datetime]:
    """Whether `actor` may make such a token: whom it speaks for, what it may do, until when.

    A token never allows more, nor lives longer, than what made it, unless that is an administrator's sign-in.

    Raises:
        Refusal: 403 `missing_scope`, `not_allowed`; 404 `not_found`; 409 `too_many_tokens`; 422 `too_long`.

    """
    now = people.clock.now()
    if lifetime > timedelta(days=people.settings.token_max_days):
        raise Refusal(422, "too_long", f"A token may live for at most {people.settings.token_max_days} days.")
    async with people.db.read(actor.tenant_id) as connection:
        member = await _subject(connection, actor, member_email, owner=owner)
        count = await credential_tables.count_tokens(connection, member.id)
    if count >= people.limits.tokens_per_member:
        raise Refusal(409, "too_many_tokens", "Revoke a token before you make another one.")
    allowed = actor.scopes & scopes_of(member.role, actor.organisation)
    granted = frozenset(scopes) if scopes is not None else allowed
    if not granted <= allowed:
        raise Refusal(403, "missing_scope", f"Not yours to give: {', '.join(sorted(granted - allowed))}.")
    expires_at = now + lifetime
    if actor.via == "token":
        expires_at = min(expires_at, actor.expires_at)
    return member, granted, expires_at


async def do_make_token(
    people: People, actor: Actor, member: Member, name: str, scopes: frozenset[Scope], expires_at: datetime
) -> NewToken:
    """Make the token."""
    return await _make(people.db, people.keys, people.clock, member, name, scopes, expires_at, actor.member_id)


async def make_operators_token(
    db: Database,
    keys: Keyring,
    clock: Clock,
    *,
    member_email: str | None,
    scopes: list[Scope] | None,
    lifetime: timedelta,
) -> NewToken:
    """A token made beside the data itself, for a member or (without an email) the first owner.

    Raises:
        Refusal: 404 `not_found`, 403 `missing_scope`.

    """
    async with db.read(Across.OPERATOR) as connection:
        member = await _operators_member(connection, member_email)
    allowed = scopes_of(member.role, Organisation.OPERATOR)
    granted = frozenset(scopes) if scopes else allowed
    if not granted <= allowed:
        raise Refusal(403, "missing_scope", f"This member may not: {', '.join(sorted(granted - allowed))}.")
    return await _make(db, keys, clock, member, "command line", granted, clock.now() + lifetime, "operator")


async def operators_member(connection: AsyncConnection, member_email: str | None, now: datetime) -> Actor:
    """Who a command on the data itself acts as: a member of the operator's own tenant, or its first owner.

    Raises:
        Refusal: 404 `not_found`.

    """
    member = await _operators_member(connection, member_email)
    return Actor(
        tenant_id=member.tenant_id,
        organisation=Organisation.OPERATOR,
        member_id=member.id,
        name=member.name,
        role=member.role,
        scopes=scopes_of(member.role, Organisation.OPERATOR),
        via="token",
        credential_id="command line",
        expires_at=now,
    )


async def tokens_of(people: People, actor: Actor) -> list[ApiToken]:
    """The actor's tokens."""
    async with people.db.read(actor.tenant_id) as connection:
        return await credential_tables.tokens_of(connection, actor.member_id, people.clock.now())


async def do_revoke_token(people: People, actor: Actor, token_id: str) -> None:
    """End one of the actor's tokens.

    Raises:
        Refusal: 404 `not_found`.

    """
    async with people.db.write(actor.tenant_id) as write:
        if not await credential_tables.delete_token(write.connection, actor.member_id, token_id):
            raise Refusal(404, "not_found", "There is no such token.")
        await tables.insert_audit(
            write.connection, actor.tenant_id, people.clock.now(), actor.member_id, "revoke_token", token_id, {}
        )


async def _operators_member(connection: AsyncConnection, email: str | None) -> Member:
    tenant = await tables.first_tenant(connection)
    if email is None:
        return await tables.first_owner(connection, tenant.id)
    member = await tables.member_by_email(connection, tenant.id, clean_email(email))
    if member is None or member.status in OUT:
        raise Refusal(404, "not_found", "There is no member with this email address.")
    return member


async def _subject(connection: AsyncConnection, actor: Actor, member_email: str | None, *, owner: bool) -> Member:
    """The member that the token shall speak for; for anybody but the actor, this takes an administrator."""
    if member_email is None and not owner:
        member = await tables.member(connection, actor.member_id)
    else:
        actor.must(Scope.ADMIN)
        member = (
            await tables.first_owner(connection, actor.tenant_id)
            if member_email is None
            else await tables.member_by_email(connection, actor.tenant_id, clean_email(member_email))
        )
    if member is None or member.status is Status.DISABLED:
        raise Refusal(404, "not_found", "There is no such member.")
    if member.role is Role.OWNER and actor.role is not Role.OWNER:
        raise Refusal(403, "not_allowed", "Only an owner may make a token for an owner.")
    return member


async def _make(
    db: Database,
    keys: Keyring,
    clock: Clock,
    member: Member,
    name: str,
    scopes: frozenset[Scope],
    expires_at: datetime,
    made_by: str,
) -> NewToken:
    secret = new_token(_PREFIX)
    now = clock.now()
    token = ApiToken(
        id=new_id(),
        tenant_id=member.tenant_id,
        member_id=member.id,
        name=clean_name(name) or "token",
        scopes=scopes,
        created_at=now,
        expires_at=expires_at,
    )
    async with db.write(member.tenant_id) as write:
        await credential_tables.insert_token(write.connection, token, keys.mark(TOKEN_PURPOSE, secret))
        detail = {"scopes": sorted(scopes), "member": member.id}
        await tables.insert_audit(write.connection, member.tenant_id, now, made_by, "make_token", token.id, detail)
    return NewToken(token.id, secret, expires_at, sorted(scopes))

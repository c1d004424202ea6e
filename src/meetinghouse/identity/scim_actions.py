"""What another system does to a tenant's members and groups by SCIM (RFC 7644). Each act stands in the tenant's audit log.

Who is deactivated is out at once, as who is disabled by an administrator. Owners are kept as everybody else, but the last one
stays, and nobody becomes an owner so.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from sqlalchemy import true
from sqlalchemy.ext.asyncio import AsyncConnection

from meetinghouse.db.engine import Transaction
from meetinghouse.db.ids import new_id
from meetinghouse.db.tenancy import Across
from meetinghouse.identity import rules
from meetinghouse.identity import scim_tables as tables
from meetinghouse.identity.context import Identity
from meetinghouse.identity.model import Group, ScimToken, Wanted, WantedGroup
from meetinghouse.people import actions as people_actions
from meetinghouse.people import credential_tables
from meetinghouse.people import tables as people_tables
from meetinghouse.people.model import Actor, Member, Role, Status
from meetinghouse.people.news import tell_member_out
from meetinghouse.people.rules import check_not_last_owner
from meetinghouse.security.keyring import new_token
from meetinghouse.security.names import clean_name
from meetinghouse.security.refusal import Refusal

_TOKEN_PURPOSE = "scim-token"  # noqa: S105 (a purpose, not a secret)
_PREFIX = "mhs_"


class NewScimToken(msgspec.Struct, frozen=True):
    """A token with its secret, shown once."""

    id: str
    name: str
    token: str


# --- tokens ----------------------------------------------------------------------------------------------------------


async def do_make_token(identity: Identity, actor: Actor, name: str) -> NewScimToken:
    """Let another system keep the actor's organisation's members.

    Raises:
        Refusal: 403, 409 `too_many_tokens`.

    """
    rules.check_may_set(actor)
    people = identity.people
    secret = new_token(_PREFIX)
    token = ScimToken(new_id(), actor.tenant_id, clean_name(name) or "SCIM", people.clock.now())
    async with people.db.write(actor.tenant_id) as write:
        if len(await tables.tokens_of(write.connection, actor.tenant_id)) >= identity.settings.scim_tokens:
            raise Refusal(409, "too_many_tokens", "Revoke a token before you make another one.")
        await tables.insert_token(write.connection, token, people.keys.mark(_TOKEN_PURPOSE, secret))
        await _audit(identity, write, actor.tenant_id, actor.member_id, "make_scim_token", token.id, {})
    return NewScimToken(token.id, token.name, secret)


async def do_revoke_token(identity: Identity, actor: Actor, token_id: str) -> None:
    """End a token.

    Raises:
        Refusal: 403, 404 `not_found`.

    """
    rules.check_may_set(actor)
    async with identity.people.db.write(actor.tenant_id) as write:
        if not await tables.delete_token(write.connection, actor.tenant_id, token_id):
            raise Refusal(404, "not_found", "There is no such token.")
        await _audit(identity, write, actor.tenant_id, actor.member_id, "revoke_scim_token", token_id, {})


async def check_token(identity: Identity, secret: str, address: str) -> ScimToken:
    """Whose members are kept with this secret.

    Raises:
        Refusal: 401 `token_refused`, 429.

    """
    people = identity.people
    people.limiter.check("sign_ins_per_address", people.limits.sign_ins_per_address, address)
    async with people.db.read(Across.SIGN_IN) as connection:
        token = await tables.token_by_mark(connection, people.keys.mark(_TOKEN_PURPOSE, secret))
    if token is None:
        people.limiter.record("sign_ins_per_address", people.limits.sign_ins_per_address, address)
        challenge = {"WWW-Authenticate": 'Bearer error="invalid_token"'}
        raise Refusal(401, "token_refused", "This token is unknown or revoked.", headers=challenge)
    return token


# --- members ---------------------------------------------------------------------------------------------------------


async def member_of(connection: AsyncConnection, tenant_id: str, member_id: str) -> tuple[Member, str | None]:
    """A member of the tenant, with the other system's id.

    Raises:
        Refusal: 404 `not_found`.

    """
    _, found = await tables.members_page(connection, tenant_id, people_tables.members.c.id == member_id, 0, 1)
    if not found:
        raise Refusal(404, "not_found", "There is no such user.")
    return found[0]


async def do_add_member(identity: Identity, token: ScimToken, wanted: Wanted) -> tuple[Member, str | None]:
    """Add somebody, who comes in by the organisation's provider or by an invitation.

    Raises:
        Refusal: 403 `not_allowed_here`; 409 `uniqueness`, `seats_taken`.

    """
    people = identity.people
    await people.check_register(token.tenant_id)
    member = Member(
        id=new_id(),
        tenant_id=token.tenant_id,
        email=wanted.email,
        name=wanted.name,
        role=Role.MEMBER,
        status=Status.INVITED if wanted.active else Status.DISABLED,
        language=None,
        password_hash=None,
        personal_meeting_id=None,
        created_at=people.clock.now(),
    )
    async with people.db.write(token.tenant_id) as write:
        await _check_unique(write.connection, token.tenant_id, wanted, "")
        if wanted.active:
            await people.check_seat(write.connection, token.tenant_id)
        await people_tables.insert_member(write.connection, member)
        await people_tables.update_member(write.connection, member.id, external_id=wanted.external_id)
        await _audit(
            identity, write, token.tenant_id, rules.name_of(token), "add_member", member.id, {"role": member.role}
        )
    return member, wanted.external_id


async def do_put_member(
    identity: Identity, token: ScimToken, member_id: str, change: Callable[[Member, str | None], Wanted]
) -> tuple[Member, str | None]:
    """Make somebody what the other system wants them to be, by what they are now. Who is not active is out at once.

    Raises:
        Refusal: 404; 409 `uniqueness`, `seats_taken`, `last_owner`.

    """
    people, tenant_id = identity.people, token.tenant_id
    async with people.db.write(tenant_id) as write:
        connection = write.connection
        member, external_id = await member_of(connection, tenant_id, member_id)
        wanted = change(member, external_id)
        await _check_unique(connection, tenant_id, wanted, member_id)
        status = _status(member, active=wanted.active)
        before = {"email": member.email, "name": member.name, "status": member.status, "external_id": external_id}
        after = {"email": wanted.email, "name": wanted.name, "status": status, "external_id": wanted.external_id}
        changes = {name: value for name, value in after.items() if value != before[name]}
        if changes.get("status") is Status.DISABLED:
            check_not_last_owner(member, await people_tables.count_active_owners(connection, tenant_id))
            await credential_tables.delete_sign_ins_and_tokens(connection, member_id)
        elif "status" in changes:
            await people.check_seat(connection, tenant_id)
        if changes:
            await people_tables.update_member(connection, member_id, **changes)
            detail: dict[str, Any] = {"status": status} if "status" in changes else {}
            detail |= {"changed": sorted(set(changes) - {"status"})}
            await _audit(identity, write, tenant_id, rules.name_of(token), "change_member", member_id, detail)
        found = await member_of(connection, tenant_id, member_id)
    if changes.get("status") is Status.DISABLED:
        await tell_member_out(people.bus, tenant_id, member_id)
    return found


async def do_remove_member(identity: Identity, token: ScimToken, member_id: str) -> None:
    """Remove somebody, as an administrator does.

    Raises:
        Refusal: 404, 409 `last_owner`.

    """
    await people_actions.do_remove_member(identity.people, rules.actor_of(token), member_id)


# --- groups ----------------------------------------------------------------------------------------------------------


async def groups_of(identity: Identity, tenant_id: str) -> list[Group]:
    """All groups of a tenant."""
    async with identity.people.db.read(tenant_id) as connection:
        _, found = await tables.groups_page(connection, tenant_id, true(), 0, identity.settings.scim_groups)
    return found


async def group_of(connection: AsyncConnection, tenant_id: str, group_id: str) -> Group:
    """A group of the tenant.

    Raises:
        Refusal: 404 `not_found`.

    """
    _, found = await tables.groups_page(connection, tenant_id, tables.groups.c.id == group_id, 0, 1)
    if not found:
        raise Refusal(404, "not_found", "There is no such group.")
    return found[0]


async def do_put_group(
    identity: Identity, token: ScimToken, group_id: str | None, change: Callable[[Group | None], WantedGroup]
) -> Group:
    """Add a group, or make one what the other system wants it to be, by what it is now; roles follow.

    Raises:
        Refusal: 404; 409 `too_many_groups`; 422 `name_missing`, `unknown_member`.

    """
    tenant_id = token.tenant_id
    async with identity.people.db.write(tenant_id) as write:
        connection = write.connection
        before = None if group_id is None else await group_of(connection, tenant_id, group_id)
        wanted = change(before)
        name = clean_name(wanted.name)
        if not name:
            raise Refusal(422, "name_missing", "Give the group a displayName that can be shown.")
        known = await tables.known_members(connection, tenant_id, wanted.member_ids)
        if unknown := sorted(set(wanted.member_ids) - known):
            raise Refusal(422, "unknown_member", f"There is no such user: {unknown[0][:64]}.")
        if before is None:
            total, _ = await tables.groups_page(connection, tenant_id, true(), 0, 0)
            if total >= identity.settings.scim_groups:
                raise Refusal(409, "too_many_groups", "There are as many groups as this server takes.")
        group = Group(
            id=new_id() if before is None else before.id,
            external_id=wanted.external_id,
            name=name,
            makes_admins=before is not None and before.makes_admins,
            created_at=identity.people.clock.now() if before is None else before.created_at,
            members=tuple((one, "") for one in sorted(known)),
        )
        await tables.put_group(connection, tenant_id, group)
        action = "add_group" if before is None else "change_group"
        await _audit(identity, write, tenant_id, rules.name_of(token), action, group.id, {"members": len(known)})
        await _place(identity, write, tenant_id, rules.name_of(token))
        return await group_of(connection, tenant_id, group.id)


async def do_delete_group(identity: Identity, token: ScimToken, group_id: str) -> None:
    """Forget a group; roles follow.

    Raises:
        Refusal: 404.

    """
    async with identity.people.db.write(token.tenant_id) as write:
        await group_of(write.connection, token.tenant_id, group_id)
        await tables.delete_group(write.connection, token.tenant_id, group_id)
        await _audit(identity, write, token.tenant_id, rules.name_of(token), "remove_group", group_id, {})
        await _place(identity, write, token.tenant_id, rules.name_of(token))


async def do_set_group(identity: Identity, actor: Actor, group_id: str, *, makes_admins: bool) -> None:
    """Whether those in a group are administrators. Once a group says so, who is in none of them is a member.

    Raises:
        Refusal: 403, 404.

    """
    rules.check_may_set(actor)
    async with identity.people.db.write(actor.tenant_id) as write:
        group = await group_of(write.connection, actor.tenant_id, group_id)
        changed = msgspec.structs.replace(group, makes_admins=makes_admins)
        await tables.put_group(write.connection, actor.tenant_id, changed)
        detail = {"makes_admins": makes_admins}
        await _audit(identity, write, actor.tenant_id, actor.member_id, "set_group", group_id, detail)
        await _place(identity, write, actor.tenant_id, actor.member_id)


async def _place(identity: Identity, write: Transaction, tenant_id: str, actor: str) -> None:
    """Give everybody the role that their groups give them."""
    for member_id, role in await tables.misplaced(write.connection, tenant_id):
        await people_tables.update_member(write.connection, member_id, role=role)
        await _audit(identity, write, tenant_id, actor, "change_member", member_id, {"role": role})


def _status(member: Member, *, active: bool) -> Status:
    """Where somebody stands who is, or is not, active in the other system."""
    if not active:
        return Status.DISABLED
    if member.status is not Status.DISABLED:
        return member.status
    # Whoever never came in has no room of their own yet.
    return Status.INVITED if member.personal_meeting_id is None else Status.ACTIVE


async def _check_unique(connection: AsyncConnection, tenant_id: str, wanted: Wanted, member_id: str) -> None:
    same = await people_tables.member_by_email(connection, tenant_id, wanted.email)
    if same is not None and same.id != member_id:
        raise Refusal(409, "uniqueness", "Somebody of the organisation has this userName.")
    if wanted.external_id is not None and await tables.has_external_id(
        connection, tenant_id, wanted.external_id, member_id
    ):
        raise Refusal(409, "uniqueness", "Somebody of the organisation has this externalId.")


async def _audit(
    identity: Identity,
    write: Transaction,
    tenant_id: str,
    actor: str,
    action: str,
    subject: str,
    detail: dict[str, Any],
) -> None:
    now = identity.people.clock.now()
    await people_tables.insert_audit(write.connection, tenant_id, now, actor, action, subject, detail)

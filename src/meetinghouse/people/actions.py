"""What administrators do about members: invite, change, reset, remove."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy.exc import IntegrityError

from meetinghouse.db.engine import Transaction
from meetinghouse.db.ids import new_id
from meetinghouse.mail import tables as mail_tables
from meetinghouse.people import credential_tables, tables
from meetinghouse.people.context import People
from meetinghouse.people.enrolment import NewLink, make_link
from meetinghouse.people.model import Actor, LinkKind, Member, Role, Scope, Status
from meetinghouse.people.news import tell_member_out
from meetinghouse.people.rules import check_may_give, check_may_manage, check_not_last_owner, clean_email
from meetinghouse.security.names import clean_name
from meetinghouse.security.refusal import Refusal


@dataclass(frozen=True)
class Invitation:
    """Somebody to invite, their data clean."""

    email: str
    name: str
    role: Role


async def members_page(people: People, actor: Actor, after: str, limit: int) -> list[Member]:
    """The tenant's members.

    Raises:
        Refusal: 403 `missing_scope`.

    """
    actor.must(Scope.MEMBERS_READ)
    async with people.db.read(actor.tenant_id) as connection:
        return await tables.members_page(connection, actor.tenant_id, after, limit)


def check_invite(actor: Actor, email: str, name: str | None, role: Role) -> Invitation:
    """Whether `actor` may invite so.

    Raises:
        Refusal: 403 `missing_scope`, `not_allowed`; 422 `invalid_email`.

    """
    check_may_give(actor, role)
    address = clean_email(email)
    return Invitation(address, clean_name(name or "") or address.partition("@")[0], role)


async def do_invite(people: People, actor: Actor, invitation: Invitation) -> tuple[Member, NewLink]:
    """Add the member and make the link to hand over.

    Raises:
        Refusal: 403 `not_allowed_here` by the operator's rules; 409 `email_taken`, `seats_taken`.

    """
    await people.check_register(actor.tenant_id)
    now = people.clock.now()
    member = Member(
        id=new_id(),
        tenant_id=actor.tenant_id,
        email=invitation.email,
        name=invitation.name,
        role=invitation.role,
        status=Status.INVITED,
        language=None,
        password_hash=None,
        personal_meeting_id=None,
        created_at=now,
    )
    try:
        async with people.db.write(actor.tenant_id) as write:
            await people.check_seat(write.connection, actor.tenant_id)
            await tables.insert_member(write.connection, member)
            link = await _link(people, write, member, LinkKind.INVITATION)
            await _audit(people, write, actor, "invite_member", member.id, {"role": member.role})
    except IntegrityError:
        raise Refusal(409, "email_taken", "Somebody has an account with this email address.") from None
    return member, link


async def do_reset(people: People, actor: Actor, member_id: str) -> NewLink:
    """A link with which a member sets a new way in; for an invited one, a new invitation.

    Raises:
        Refusal: 403, 404, 409 `disabled`.

    """
    async with people.db.write(actor.tenant_id) as write:
        member = check_may_manage(actor, await tables.member(write.connection, member_id))
        if member.status is Status.DISABLED:
            raise Refusal(409, "disabled", "This account is disabled: enable it first.")
        kind = LinkKind.INVITATION if member.status is Status.INVITED else LinkKind.RESET
        await _audit(people, write, actor, "reset_member", member.id, {})
        return await _link(people, write, member, kind)


async def do_change_member(
    people: People, actor: Actor, member_id: str, *, role: Role | None, status: Status | None, name: str | None
) -> Member:
    """Set what is given. A disabled member's sign-ins and tokens end at once, and they leave what meetings they are in.

    Raises:
        Refusal: 403, 404, 409 `last_owner`, `seats_taken`; 422.

    """
    async with people.db.write(actor.tenant_id) as write:
        connection = write.connection
        member = check_may_manage(actor, await tables.member(connection, member_id), new_role=role)
        values = _changes(member, role, status, name)
        if role not in {None, Role.OWNER} or status is Status.DISABLED:
            check_not_last_owner(member, await tables.count_active_owners(connection, actor.tenant_id))
        if status is Status.ACTIVE and member.status is Status.DISABLED:
            await people.check_seat(connection, actor.tenant_id)
        if values:
            await tables.update_member(connection, member.id, **values)
        if status is Status.DISABLED:
            await credential_tables.delete_sign_ins_and_tokens(connection, member.id)
        changed = {key: value for key, value in values.items() if key != "name"}
        await _audit(people, write, actor, "change_member", member.id, changed)
        found = await tables.member(connection, member.id)
    if found is None:
        raise Refusal(404, "not_found", "There is no such member.")
    if status is Status.DISABLED:
        await tell_member_out(people.bus, actor.tenant_id, member_id)
    return found


async def do_remove_member(people: People, actor: Actor, member_id: str) -> None:
    """Remove a member: every way in ends and personal data is erased; the row stays for what refers to it.

    Raises:
        Refusal: 403, 404, 409 `last_owner`.

    """
    async with people.db.write(actor.tenant_id) as write:
        connection = write.connection
        member = check_may_manage(actor, await tables.member(connection, member_id))
        check_not_last_owner(member, await tables.count_active_owners(connection, actor.tenant_id))
        await credential_tables.delete_credentials(connection, member.id)
        if member.email is not None:
            await mail_tables.forget(connection, member.email)
        await tables.update_member(
            connection,
            member.id,
            email=None,
            name="",
            language=None,
            password_hash=None,
            external_id=None,
            status=Status.REMOVED,
        )
        await _audit(people, write, actor, "remove_member", member.id, {})
    await tell_member_out(people.bus, actor.tenant_id, member_id)


async def set_personal_meeting(write: Transaction, member_id: str, meeting_id: str) -> None:
    """Remember which meeting is the member's personal room."""
    await tables.update_member(write.connection, member_id, personal_meeting_id=meeting_id)


def _changes(member: Member, role: Role | None, status: Status | None, name: str | None) -> dict[str, Any]:
    values: dict[str, Any] = {}
    if role is not None:
        values["role"] = role
    if status is not None:
        if status not in {Status.ACTIVE, Status.DISABLED} or member.status is Status.INVITED:
            raise Refusal(
                422, "invalid_status", "An account can be enabled or disabled once its invitation is taken up."
            )
        values["status"] = status
    if name is not None:
        values["name"] = clean_name(name)
        if not values["name"]:
            raise Refusal(422, "name_missing", "Give a name that can be shown.")
    return values


async def _link(people: People, write: Transaction, member: Member, kind: LinkKind) -> NewLink:
    url = (await people.houses.of(member.tenant_id)).url
    return await make_link(write, people.keys, people.settings, url, member, kind, people.clock.now())


async def _audit(
    people: People, write: Transaction, actor: Actor, action: str, subject: str, detail: dict[str, Any]
) -> None:
    await tables.insert_audit(
        write.connection, actor.tenant_id, people.clock.now(), actor.member_id, action, subject, detail
    )

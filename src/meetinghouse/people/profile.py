"""What members change about themselves: name, language, password, passkeys."""

from __future__ import annotations

from typing import Any

from sqlalchemy.exc import IntegrityError

from meetinghouse.db.ids import new_id
from meetinghouse.people import credential_tables, tables
from meetinghouse.people.context import People
from meetinghouse.people.model import Actor, Member, Passkey
from meetinghouse.people.sign_in import keep_challenge, relying_party, take_challenge
from meetinghouse.security.names import clean_name
from meetinghouse.security.passwords import check_password, hash_password, verify_password
from meetinghouse.security.refusal import Refusal
from meetinghouse.security.secret import Secret


async def the_member(people: People, actor: Actor) -> tuple[Member, list[Passkey], str]:
    """The actor's own account, passkeys and the tenant's name."""
    async with people.db.read(actor.tenant_id) as connection:
        member = await tables.member(connection, actor.member_id)
        passkeys = await credential_tables.passkeys_of(connection, actor.member_id)
        tenant = await tables.tenant(connection, actor.tenant_id)
    if member is None:
        raise Refusal(401, "not_signed_in", "This account is gone.")
    return member, passkeys, tenant.name


async def do_change_profile(people: People, actor: Actor, *, name: str | None, language: str | None) -> None:
    """Set what is given.

    Raises:
        Refusal: 422 `name_missing`.

    """
    values: dict[str, Any] = {}
    if name is not None:
        values["name"] = clean_name(name)
        if not values["name"]:
            raise Refusal(422, "name_missing", "Give a name that can be shown.")
    if language is not None:
        values["language"] = language
    if not values:
        return
    async with people.db.write(actor.tenant_id) as write:
        await tables.update_member(write.connection, actor.member_id, **values)


async def check_new_password(people: People, actor: Actor, current: Secret, new: Secret) -> None:
    """Whether the password may become `new`. Who has none yet needs no current one.

    Raises:
        Refusal: 403 `wrong_credentials`, 422 `password_too_…`, 429.

    """
    _check_is_person(actor)
    member, _, _ = await the_member(people, actor)
    people.limiter.check("sign_ins_per_account", people.limits.sign_ins_per_account, member.id)
    if member.password_hash is not None and not await verify_password(current, member.password_hash):
        people.limiter.record("sign_ins_per_account", people.limits.sign_ins_per_account, member.id)
        raise Refusal(403, "wrong_credentials", "The current password is wrong.")
    about = (member.email or "", member.name, (await people.houses.here()).name)
    check_password(new, min_characters=people.settings.password_characters, about=about)


async def do_change_password(people: People, actor: Actor, new: Secret) -> None:
    """Set the password and end the member's other sign-ins."""
    kept = await hash_password(new)
    now = people.clock.now()
    async with people.db.write(actor.tenant_id) as write:
        await tables.update_member(write.connection, actor.member_id, password_hash=kept)
        await credential_tables.delete_other_sign_ins(write.connection, actor.member_id, actor.credential_id)
        await tables.insert_audit(
            write.connection, actor.tenant_id, now, actor.member_id, "change_password", actor.member_id, {}
        )


async def new_passkey_options(people: People, actor: Actor) -> tuple[str, dict[str, Any]]:
    """A challenge's id, and what to hand to the browser to make a passkey."""
    _check_is_person(actor)
    member, passkeys, _ = await the_member(people, actor)
    _check_adds(actor, passkeys)
    if len(passkeys) >= people.limits.passkeys_per_member:
        raise Refusal(409, "too_many_passkeys", "Remove a passkey before you add another one.")
    known = [passkey.credential_id for passkey in passkeys]
    user_name = member.email or member.name
    challenge, options = (await relying_party(people)).registration(member.id, user_name, member.name, known)
    return await keep_challenge(people, _challenge_purpose(actor), challenge), options


async def do_add_passkey(
    people: People, actor: Actor, challenge_id: str, credential: dict[str, Any], name: str
) -> Passkey:
    """Keep the passkey that the authenticator made.

    Raises:
        Refusal: 403 `second_factor_needed`; 422 `challenge_expired`, `passkey_refused`; 409 `passkey_known`.

    """
    _, passkeys, _ = await the_member(people, actor)
    _check_adds(actor, passkeys)
    challenge = await take_challenge(people, _challenge_purpose(actor), challenge_id)
    new = (await relying_party(people)).check_registration(credential, challenge)
    now = people.clock.now()
    passkey = Passkey(
        id=new_id(),
        tenant_id=actor.tenant_id,
        member_id=actor.member_id,
        credential_id=new.credential_id,
        public_key=new.public_key,
        sign_count=new.sign_count,
        name=clean_name(name) or "Passkey",
        created_at=now,
    )
    try:
        async with people.db.write(actor.tenant_id) as write:
            await credential_tables.insert_passkey(write.connection, passkey)
            await credential_tables.keep_second_factor(write.connection, actor.credential_id)
            await tables.insert_audit(
                write.connection, actor.tenant_id, now, actor.member_id, "add_passkey", passkey.id, {}
            )
    except IntegrityError:
        raise Refusal(409, "passkey_known", "This passkey is already registered.") from None
    return passkey


async def do_delete_passkey(people: People, actor: Actor, passkey_id: str) -> None:
    """Remove a passkey, unless it is the only way in.

    Raises:
        Refusal: 404 `not_found`; 409 `last_credential`, `last_second_factor`.

    """
    _check_is_person(actor)
    member, passkeys, _ = await the_member(people, actor)
    if member.password_hash is None and len(passkeys) <= 1:
        raise Refusal(409, "last_credential", "This is your only way in: set a password or add a passkey first.")
    async with people.db.write(actor.tenant_id) as write:
        if len(passkeys) <= 1 and await tables.wants_second_factor(write.connection, actor.tenant_id):
            raise Refusal(409, "last_second_factor", "Your organisation asks for a passkey: add another one first.")
        if not await credential_tables.delete_passkey(write.connection, actor.member_id, passkey_id):
            raise Refusal(404, "not_found", "There is no such passkey.")
        now = people.clock.now()
        await tables.insert_audit(
            write.connection, actor.tenant_id, now, actor.member_id, "delete_passkey", passkey_id, {}
        )


def _check_adds(actor: Actor, passkeys: list[Passkey]) -> None:
    """Who has passkeys shows one of them first: a password alone must not add a way around them."""
    if actor.lacks_second_factor and passkeys:
        raise Refusal(403, "second_factor_needed", "Your organisation asks for a passkey: use yours first.")


def _check_is_person(actor: Actor) -> None:
    """Ways to sign in are changed by signed-in people only: a leaked token must not make itself a permanent one."""
    if actor.via != "session":
        raise Refusal(403, "not_allowed", "Sign in to do this; a token cannot.")


def _challenge_purpose(actor: Actor) -> str:
    return f"add passkey {actor.member_id}"

"""One-time links: how the owner, invited people and those who lost their way in set a password or a passkey."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy.exc import IntegrityError

from meetinghouse.db.engine import Database, Transaction
from meetinghouse.db.ids import new_id
from meetinghouse.db.tenancy import Across
from meetinghouse.people import credential_tables, tables
from meetinghouse.people.context import People
from meetinghouse.people.model import LinkKind, Member, OneTimeLink, Passkey, Status
from meetinghouse.people.rules import clean_email, link_lifetime
from meetinghouse.people.settings import PeopleSettings
from meetinghouse.people.sign_in import Caller, SignedIn, keep_challenge, relying_party, sign_in_within, take_challenge
from meetinghouse.security.keyring import Keyring, new_token
from meetinghouse.security.names import clean_name
from meetinghouse.security.networks import limited_address
from meetinghouse.security.passkeys import NewPasskey
from meetinghouse.security.passwords import check_password, hash_password
from meetinghouse.security.refusal import Refusal
from meetinghouse.security.secret import Secret

_LINK_PURPOSE = "one-time-link"
_TOKEN_PREFIX = "mhl_"  # noqa: S105 (a prefix, not a secret)


class NewLink(msgspec.Struct, frozen=True):
    """A link to hand over; it is shown once."""

    link: str
    expires_at: datetime


@dataclass(frozen=True)
class Enrolling:
    """A good link with whom it is for."""

    link: OneTimeLink
    member: Member
    tenant_name: str


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What somebody with a link chose."""

    name: str | None
    email: str | None
    password: Secret | None
    passkey: NewPasskey | None
    passkey_name: str


async def make_link(
    write: Transaction,
    keys: Keyring,
    settings: PeopleSettings,
    public_url: str,
    member: Member,
    kind: LinkKind,
    now: datetime,
) -> NewLink:
    """A fresh link for `member`; earlier ones end."""
    token = new_token(_TOKEN_PREFIX)
    expires_at = now + link_lifetime(kind, settings)
    link = OneTimeLink(
        id=new_id(), tenant_id=member.tenant_id, member_id=member.id, kind=kind, expires_at=expires_at, used_at=None
    )
    await credential_tables.insert_link(write.connection, link, keys.mark(_LINK_PURPOSE, token), now)
    return NewLink(f"{public_url}/enrol#t={token}", expires_at)


async def make_owner_link(
    db: Database, keys: Keyring, settings: PeopleSettings, public_url: str, now: datetime
) -> NewLink:
    """A link for the installation's first owner: to enrol, or to get back in."""
    async with db.write(Across.OPERATOR) as write:
        tenant = await tables.first_tenant(write.connection)
        owner = await tables.first_owner(write.connection, tenant.id)
        kind = LinkKind.OWNER if owner.status is Status.INVITED else LinkKind.RESET
        await tables.insert_audit(write.connection, tenant.id, now, "operator", "owner_link", owner.id, {})
        return await make_link(write, keys, settings, public_url, owner, kind, now)


async def has_active_owner(db: Database) -> bool:
    """Whether any owner has enrolled."""
    async with db.read(Across.OPERATOR) as connection:
        tenant = await tables.first_tenant(connection)
        return bool(await tables.count_active_owners(connection, tenant.id))


async def check_link(people: People, caller: Caller, token: str) -> Enrolling:
    """Whom a link is for.

    Raises:
        Refusal: 403 `link_refused` when it is unknown, used or over; 429.

    """
    address = limited_address(caller.address)
    people.limiter.check("links_per_address", people.limits.links_per_address, address)
    async with people.db.read(Across.SIGN_IN) as connection:
        link = await credential_tables.link_by_mark(connection, people.keys.mark(_LINK_PURPOSE, token))
        member = await tables.member(connection, link.member_id) if link else None
        tenant = await tables.tenant(connection, link.tenant_id) if link else None
    if link is None or member is None or tenant is None or link.used_at or people.clock.now() >= link.expires_at:
        people.limiter.record("links_per_address", people.limits.links_per_address, address)
        raise Refusal(403, "link_refused", "This link is used, expired or unknown. Ask for a new one.")
    return Enrolling(link, member, tenant.name)


async def enrolment_passkey_options(
    people: People, enrolling: Enrolling, email: str | None, name: str | None
) -> tuple[str, dict[str, Any]]:
    """A challenge's id, and what to hand to the browser to make a passkey."""
    user_name = enrolling.member.email or (clean_email(email) if email else "owner")
    shown = clean_name(name or enrolling.member.name) or user_name
    challenge, options = (await relying_party(people)).registration(enrolling.member.id, user_name, shown, [])
    return await keep_challenge(people, _challenge_purpose(enrolling), challenge), options


async def check_enrolment_passkey(
    people: People, enrolling: Enrolling, challenge_id: str, credential: dict[str, Any]
) -> NewPasskey:
    """The passkey that was made.

    Raises:
        Refusal: 422 `challenge_expired`, `passkey_refused`.

    """
    challenge = await take_challenge(people, _challenge_purpose(enrolling), challenge_id)
    return (await relying_party(people)).check_registration(credential, challenge)


async def check_enrolment(people: People, enrolling: Enrolling, wanted: Wanted) -> Member:
    """The member as they will be.

    Raises:
        Refusal: 422 with what is missing or wrong.

    """
    member = enrolling.member
    if wanted.password is None and wanted.passkey is None:
        raise Refusal(422, "credential_missing", "Choose a password or a passkey.")
    email = member.email or (clean_email(wanted.email) if wanted.email else None)
    if email is None:
        raise Refusal(422, "email_missing", "Give the email address to sign in with.")
    name = clean_name(wanted.name) if wanted.name is not None else member.name
    if not name:
        raise Refusal(422, "name_missing", "Give a name that can be shown.")
    if wanted.password is not None:
        about = (email, name, (await people.houses.here()).name)
        check_password(wanted.password, min_characters=people.settings.password_characters, about=about)
    return msgspec.structs.replace(member, email=email, name=name, status=Status.ACTIVE)


async def do_enrol(people: People, caller: Caller, enrolling: Enrolling, member: Member, wanted: Wanted) -> SignedIn:
    """Use the link up, set the way in, end every earlier one, and sign in.

    Raises:
        Refusal: 403 `link_refused` when it was used meanwhile, `not_allowed_here` by the operator's rules; 409 `email_taken`.

    """
    if enrolling.link.kind is not LinkKind.RESET:
        await people.check_register(member.tenant_id)
    now = people.clock.now()
    kept = await hash_password(wanted.password) if wanted.password else None
    try:
        async with people.db.write(member.tenant_id) as write:
            connection = write.connection
            if not await credential_tables.use_link(connection, enrolling.link.id, now):
                raise Refusal(403, "link_refused", "This link has been used. Ask for a new one.")
            if enrolling.link.kind is LinkKind.RESET:
                await credential_tables.delete_credentials(connection, member.id)
            await tables.update_member(
                connection, member.id, email=member.email, name=member.name, status=member.status, password_hash=kept
            )
            if wanted.passkey is not None:
                await credential_tables.insert_passkey(
                    connection, _passkey(member, wanted.passkey, wanted.passkey_name, now)
                )
            await people.enrolled(write, member)
            return await sign_in_within(
                people,
                connection,
                caller,
                member,
                f"enrol_{enrolling.link.kind}",
                second_factor=wanted.passkey is not None,
            )
    except IntegrityError:
        raise Refusal(409, "email_taken", "Somebody has an account with this email address.") from None


def _passkey(member: Member, new: NewPasskey, name: str, now: datetime) -> Passkey:
    return Passkey(
        id=new_id(),
        tenant_id=member.tenant_id,
        member_id=member.id,
        credential_id=new.credential_id,
        public_key=new.public_key,
        sign_count=new.sign_count,
        name=clean_name(name) or "Passkey",
        created_at=now,
    )


def _challenge_purpose(enrolling: Enrolling) -> str:
    return f"enrol {enrolling.link.id}"

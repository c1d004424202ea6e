"""Signing in and out, by password or passkey."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from meetinghouse.db.ids import new_id
from meetinghouse.db.tenancy import Across
from meetinghouse.people import credential_tables, tables
from meetinghouse.people.context import People
from meetinghouse.people.identify import SESSION_PURPOSE
from meetinghouse.people.model import Actor, Member, SignIn
from meetinghouse.people.roles import scopes_of
from meetinghouse.people.rules import clean_email
from meetinghouse.security.keyring import new_token
from meetinghouse.security.networks import limited_address
from meetinghouse.security.passkeys import RelyingParty, credential_id_of
from meetinghouse.security.passwords import verify_password
from meetinghouse.security.refusal import Refusal
from meetinghouse.security.secret import Secret
from meetinghouse.telemetry.metrics import SIGN_INS

# Long enough to find the security key in the other bag.
_CHALLENGE_LIFETIME = timedelta(minutes=5)
_SIGN_IN_CHALLENGE = "sign-in"
# Accounts of one address in several organisations: each that is tried costs a wrong password a tenth of a second more.
_ACCOUNTS_TRIED = 4
_BROWSERS = ("Edg", "OPR", "Firefox", "Chrome", "Safari")
_SYSTEMS = ("Android", "iPhone", "iPad", "Windows", "Mac OS X", "CrOS", "Linux")
_SHOWN = {"Edg": "Edge", "OPR": "Opera", "Mac OS X": "macOS", "CrOS": "ChromeOS"}


@dataclass(frozen=True)
class Caller:
    """The browser at the other end."""

    address: str
    user_agent: str


@dataclass(frozen=True)
class SignedIn:
    """A new sign-in: the cookie's secret, and whom it speaks for."""

    secret: Secret
    actor: Actor


async def check_password_sign_in(people: People, caller: Caller, email: str, password: Secret) -> Member:
    """Whose account this is. Unknown, disabled and wrong take the same time and get the same answer.

    Raises:
        Refusal: 401 `wrong_credentials`, 429.

    """
    account = people.keys.mark("sign-in-limit", email.strip().lower()).hex()
    address = limited_address(caller.address)
    people.limiter.check("sign_ins_per_account", people.limits.sign_ins_per_account, account)
    people.limiter.check("sign_ins_per_address", people.limits.sign_ins_per_address, address)
    candidates: list[Member | None] = [*await _members_by_email(people, email)]
    for member in candidates or [None]:
        if await verify_password(password, member.password_hash if member else None) and member:
            SIGN_INS.labels("password", "accepted").inc()
            people.limiter.forget("sign_ins_per_account", account)
            return member
    SIGN_INS.labels("password", "refused").inc()
    people.limiter.record("sign_ins_per_account", people.limits.sign_ins_per_account, account)
    people.limiter.record("sign_ins_per_address", people.limits.sign_ins_per_address, address)
    raise Refusal(401, "wrong_credentials", "The email or the password is wrong.")


async def passkey_sign_in_options(people: People) -> tuple[str, dict[str, Any]]:
    """A challenge's id, and what to hand to the browser."""
    challenge, options = (await relying_party(people)).sign_in()
    return await keep_challenge(people, _SIGN_IN_CHALLENGE, challenge), options


async def check_passkey_sign_in(
    people: People, caller: Caller, challenge_id: str, credential: dict[str, Any]
) -> Member:
    """Whose passkey answered.

    Raises:
        Refusal: 401 `wrong_credentials`, 422 `passkey_refused`, 429.

    """
    address = limited_address(caller.address)
    people.limiter.check("sign_ins_per_address", people.limits.sign_ins_per_address, address)
    try:
        member = await _member_by_passkey(people, challenge_id, credential)
    except Refusal:
        SIGN_INS.labels("passkey", "refused").inc()
        people.limiter.record("sign_ins_per_address", people.limits.sign_ins_per_address, address)
        raise
    SIGN_INS.labels("passkey", "accepted").inc()
    return member


async def do_sign_in(people: People, caller: Caller, member: Member, *, second_factor: bool) -> SignedIn:
    """Begin a sign-in of `member`, by more than a password or not."""
    async with people.db.write(member.tenant_id) as write:
        return await sign_in_within(people, write.connection, caller, member, "sign_in", second_factor=second_factor)


async def sign_in_within(
    people: People,
    connection: AsyncConnection,
    caller: Caller,
    member: Member,
    action: str,
    *,
    second_factor: bool,
) -> SignedIn:
    """The same inside the caller's transaction; `action` is what the audit log says.

    Raises:
        Refusal: 401 `wrong_credentials` at a host name that is another tenant's own.

    """
    if not (await people.houses.here()).serves(member.tenant_id):
        raise Refusal(401, "wrong_credentials", "This account is not known here.")
    now = people.clock.now()
    secret = Secret(new_token())
    sign_in = SignIn(
        id=new_id(),
        tenant_id=member.tenant_id,
        member_id=member.id,
        client=_client(caller.user_agent),
        created_at=now,
        last_seen_at=now,
        expires_at=now + timedelta(hours=people.settings.sign_in_max_hours),
        second_factor=second_factor,
    )
    await credential_tables.delete_expired(connection, now)
    await credential_tables.insert_sign_in(connection, sign_in, people.keys.mark(SESSION_PURPOSE, secret.reveal()))
    await tables.insert_audit(connection, member.tenant_id, now, member.id, action, member.id, {})
    organisation = await tables.organisation_of(connection, member.id)
    wanted = await tables.wants_second_factor(connection, member.tenant_id)
    actor = Actor(
        tenant_id=member.tenant_id,
        organisation=organisation,
        member_id=member.id,
        name=member.name,
        role=member.role,
        scopes=scopes_of(member.role, organisation),
        via="session",
        credential_id=sign_in.id,
        expires_at=sign_in.expires_at,
        lacks_second_factor=wanted and not second_factor,
    )
    return SignedIn(secret, actor)


async def do_sign_out(people: People, actor: Actor, sign_in_id: str) -> bool:
    """End one of the actor's sign-ins; whether there was one."""
    async with people.db.write(actor.tenant_id) as write:
        ended = await credential_tables.delete_sign_in(write.connection, actor.member_id, sign_in_id)
        if ended:
            now = people.clock.now()
            await tables.insert_audit(
                write.connection, actor.tenant_id, now, actor.member_id, "sign_out", actor.member_id, {}
            )
    return ended


async def relying_party(people: People) -> RelyingParty:
    """As authenticators know the host name that this request came to: a passkey works at the one where it was made."""
    house = await people.houses.here()
    return RelyingParty(house.url, house.name)


async def keep_challenge(
    people: People, purpose: str, challenge: bytes, *, lifetime: timedelta = _CHALLENGE_LIFETIME
) -> str:
    """Remember a challenge for one answer; returns its id."""
    challenge_id = new_id()
    async with people.db.write(Across.NOBODYS) as write:
        await credential_tables.insert_challenge(
            write.connection, challenge_id, purpose, challenge, people.clock.now() + lifetime
        )
    return challenge_id


async def take_challenge(people: People, purpose: str, challenge_id: str) -> bytes:
    """The challenge, once.

    Raises:
        Refusal: 422 `challenge_expired`.

    """
    async with people.db.write(Across.NOBODYS) as write:
        challenge = await credential_tables.take_challenge(write.connection, challenge_id, purpose, people.clock.now())
    if challenge is None:
        raise Refusal(422, "challenge_expired", "This took too long. Try again.")
    return challenge


async def _members_by_email(people: People, email: str) -> list[Member]:
    """Whose account it may be: an address can have one in each of several organisations, and the password tells which."""
    try:
        address = clean_email(email)
    except Refusal:
        return []
    async with people.db.read(Across.SIGN_IN) as connection:
        return await tables.those_with_email(connection, address, _ACCOUNTS_TRIED)


async def _member_by_passkey(people: People, challenge_id: str, credential: dict[str, Any]) -> Member:
    challenge = await take_challenge(people, _SIGN_IN_CHALLENGE, challenge_id)
    async with people.db.read(Across.SIGN_IN) as connection:
        passkey = await credential_tables.passkey_by_credential(connection, credential_id_of(credential))
        member = await tables.member(connection, passkey.member_id) if passkey else None
    if passkey is None or member is None:
        raise Refusal(401, "wrong_credentials", "This passkey is not known here.")
    count = (await relying_party(people)).check_sign_in(credential, challenge, passkey.public_key, passkey.sign_count)
    async with people.db.write(member.tenant_id) as write:
        await credential_tables.update_sign_count(write.connection, passkey.id, count)
    return member


def _client(user_agent: str) -> str:
    """`Firefox · Linux`: enough to recognise one's own browser, too little to tell people apart by."""
    found = [next((word for word in words if word in user_agent), "") for words in (_BROWSERS, _SYSTEMS)]
    return " · ".join(_SHOWN.get(word, word) for word in found if word) or "Other"

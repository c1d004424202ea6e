"""Signing in through an organisation's provider.

    begin → the browser goes to the provider, and comes back with a code → answer

What is under way is kept as one challenge, taken once; a cookie binds it to the browser that began it, so that nobody can be
made to end somebody else's sign-in. Everything happens inside the tenant that it began for: an address says nothing about
accounts elsewhere.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import timedelta
from typing import NoReturn

import msgspec
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from meetinghouse.db.engine import Transaction
from meetinghouse.db.ids import new_id
from meetinghouse.db.tenancy import Across
from meetinghouse.identity import rules, tables
from meetinghouse.identity.context import Identity
from meetinghouse.identity.model import Begun, Claims, Provider
from meetinghouse.identity.settings_actions import SECRET_PURPOSE
from meetinghouse.people import credential_tables
from meetinghouse.people import tables as people_tables
from meetinghouse.people.model import Member, Role, Status
from meetinghouse.people.rules import clean_email
from meetinghouse.people.sign_in import Caller, SignedIn, keep_challenge, sign_in_within, take_challenge
from meetinghouse.security.keyring import new_token
from meetinghouse.security.names import clean_name
from meetinghouse.security.networks import limited_address
from meetinghouse.security.refusal import Refusal
from meetinghouse.security.secret import Secret
from meetinghouse.telemetry.metrics import SIGN_INS

_CHALLENGE = "organisation"
_BEGUN_PURPOSE = "organisation-sign-in"
_BINDING_PURPOSE = "organisation-sign-in-browser"


@dataclass(frozen=True)
class Departure:
    """Where the browser goes, and the secret that its cookie keeps until it is back."""

    location: str
    binding: Secret


async def do_begin(identity: Identity, caller: Caller, *, email: str, organisation: str) -> Departure:
    """Begin a sign-in at the provider of an organisation, or of an address, by its mail domain alone.

    Raises:
        Refusal: 404 `no_provider`, 429, 502.

    """
    people = identity.people
    _limit(identity, caller)
    provider = await _provider(identity, email, organisation)
    if provider is None:
        _limit(identity, caller, failed=True)
        raise Refusal(
            404, "no_provider", "No organisation signs in here with this address. Use your password or a passkey."
        )
    binding = Secret(new_token())
    begun = Begun(
        tenant_id=provider.tenant_id,
        issuer=provider.issuer,
        client_id=provider.client_id,
        binding=people.keys.mark(_BINDING_PURPOSE, binding.reveal()),
        nonce=new_token(),
        verifier=new_token(),
    )
    kept = people.keys.seal(_BEGUN_PURPOSE, msgspec.json.encode(begun))
    state = await keep_challenge(
        people, _CHALLENGE, kept, lifetime=timedelta(seconds=identity.settings.sign_in_seconds)
    )
    url = await identity.providers.authorization_url(begun, await identity.redirect_uri(), state, email.strip())
    return Departure(url, binding)


async def check_answer(
    identity: Identity, caller: Caller, *, state: str, binding: str, code: str, answered_by: str | None
) -> tuple[Provider, Claims]:
    """Whom the provider vouches for.

    Raises:
        Refusal: 403 `provider_refused`, 422 `challenge_expired`, 429, 502.

    """
    _limit(identity, caller)
    try:
        begun = await _begun(identity, state, binding)
        provider = await _unchanged(identity, begun)
        if not code:
            _refuse(403, "provider_refused", "Your organisation's sign-in did not let you in.")
        sealed = provider.secret
        secret = None if sealed is None else Secret(identity.people.keys.unseal(SECRET_PURPOSE, sealed).decode())
        claims = await identity.providers.redeem(
            provider, secret, begun, code, answered_by, await identity.redirect_uri()
        )
    except Refusal:
        SIGN_INS.labels("provider", "refused").inc()
        _limit(identity, caller, failed=True)
        raise
    return provider, claims


async def do_come_in(identity: Identity, caller: Caller, provider: Provider, claims: Claims) -> SignedIn:
    """Sign in whom the provider vouches for, who is made a member first where the organisation lets it.

    Raises:
        Refusal: 403 with why not, 409 `seats_taken`.

    """
    people = identity.people
    domains = await identity.proved_domains(provider.tenant_id, provider.domains)
    async with people.db.read(provider.tenant_id) as connection:
        known = await _known(connection, provider, claims)
    if known is None or known.status is Status.INVITED:
        await people.check_register(provider.tenant_id)
    try:
        async with people.db.write(provider.tenant_id) as write:
            member = await _member(identity, write, provider, claims, domains)
            signed_in = await sign_in_within(
                people,
                write.connection,
                caller,
                member,
                "sign_in_by_provider",
                second_factor=rules.proves_two_factors(provider, claims),
            )
    except IntegrityError:
        raise Refusal(409, "conflict", "Somebody came in so at the same moment. Try again.") from None
    SIGN_INS.labels("provider", "accepted").inc()
    return signed_in


async def _provider(identity: Identity, email: str, organisation: str) -> Provider | None:
    async with identity.people.db.read(Across.SIGN_IN) as connection:
        if organisation:
            return await tables.provider_of(connection, organisation)
        try:
            domain = clean_email(email).rpartition("@")[2]
        except Refusal:
            return None
        candidates = await tables.tenants_serving(connection, domain)
    for tenant_id in candidates:
        # Who has not proved that a domain is theirs could send its people to a page that only looks like theirs.
        if await identity.proved_domains(tenant_id, (domain,)):
            async with identity.people.db.read(tenant_id) as connection:
                return await tables.provider_of(connection, tenant_id)
    return None


async def _begun(identity: Identity, state: str, binding: str) -> Begun:
    """What began in this browser with this state, once."""
    keys = identity.people.keys
    kept = await take_challenge(identity.people, _CHALLENGE, state)
    begun = msgspec.json.decode(keys.unseal(_BEGUN_PURPOSE, kept), type=Begun)
    if not hmac.compare_digest(keys.mark(_BINDING_PURPOSE, binding), begun.binding):
        _refuse(422, "challenge_expired", "This sign-in was begun in another browser. Begin again.")
    return begun


async def _unchanged(identity: Identity, begun: Begun) -> Provider:
    """The provider that it was begun at."""
    async with identity.people.db.read(begun.tenant_id) as connection:
        provider = await tables.provider_of(connection, begun.tenant_id)
    if provider is None or (provider.issuer, provider.client_id) != (begun.issuer, begun.client_id):
        _refuse(422, "challenge_expired", "The organisation changed its sign-in meanwhile. Begin again.")
    return provider


def _refuse(status: int, code: str, detail: str) -> NoReturn:
    raise Refusal(status, code, detail)


async def _known(connection: AsyncConnection, provider: Provider, claims: Claims) -> Member | None:
    """The member whom the provider means, so far as one can tell before the rules are asked."""
    linked = await credential_tables.member_of_identity(connection, provider.tenant_id, claims.issuer, claims.subject)
    if linked is not None:
        return await people_tables.member(connection, linked)
    if claims.email is None:
        return None
    return await people_tables.member_by_email(connection, provider.tenant_id, clean_email(claims.email))


async def _member(
    identity: Identity, write: Transaction, provider: Provider, claims: Claims, domains: frozenset[str]
) -> Member:
    """The member who comes in, as the provider's answer leaves them."""
    connection, tenant_id = write.connection, provider.tenant_id
    linked = await credential_tables.member_of_identity(connection, tenant_id, claims.issuer, claims.subject)
    known = None if linked is None else await people_tables.member(connection, linked)
    if known is None:
        known = await _newcomer(identity, write, provider, claims, domains)
    member = rules.check_known(known)
    role = rules.role_of(provider, claims, member.role)
    if role is not member.role:
        await people_tables.update_member(connection, member.id, role=role)
        await _audit(identity, write, tenant_id, "change_member", member.id, {"role": role})
    return msgspec.structs.replace(member, role=role)


async def _newcomer(
    identity: Identity, write: Transaction, provider: Provider, claims: Claims, domains: frozenset[str]
) -> Member:
    """Somebody whom the provider vouches for the first time: who was invited, is a member otherwise, or becomes one."""
    people, connection, tenant_id = identity.people, write.connection, provider.tenant_id
    found = None
    if claims.email is not None:
        found = await people_tables.member_by_email(connection, tenant_id, clean_email(claims.email))
    is_linked = found is not None and await credential_tables.has_identity(connection, found.id, claims.issuer)
    email = rules.check_newcomer(provider, claims, found, is_linked=is_linked, domains=domains)
    name = clean_name(claims.name) or email.partition("@")[0]
    if found is None:
        await people.check_seat(connection, tenant_id)
        found = Member(
            id=new_id(),
            tenant_id=tenant_id,
            email=email,
            name=name,
            role=Role.MEMBER,
            status=Status.ACTIVE,
            language=None,
            password_hash=None,
            personal_meeting_id=None,
            created_at=people.clock.now(),
        )
        await people_tables.insert_member(connection, found)
        await _audit(identity, write, tenant_id, "add_member", found.id, {"role": found.role})
        await people.enrolled(write, found)
    elif found.status is Status.INVITED:
        found = msgspec.structs.replace(found, name=name, status=Status.ACTIVE)
        await people_tables.update_member(connection, found.id, name=name, status=found.status)
        await _audit(identity, write, tenant_id, "enrol_by_provider", found.id, {})
        await people.enrolled(write, found)
    await credential_tables.insert_identity(connection, found, claims.issuer, claims.subject, people.clock.now())
    return found


async def _audit(
    identity: Identity, write: Transaction, tenant_id: str, action: str, member_id: str, detail: dict[str, str]
) -> None:
    await people_tables.insert_audit(
        write.connection, tenant_id, identity.people.clock.now(), "provider", action, member_id, detail
    )


def _limit(identity: Identity, caller: Caller, *, failed: bool = False) -> None:
    people = identity.people
    count = people.limiter.record if failed else people.limiter.check
    count("sign_ins_per_address", people.limits.sign_ins_per_address, limited_address(caller.address))

"""Decisions about who comes in by an organisation's provider, and as what."""

from __future__ import annotations

from typing import Any

from meetinghouse.identity.model import Claims, Provider, ScimToken
from meetinghouse.people.model import Actor, Member, Organisation, Role, Scope, Status
from meetinghouse.people.rules import clean_email
from meetinghouse.security.refusal import Refusal

_MOST_VALUES = 50
_VALUE_CHARACTERS = 200


def check_may_set(actor: Actor) -> None:
    """Whether `actor` may say how the organisation signs in: an owner who is here, since a provider vouches for owners too.

    Raises:
        Refusal: 403 `missing_scope`, `not_allowed`.

    """
    actor.must(Scope.IDENTITY)
    if actor.via != "session":
        raise Refusal(403, "not_allowed", "Sign in to do this; a token cannot.")


def name_of(token: ScimToken) -> str:
    """Who acts by a token of SCIM, in the audit log."""
    return f"scim:{token.id}"


def actor_of(token: ScimToken) -> Actor:
    """Who acts by a token of SCIM, which an owner made: about members as an owner does, and nothing else."""
    return Actor(
        tenant_id=token.tenant_id,
        organisation=Organisation.TENANT,
        member_id=name_of(token),
        name=token.name,
        role=Role.OWNER,
        scopes=frozenset({Scope.MEMBERS_READ, Scope.MEMBERS_WRITE}),
        via="token",
        credential_id=token.id,
        expires_at=token.created_at,
    )


def clean_domain(text: str) -> str:
    """A mail domain in the one spelling that addresses have.

    Raises:
        Refusal: 422 `invalid_domain`.

    """
    domain = text.strip().lower().removeprefix("@")
    try:
        clean_email(f"a@{domain}")
    except Refusal:
        wanted = "write what stands behind the @ of its addresses, such as harbour.example"
        raise Refusal(422, "invalid_domain", f"{text[:80]!r} is no mail domain: {wanted}.") from None
    return domain


def clean_values(values: tuple[str, ...]) -> tuple[str, ...]:
    """Values of claims as they are compared: each once, none empty.

    Raises:
        Refusal: 422 `too_long`.

    """
    kept = tuple(dict.fromkeys(value.strip() for value in values if value.strip()))
    if len(kept) > _MOST_VALUES or any(len(value) > _VALUE_CHARACTERS for value in kept):
        raise Refusal(422, "too_long", f"Write at most {_MOST_VALUES} values of {_VALUE_CHARACTERS} characters.")
    return kept


def check_known(member: Member) -> Member:
    """Whether somebody whom the provider vouched for before comes in.

    Raises:
        Refusal: 403 `account_disabled`.

    """
    if member.status is not Status.ACTIVE:
        raise Refusal(403, "account_disabled", "This account is disabled. Ask an administrator of your organisation.")
    return member


def check_newcomer(
    provider: Provider, claims: Claims, member: Member | None, *, is_linked: bool, domains: frozenset[str]
) -> str:
    """Whether somebody comes in whom the provider vouches for the first time; gives their address.

    `member` is the tenant's member with that address, `is_linked` whether somebody else of this provider is that member
    already, and `domains` those that the tenant has proved to be its own.

    Raises:
        Refusal: 403 `email_unverified`, `account_disabled`, `linked_otherwise`, `not_a_member`.

    """
    if claims.email is None or not (claims.is_email_verified or provider.trusts_email):
        raise Refusal(
            403,
            "email_unverified",
            "Your organisation's sign-in gives no email address that it has verified. Ask an administrator.",
        )
    email = clean_email(claims.email)
    if member is not None:
        if member.status is Status.DISABLED:
            check_known(member)
        if is_linked:
            raise Refusal(
                403,
                "linked_otherwise",
                "The account with this address belongs to somebody else of your organisation's sign-in. Ask an administrator.",
            )
        return email
    if not provider.makes_members or email.rpartition("@")[2] not in domains:
        raise Refusal(
            403, "not_a_member", "You are not a member of this organisation here. Ask an administrator to invite you."
        )
    return email


def role_of(provider: Provider, claims: Claims, role: Role) -> Role:
    """The role of somebody whose role has been `role`. Owners are made by owners alone, and stay."""
    if not provider.role_claim or role is Role.OWNER:
        return role
    found = set(_texts(_at(claims.everything, provider.role_claim)))
    return Role.ADMIN if found & set(provider.admin_values) else Role.MEMBER


def proves_two_factors(provider: Provider, claims: Claims) -> bool:
    """Whether the provider says, as the tenant told how it would, that two factors were asked for."""
    said = {*_texts(claims.everything.get("amr")), *_texts(claims.everything.get("acr"))}
    return bool(said & set(provider.second_factor_values))


def _at(claims: dict[str, Any], path: str) -> Any:  # noqa: ANN401 (any JSON)
    """A claim of this name, or the one that the dots in it lead to."""
    if path in claims:
        return claims[path]
    found: Any = claims
    for part in path.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    return found


def _texts(value: Any) -> list[str]:  # noqa: ANN401 (any JSON)
    return [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, str)]

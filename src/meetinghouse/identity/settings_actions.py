"""What owners set about how their organisation signs in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

from meetinghouse.identity import rules, scim_tables, tables
from meetinghouse.identity.context import Identity
from meetinghouse.identity.model import Group, Provider, ScimToken
from meetinghouse.identity.scim_actions import groups_of
from meetinghouse.people.credential_tables import passkeys_of
from meetinghouse.people.model import Actor
from meetinghouse.people.tables import insert_audit, set_second_factor, wants_second_factor
from meetinghouse.security.refusal import Refusal
from meetinghouse.security.secret import Secret

SECRET_PURPOSE = "provider-secret"  # noqa: S105 (a purpose, not a secret)
_CLIENT_CHARACTERS = 400


@dataclass(frozen=True)
class Standing:
    """How an organisation signs in. `domains` are those that it has proved to be its own."""

    provider: Provider | None
    domains: frozenset[str]
    second_factor: bool
    tokens: list[ScimToken]
    groups: list[Group]


async def standing_of(identity: Identity, actor: Actor) -> Standing:
    """How the actor's organisation signs in.

    Raises:
        Refusal: 403.

    """
    rules.check_may_set(actor)
    async with identity.people.db.read(actor.tenant_id) as connection:
        provider = await tables.provider_of(connection, actor.tenant_id)
        wanted = await wants_second_factor(connection, actor.tenant_id)
        tokens = await scim_tables.tokens_of(connection, actor.tenant_id)
    domains = await identity.proved_domains(actor.tenant_id, () if provider is None else provider.domains)
    groups = await groups_of(identity, actor.tenant_id)
    return Standing(provider, domains, wanted, tokens, groups)


async def check_provider(identity: Identity, actor: Actor, wanted: Provider, secret: Secret | None) -> Provider:
    """The provider as it will be kept, once it has answered. Without a secret, the earlier one of the same issuer stays.

    Raises:
        Refusal: 403; 422 `invalid_url`, `client_missing`, `invalid_domain`, `too_long`; 502 if it does not answer as it must.

    """
    rules.check_may_set(actor)
    client_id = wanted.client_id.strip()
    if not client_id or len(client_id) > _CLIENT_CHARACTERS or not client_id.isprintable():
        raise Refusal(422, "client_missing", "Give the client id that the provider made for this service.")
    issuer = identity.providers.check_issuer(wanted.issuer)
    await identity.providers.look(issuer)
    async with identity.people.db.read(actor.tenant_id) as connection:
        before = await tables.provider_of(connection, actor.tenant_id)
    sealed = None
    if secret is not None:
        sealed = identity.people.keys.seal(SECRET_PURPOSE, secret.reveal().encode())
    elif before is not None and (before.issuer, before.client_id) == (issuer, client_id):
        # Of the same one alone: another would be sent the secret.
        sealed = before.secret
    return msgspec.structs.replace(
        wanted,
        tenant_id=actor.tenant_id,
        issuer=issuer,
        client_id=client_id,
        secret=sealed,
        domains=tuple(sorted({rules.clean_domain(one) for one in rules.clean_values(wanted.domains)})),
        role_claim=wanted.role_claim.strip(),
        admin_values=rules.clean_values(wanted.admin_values),
        second_factor_values=rules.clean_values(wanted.second_factor_values),
    )


async def do_put_provider(identity: Identity, actor: Actor, provider: Provider) -> None:
    """Set the organisation's provider."""
    async with identity.people.db.write(actor.tenant_id) as write:
        await tables.put_provider(write.connection, provider)
        detail: dict[str, Any] = {"issuer": provider.issuer, "makes_members": provider.makes_members}
        now = identity.people.clock.now()
        await insert_audit(
            write.connection, actor.tenant_id, now, actor.member_id, "set_provider", actor.tenant_id, detail
        )


async def do_delete_provider(identity: Identity, actor: Actor) -> None:
    """Let nobody sign in by the provider any more; who is signed in stays so.

    Raises:
        Refusal: 403, 404 `not_found`.

    """
    rules.check_may_set(actor)
    async with identity.people.db.write(actor.tenant_id) as write:
        if not await tables.delete_provider(write.connection, actor.tenant_id):
            raise Refusal(404, "not_found", "There is no provider.")
        now = identity.people.clock.now()
        await insert_audit(
            write.connection, actor.tenant_id, now, actor.member_id, "delete_provider", actor.tenant_id, {}
        )


async def do_set_second_factor(identity: Identity, actor: Actor, *, wanted: bool) -> None:
    """Ask every member for a passkey beside the password, those too who are signed in by now, or no more.

    Raises:
        Refusal: 403, 409 `second_factor_first` to who has none and would lock themselves out.

    """
    rules.check_may_set(actor)
    async with identity.people.db.write(actor.tenant_id) as write:
        if wanted and not await passkeys_of(write.connection, actor.member_id):
            raise Refusal(409, "second_factor_first", "Add a passkey of your own first, and see that it works.")
        await set_second_factor(write.connection, actor.tenant_id, wanted=wanted)
        now = identity.people.clock.now()
        await insert_audit(
            write.connection,
            actor.tenant_id,
            now,
            actor.member_id,
            "set_second_factor",
            actor.tenant_id,
            {"required": wanted},
        )

"""The values of identity."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from msgspec import Struct


class Provider(Struct, frozen=True, kw_only=True):
    """A tenant's OpenID Connect provider, and what the tenant lets it say.

    `domains` are the mail domains whose people are sent to it. `makes_members`: who comes from it and is no member becomes one.
    `trusts_email`: its addresses are right although it does not say that they are verified. `role_claim` names the claim, a
    path with dots, of which one of `admin_values` makes an administrator (none: roles are given here). One of
    `second_factor_values` in `amr`, or as `acr`, says that somebody proved themselves by two factors there.
    """

    tenant_id: str
    issuer: str
    client_id: str
    secret: bytes | None
    domains: tuple[str, ...] = ()
    makes_members: bool = False
    trusts_email: bool = False
    role_claim: str = ""
    admin_values: tuple[str, ...] = ()
    second_factor_values: tuple[str, ...] = ()


class Metadata(Struct, frozen=True, kw_only=True):
    """What a provider says about itself (OpenID Connect Discovery 1.0 §3)."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None = None
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)
    authorization_response_iss_parameter_supported: bool = False


class Begun(Struct, frozen=True, kw_only=True):
    """A sign-in that is under way at a provider. `binding` is the mark of the cookie of the browser that began it."""

    tenant_id: str
    issuer: str
    client_id: str
    binding: bytes
    nonce: str
    verifier: str


class Claims(Struct, frozen=True, kw_only=True):
    """Whom a provider vouches for."""

    issuer: str
    subject: str
    email: str | None
    is_email_verified: bool
    name: str
    everything: dict[str, Any]


class ScimToken(Struct, frozen=True, kw_only=False):
    """What lets another system keep a tenant's members, without its secret."""

    id: str
    tenant_id: str
    name: str
    created_at: datetime


class Group(Struct, frozen=True, kw_only=True):
    """People whom another system keeps together: `members` by id and name. Those of `makes_admins` are administrators here."""

    id: str
    external_id: str | None
    name: str
    makes_admins: bool
    created_at: datetime
    members: tuple[tuple[str, str], ...]


class Wanted(Struct, frozen=True, kw_only=True):
    """A member as another system wants them to be."""

    email: str
    name: str
    external_id: str | None
    active: bool


class WantedGroup(Struct, frozen=True, kw_only=True):
    """A group as another system wants it to be."""

    name: str
    external_id: str | None
    member_ids: tuple[str, ...]

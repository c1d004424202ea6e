"""The values of people."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

import msgspec

from meetinghouse.security.refusal import Refusal


class Organisation(StrEnum):
    """What a member's organisation is. Staff of the operator and of partners are members of a tenant of their own."""

    OPERATOR = "operator"
    PARTNER = "partner"
    TENANT = "tenant"


class TenantStatus(StrEnum):
    """How a tenant stands: who is suspended hosts nothing, who is ended does nothing and nobody signs in."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    ENDED = "ended"


class Role(StrEnum):
    """What a member may do in their tenant; each one may do what the later ones may."""

    OWNER = "owner"
    ADMIN = "admin"
    MEMBER = "member"


class Status(StrEnum):
    """Where a member stands. `removed` rows hold no personal data and exist for what still refers to them."""

    ACTIVE = "active"
    INVITED = "invited"
    DISABLED = "disabled"
    REMOVED = "removed"


# Who may do nothing, and must not be where they still are.
OUT = (Status.DISABLED, Status.REMOVED)


class Scope(StrEnum):
    """What a bearer token, or a role, allows."""

    MEETINGS_READ = "meetings:read"
    MEETINGS_WRITE = "meetings:write"
    PARTICIPANTS_ADMIT = "participants:admit"
    MEMBERS_READ = "members:read"
    MEMBERS_WRITE = "members:write"
    ADMIN = "admin"
    IDENTITY = "identity"
    TENANTS_READ = "tenants:read"
    TENANTS_WRITE = "tenants:write"
    PARTNERS_WRITE = "partners:write"
    PLANS_WRITE = "plans:write"
    SUPPORT = "support"
    BRAND = "brand"
    HOSTS = "hosts"
    MARKET = "market"
    NODE = "node"


# What an organisation has or has not, whatever a member's role: who lacks them is told that there is nothing.
_UNSEEN = frozenset(
    {
        Scope.TENANTS_READ,
        Scope.TENANTS_WRITE,
        Scope.PARTNERS_WRITE,
        Scope.PLANS_WRITE,
        Scope.SUPPORT,
        Scope.HOSTS,
        Scope.MARKET,
        Scope.NODE,
    }
)


class LinkKind(StrEnum):
    """What a one-time link is for."""

    OWNER = "owner"
    INVITATION = "invitation"
    RESET = "reset"


class Actor(msgspec.Struct, frozen=True, kw_only=True):
    """Who makes a request, and what they may do. `credential_id` is the sign-in's or the token's row."""

    tenant_id: str
    organisation: Organisation
    member_id: str
    name: str
    role: Role
    scopes: frozenset[Scope]
    via: Literal["session", "token"]
    credential_id: str
    expires_at: datetime
    # The organisation asks for a second factor, and this sign-in has shown none: it may do nothing but that.
    lacks_second_factor: bool = False

    def must(self, scope: Scope | str) -> None:
        """Refuse unless `scope` is allowed.

        Raises:
            Refusal: 403 `missing_scope`; 404 `not_found` for what not every organisation has.

        """
        if scope not in self.scopes:
            if scope in _UNSEEN:
                raise Refusal(404, "not_found", "There is nothing here.")
            raise Refusal(403, "missing_scope", f"This needs the scope {scope}.")


class Tenant(msgspec.Struct, frozen=True):
    """A customer organisation or one person.

    What market rules ask for: `kind`, `channel`, the billing address's `country` and `subdivision` (ISO 3166-1 and -2), the
    code of the `plan`, and the code of the `partner` that sells and supports it (none: the operator itself).
    """

    id: str
    name: str
    kind: str
    channel: str
    country: str | None
    plan: str
    partner: str | None
    subdivision: str | None
    status: TenantStatus = TenantStatus.ACTIVE


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """A person with an account."""

    id: str
    tenant_id: str
    email: str | None
    name: str
    role: Role
    status: Status
    language: str | None
    password_hash: str | None
    personal_meeting_id: str | None
    created_at: datetime


class Passkey(msgspec.Struct, frozen=True, kw_only=True):
    """A public key that signs a member in (WebAuthn)."""

    id: str
    tenant_id: str
    member_id: str
    credential_id: bytes
    public_key: bytes
    sign_count: int
    name: str
    created_at: datetime


class SignIn(msgspec.Struct, frozen=True, kw_only=True):
    """A browser that is signed in. `second_factor`: by more than a password, here or at the organisation's provider."""

    id: str
    tenant_id: str
    member_id: str
    client: str
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    second_factor: bool


class OneTimeLink(msgspec.Struct, frozen=True, kw_only=True):
    """Permission to set a first or a new way of signing in."""

    id: str
    tenant_id: str
    member_id: str
    kind: LinkKind
    expires_at: datetime
    used_at: datetime | None


class ApiToken(msgspec.Struct, frozen=True, kw_only=True):
    """A bearer token, without its secret."""

    id: str
    tenant_id: str
    member_id: str
    name: str
    scopes: frozenset[Scope]
    created_at: datetime
    expires_at: datetime


class AuditEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One act that an administrator may want to ask about. `actor` and `subject` are ids or fixed words, never names."""

    id: str
    at: datetime
    actor: str
    action: str
    subject: str
    detail: dict[str, Any]

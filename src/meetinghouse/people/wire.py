"""What the people's part of the HTTP API says and hears."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Generic, Literal, TypeVar

from msgspec import Meta, Struct

from meetinghouse.people.model import ApiToken, LinkKind, Member, Passkey, Role, Scope, SignIn, Status

T = TypeVar("T")

Email = Annotated[str, Meta(max_length=320)]
ShownName = Annotated[str, Meta(max_length=400)]
Password = Annotated[str, Meta(max_length=1024)]
LinkToken = Annotated[str, Meta(max_length=200)]
Language = Literal["en", "zh-CN", "zh-TW"]


class Page(Struct, Generic[T], frozen=True):
    """A part of a list; `next` is the cursor of the following part."""

    items: list[T]
    next: str | None


class PasswordSignIn(Struct, frozen=True, forbid_unknown_fields=True):
    """Sign in with a password."""

    email: Email
    password: Password


class PasskeyAnswer(Struct, frozen=True, forbid_unknown_fields=True):
    """What the browser's authenticator answered."""

    challenge_id: Annotated[str, Meta(max_length=64)]
    credential: dict[str, Any]


class NamedPasskeyAnswer(Struct, frozen=True, forbid_unknown_fields=True):
    """The same for a new passkey, with a name to know it by."""

    challenge_id: Annotated[str, Meta(max_length=64)]
    credential: dict[str, Any]
    name: ShownName = "Passkey"


class PasskeyOptions(Struct, frozen=True):
    """What to hand to `navigator.credentials`."""

    challenge_id: str
    options: dict[str, Any]


class PasswordChange(Struct, frozen=True, forbid_unknown_fields=True):
    """The current password (empty for who has none) and the new one."""

    current: Password
    new: Password


class ProfileChange(Struct, frozen=True, forbid_unknown_fields=True):
    """What to change; absent stays."""

    name: ShownName | None = None
    language: Language | None = None
    password: PasswordChange | None = None


class TenantView(Struct, frozen=True):
    """The organisation."""

    id: str
    name: str


class PasskeyView(Struct, frozen=True):
    """A passkey as its owner sees it."""

    id: str
    name: str
    created_at: datetime


class Me(Struct, frozen=True, kw_only=True):
    """Who is signed in."""

    id: str
    email: str | None
    name: str
    role: Role
    tenant: TenantView
    language: str | None
    personal_meeting_id: str | None
    has_password: bool
    passkeys: list[PasskeyView]
    scopes: list[Scope]
    # What the organisation asks for before anything else may be done: to show a passkey, or to add a first one.
    second_factor: Literal["show", "add"] | None


class SignInView(Struct, frozen=True, kw_only=True):
    """A browser that is signed in."""

    id: str
    client: str
    created_at: datetime
    last_seen_at: datetime
    current: bool


class LinkLook(Struct, frozen=True, forbid_unknown_fields=True):
    """Asks what a one-time link is for."""

    token: LinkToken


class LinkView(Struct, frozen=True, kw_only=True):
    """What a one-time link is for."""

    kind: LinkKind
    email: str | None
    name: str | None
    tenant_name: str


class EnrolmentPasskeyAsk(Struct, frozen=True, forbid_unknown_fields=True):
    """Asks to make a passkey while enrolling."""

    token: LinkToken
    email: Email | None = None
    name: ShownName | None = None


class Enrolment(Struct, frozen=True, forbid_unknown_fields=True):
    """Uses a one-time link: a password or a passkey, or both."""

    token: LinkToken
    name: ShownName | None = None
    email: Email | None = None
    password: Password | None = None
    passkey: NamedPasskeyAnswer | None = None


class MemberView(Struct, frozen=True, kw_only=True):
    """A member as administrators see them."""

    id: str
    email: str | None
    name: str
    role: Role
    status: Status
    created_at: datetime


class NewMember(Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody to invite."""

    email: Email
    name: ShownName | None = None
    role: Role = Role.MEMBER


class Invited(Struct, frozen=True):
    """The member and the link to hand over."""

    member: MemberView
    link: str
    expires_at: datetime


class MemberChange(Struct, frozen=True, forbid_unknown_fields=True):
    """What to change; absent stays."""

    role: Role | None = None
    status: Status | None = None
    name: ShownName | None = None


class TokenAsk(Struct, frozen=True, forbid_unknown_fields=True):
    """A token to make. Without `scopes` it may do what its maker may. `member` (an email) and `owner` take an administrator."""

    name: ShownName = "token"
    scopes: list[Scope] | None = None
    expires_in_seconds: Annotated[int, Meta(ge=1, le=10 * 366 * 86_400)] = 3600
    member: Email | None = None
    owner: bool = False


class TokenView(Struct, frozen=True, kw_only=True):
    """A token without its secret."""

    id: str
    name: str
    scopes: list[Scope]
    created_at: datetime
    expires_at: datetime


def member_view(member: Member) -> MemberView:
    """As administrators see them."""
    return MemberView(
        id=member.id,
        email=member.email,
        name=member.name,
        role=member.role,
        status=member.status,
        created_at=member.created_at,
    )


def passkey_view(passkey: Passkey) -> PasskeyView:
    """As its owner sees it."""
    return PasskeyView(passkey.id, passkey.name, passkey.created_at)


def sign_in_view(sign_in: SignIn, current: str) -> SignInView:
    """As its owner sees it; `current` is the one that asks."""
    return SignInView(
        id=sign_in.id,
        client=sign_in.client,
        created_at=sign_in.created_at,
        last_seen_at=sign_in.last_seen_at,
        current=sign_in.id == current,
    )


def token_view(token: ApiToken) -> TokenView:
    """Without its secret."""
    return TokenView(
        id=token.id,
        name=token.name,
        scopes=sorted(token.scopes),
        created_at=token.created_at,
        expires_at=token.expires_at,
    )

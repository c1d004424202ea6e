"""Signing in by an organisation's provider, and what its owners set about it; `routes` is all of identity's API."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from litestar import Response, delete, get, patch, post, put
from litestar.datastructures import Cookie
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from meetinghouse.identity import scim_actions, settings_actions, sign_in
from meetinghouse.identity.context import Identity
from meetinghouse.identity.model import Provider
from meetinghouse.identity.scim_actions import NewScimToken
from meetinghouse.identity.scim_api import PATH as SCIM_PATH
from meetinghouse.people.identify import AnyRequest
from meetinghouse.people.model import Actor
from meetinghouse.people.session_api import caller_of, signed_in_answer
from meetinghouse.people.wire import Email, Me
from meetinghouse.security.secret import Secret

_COOKIE = "organisation"
_COOKIE_PATH = "/api/v1/session/organisation"

_Text = Annotated[str, Meta(max_length=2000)]
_Long = Annotated[str, Meta(max_length=20_000)]
_Texts = Annotated[tuple[_Text, ...], Meta(max_length=50)]


class OrganisationSignIn(Struct, frozen=True, forbid_unknown_fields=True):
    """Sign in through the provider of an organisation: the one of this id, or the one that serves this address's domain."""

    email: Email = ""
    organisation: Annotated[str, Meta(max_length=64)] = ""


class Departure(Struct, frozen=True):
    """Where the browser has to go."""

    location: str


class ProviderAnswer(Struct, frozen=True, forbid_unknown_fields=True):
    """What the provider sent the browser back with: a code, or why there is none."""

    state: Annotated[str, Meta(max_length=64)]
    code: _Long = ""
    iss: _Text | None = None


class ProviderBody(Struct, frozen=True, forbid_unknown_fields=True):
    """The organisation's provider. Without `client_secret` the one that is kept stays, for the same issuer and client."""

    issuer: _Text
    client_id: _Text
    client_secret: _Text | None = None
    domains: _Texts = ()
    makes_members: bool = False
    trusts_email: bool = False
    role_claim: Annotated[str, Meta(max_length=200)] = ""
    admin_values: _Texts = ()
    second_factor_values: _Texts = ()


class SecondFactorBody(Struct, frozen=True, forbid_unknown_fields=True):
    """Whether every member has to show a passkey beside the password."""

    required: bool


class ServedDomain(Struct, frozen=True):
    """A mail domain whose people are sent to the provider, once it is proved to be the organisation's."""

    name: str
    verified: bool


class ProviderView(Struct, frozen=True, kw_only=True):
    """The provider without its secret."""

    issuer: str
    client_id: str
    has_secret: bool
    domains: list[ServedDomain]
    makes_members: bool
    trusts_email: bool
    role_claim: str
    admin_values: list[str]
    second_factor_values: list[str]


class ScimTokenAsk(Struct, frozen=True, forbid_unknown_fields=True):
    """A token to make for the organisation's own system."""

    name: Annotated[str, Meta(max_length=400)] = "SCIM"


class ScimTokenView(Struct, frozen=True):
    """A token of SCIM without its secret."""

    id: str
    name: str
    created_at: datetime


class GroupView(Struct, frozen=True):
    """A group that the organisation's own system keeps."""

    id: str
    name: str
    members: int
    makes_admins: bool


class GroupChange(Struct, frozen=True, forbid_unknown_fields=True):
    """Whether those in a group are administrators."""

    makes_admins: bool


class ScimView(Struct, frozen=True):
    """Where the organisation's own system keeps its members, by which tokens, and in which groups."""

    url: str
    tokens: list[ScimTokenView]
    groups: list[GroupView]


class IdentityView(Struct, frozen=True, kw_only=True):
    """How the organisation signs in, and what its provider has to know about us."""

    redirect_uri: str
    sign_in_link: str
    provider: ProviderView | None
    second_factor: bool
    scim: ScimView


@post("/session/organisation", status_code=200)
async def begin_organisation_session(
    request: AnyRequest, data: JSONBody[OrganisationSignIn], identity: NamedDependency[Identity]
) -> Response[Departure]:
    """Begin to sign in through an organisation's provider; the answer's cookie binds it to this browser."""
    begun = await sign_in.do_begin(identity, caller_of(request), email=data.email, organisation=data.organisation)
    cookie = Cookie(
        _COOKIE,
        value=begun.binding.reveal(),
        path=_COOKIE_PATH,
        max_age=identity.settings.sign_in_seconds,
        httponly=True,
        samesite="lax",
        secure=request.scope["scheme"] == "https",
    )
    return Response(Departure(begun.location), cookies=[cookie])


@post("/session/organisation/answer", status_code=200)
async def create_organisation_session(
    request: AnyRequest, data: JSONBody[ProviderAnswer], identity: NamedDependency[Identity]
) -> Response[Me]:
    """Sign in with what the provider sent the browser back with; the answer sets the session cookie."""
    caller = caller_of(request)
    provider, claims = await sign_in.check_answer(
        identity,
        caller,
        state=data.state,
        binding=request.cookies.get(_COOKIE, ""),
        code=data.code,
        answered_by=data.iss,
    )
    signed_in = await sign_in.do_come_in(identity, caller, provider, claims)
    answer = await signed_in_answer(request, identity.people, signed_in)
    answer.delete_cookie(_COOKIE, path=_COOKIE_PATH)
    return answer


@get("/identity")
async def get_identity(identity: NamedDependency[Identity], actor: NamedDependency[Actor]) -> IdentityView:
    """How the organisation signs in."""
    return await _shown(identity, actor)


@put("/identity/provider")
async def put_provider(
    identity: NamedDependency[Identity], actor: NamedDependency[Actor], data: JSONBody[ProviderBody]
) -> IdentityView:
    """Set the organisation's OpenID Connect provider, which is asked whether it is one first."""
    secret = None if data.client_secret is None else Secret(data.client_secret)
    wanted = Provider(
        tenant_id=actor.tenant_id,
        issuer=data.issuer,
        client_id=data.client_id,
        secret=None,
        domains=data.domains,
        makes_members=data.makes_members,
        trusts_email=data.trusts_email,
        role_claim=data.role_claim,
        admin_values=data.admin_values,
        second_factor_values=data.second_factor_values,
    )
    provider = await settings_actions.check_provider(identity, actor, wanted, secret)
    await settings_actions.do_put_provider(identity, actor, provider)
    return await _shown(identity, actor)


@delete("/identity/provider", status_code=204)
async def delete_provider(identity: NamedDependency[Identity], actor: NamedDependency[Actor]) -> None:
    """Let nobody sign in through the provider any more."""
    await settings_actions.do_delete_provider(identity, actor)


@put("/identity/second-factor")
async def put_second_factor(
    identity: NamedDependency[Identity], actor: NamedDependency[Actor], data: JSONBody[SecondFactorBody]
) -> IdentityView:
    """Ask every member for a passkey beside the password, or no more."""
    await settings_actions.do_set_second_factor(identity, actor, wanted=data.required)
    return await _shown(identity, actor)


@post("/identity/scim/tokens")
async def make_scim_token(
    identity: NamedDependency[Identity], actor: NamedDependency[Actor], data: JSONBody[ScimTokenAsk]
) -> NewScimToken:
    """Let the organisation's own system keep its members; the secret is in this answer only."""
    return await scim_actions.do_make_token(identity, actor, data.name)


@delete("/identity/scim/tokens/{token_id:str}", status_code=204)
async def revoke_scim_token(
    identity: NamedDependency[Identity], actor: NamedDependency[Actor], token_id: FromPath[str]
) -> None:
    """Revoke a token of SCIM."""
    await scim_actions.do_revoke_token(identity, actor, token_id)


@patch("/identity/scim/groups/{group_id:str}")
async def change_scim_group(
    identity: NamedDependency[Identity],
    actor: NamedDependency[Actor],
    group_id: FromPath[str],
    data: JSONBody[GroupChange],
) -> IdentityView:
    """Say whether those in a group are administrators."""
    await scim_actions.do_set_group(identity, actor, group_id, makes_admins=data.makes_admins)
    return await _shown(identity, actor)


async def _shown(identity: Identity, actor: Actor) -> IdentityView:
    standing = await settings_actions.standing_of(identity, actor)
    url = (await identity.people.houses.of(actor.tenant_id)).url
    provider = standing.provider
    return IdentityView(
        second_factor=standing.second_factor,
        redirect_uri=await identity.redirect_uri_of(actor.tenant_id),
        sign_in_link=f"{url}/sign-in?organisation={actor.tenant_id}",
        scim=ScimView(
            url + SCIM_PATH,
            [ScimTokenView(one.id, one.name, one.created_at) for one in standing.tokens],
            [GroupView(one.id, one.name, len(one.members), one.makes_admins) for one in standing.groups],
        ),
        provider=None
        if provider is None
        else ProviderView(
            issuer=provider.issuer,
            client_id=provider.client_id,
            has_secret=provider.secret is not None,
            domains=[ServedDomain(name, name in standing.domains) for name in provider.domains],
            makes_members=provider.makes_members,
            trusts_email=provider.trusts_email,
            role_claim=provider.role_claim,
            admin_values=list(provider.admin_values),
            second_factor_values=list(provider.second_factor_values),
        ),
    )


routes = [
    begin_organisation_session,
    create_organisation_session,
    get_identity,
    put_provider,
    delete_provider,
    put_second_factor,
    make_scim_token,
    revoke_scim_token,
    change_scim_group,
]

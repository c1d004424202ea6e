"""Signing in and out, one's own account, and one-time links."""

from __future__ import annotations

from typing import Any, Literal

from litestar import Response, delete, get, patch, post
from litestar.datastructures import Cookie
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec.structs import replace

from meetinghouse.people import credential_tables, enrolment, profile, second_factor, sign_in
from meetinghouse.people.context import People
from meetinghouse.people.identify import (
    BEFORE_SECOND_FACTOR,
    FORMER_SESSION_COOKIE,
    SESSION_COOKIE,
    AnyRequest,
)
from meetinghouse.people.model import Actor, Member, Passkey
from meetinghouse.people.sign_in import Caller, SignedIn
from meetinghouse.people.wire import (
    Enrolment,
    EnrolmentPasskeyAsk,
    LinkLook,
    LinkView,
    Me,
    NamedPasskeyAnswer,
    Page,
    PasskeyAnswer,
    PasskeyOptions,
    PasskeyView,
    PasswordSignIn,
    ProfileChange,
    SignInView,
    TenantView,
    passkey_view,
    sign_in_view,
)
from meetinghouse.security.refusal import Refusal
from meetinghouse.security.secret import Secret


@post("/session", status_code=200)
async def create_session(
    request: AnyRequest, data: JSONBody[PasswordSignIn], people: NamedDependency[People]
) -> Response[Me]:
    """Sign in with a password; the answer sets the session cookie."""
    caller = caller_of(request)
    member = await sign_in.check_password_sign_in(people, caller, data.email, Secret(data.password))
    return await signed_in_answer(
        request, people, await sign_in.do_sign_in(people, caller, member, second_factor=False)
    )


@post("/session/passkey/options", status_code=200)
async def passkey_session_options(people: NamedDependency[People]) -> PasskeyOptions:
    """What the browser needs to ask for a passkey."""
    return PasskeyOptions(*await sign_in.passkey_sign_in_options(people))


@post("/session/passkey", status_code=200)
async def create_passkey_session(
    request: AnyRequest, data: JSONBody[PasskeyAnswer], people: NamedDependency[People]
) -> Response[Me]:
    """Sign in with a passkey."""
    caller = caller_of(request)
    member = await sign_in.check_passkey_sign_in(people, caller, data.challenge_id, data.credential)
    return await signed_in_answer(request, people, await sign_in.do_sign_in(people, caller, member, second_factor=True))


@post("/session/second-factor/options", status_code=200, opt=BEFORE_SECOND_FACTOR)
async def second_factor_options(people: NamedDependency[People], actor: NamedDependency[Actor]) -> PasskeyOptions:
    """What the browser needs to ask for the passkey that the organisation wants to see."""
    return PasskeyOptions(*await second_factor.second_factor_options(people, actor))


@post("/session/second-factor", status_code=200, opt=BEFORE_SECOND_FACTOR)
async def show_second_factor(
    people: NamedDependency[People], actor: NamedDependency[Actor], data: JSONBody[PasskeyAnswer]
) -> Me:
    """Show a passkey after a sign-in by password, where the organisation asks for it."""
    await second_factor.do_show_second_factor(people, actor, data.challenge_id, data.credential)
    return await _me(people, replace(actor, lacks_second_factor=False))


@delete("/session", status_code=204, opt=BEFORE_SECOND_FACTOR)
async def delete_session(
    people: NamedDependency[People], optional_actor: NamedDependency[Actor | None]
) -> Response[None]:
    """Sign out; nobody signed in is signed out already."""
    if optional_actor is not None and optional_actor.via == "session":
        await sign_in.do_sign_out(people, optional_actor, optional_actor.credential_id)
    answer: Response[None] = Response(None, status_code=204)
    answer.delete_cookie(SESSION_COOKIE)
    answer.delete_cookie(FORMER_SESSION_COOKIE)
    return answer


@get("/sessions")
async def list_sessions(people: NamedDependency[People], actor: NamedDependency[Actor]) -> Page[SignInView]:
    """Where one is signed in."""
    async with people.db.read(actor.tenant_id) as connection:
        found = await credential_tables.sign_ins_of(connection, actor.member_id)
    return Page([sign_in_view(one, actor.credential_id) for one in found], None)


@delete("/sessions/{sign_in_id:str}", status_code=204)
async def end_session(
    people: NamedDependency[People], actor: NamedDependency[Actor], sign_in_id: FromPath[str]
) -> None:
    """Sign another browser out."""
    if not await sign_in.do_sign_out(people, actor, sign_in_id):
        raise Refusal(404, "not_found", "There is no such sign-in.")


@get("/me", opt=BEFORE_SECOND_FACTOR)
async def get_me(people: NamedDependency[People], actor: NamedDependency[Actor]) -> Me:
    """Who makes this request."""
    return await _me(people, actor)


@patch("/me")
async def change_me(
    people: NamedDependency[People], actor: NamedDependency[Actor], data: JSONBody[ProfileChange]
) -> Me:
    """Change one's name, language or password."""
    if data.password is not None:
        new = Secret(data.password.new)
        await profile.check_new_password(people, actor, Secret(data.password.current), new)
        await profile.do_change_password(people, actor, new)
    await profile.do_change_profile(people, actor, name=data.name, language=data.language)
    return await _me(people, actor)


@post("/me/passkeys/options", status_code=200, opt=BEFORE_SECOND_FACTOR)
async def new_passkey_options(people: NamedDependency[People], actor: NamedDependency[Actor]) -> PasskeyOptions:
    """What the browser needs to make a passkey."""
    return PasskeyOptions(*await profile.new_passkey_options(people, actor))


@post("/me/passkeys", opt=BEFORE_SECOND_FACTOR)
async def add_passkey(
    people: NamedDependency[People], actor: NamedDependency[Actor], data: JSONBody[NamedPasskeyAnswer]
) -> PasskeyView:
    """Keep a new passkey."""
    return passkey_view(await profile.do_add_passkey(people, actor, data.challenge_id, data.credential, data.name))


@delete("/me/passkeys/{passkey_id:str}", status_code=204)
async def delete_passkey(
    people: NamedDependency[People], actor: NamedDependency[Actor], passkey_id: FromPath[str]
) -> None:
    """Remove a passkey."""
    await profile.do_delete_passkey(people, actor, passkey_id)


@post("/enrolments/look", status_code=200)
async def look_at_link(request: AnyRequest, data: JSONBody[LinkLook], people: NamedDependency[People]) -> LinkView:
    """What a one-time link is for."""
    found = await enrolment.check_link(people, caller_of(request), data.token)
    name = found.member.name if found.member.email else None
    return LinkView(kind=found.link.kind, email=found.member.email, name=name, tenant_name=found.tenant_name)


@post("/enrolments/passkey/options", status_code=200)
async def enrolment_passkey_options(
    request: AnyRequest, data: JSONBody[EnrolmentPasskeyAsk], people: NamedDependency[People]
) -> PasskeyOptions:
    """What the browser needs to make a passkey while enrolling."""
    found = await enrolment.check_link(people, caller_of(request), data.token)
    return PasskeyOptions(*await enrolment.enrolment_passkey_options(people, found, data.email, data.name))


@post("/enrolments", status_code=200)
async def enrol(request: AnyRequest, data: JSONBody[Enrolment], people: NamedDependency[People]) -> Response[Me]:
    """Use a one-time link: set a password or a passkey, and be signed in."""
    caller = caller_of(request)
    found = await enrolment.check_link(people, caller, data.token)
    passkey = None
    if data.passkey is not None:
        answer = data.passkey
        passkey = await enrolment.check_enrolment_passkey(people, found, answer.challenge_id, answer.credential)
    wanted = enrolment.Wanted(
        name=data.name,
        email=data.email,
        password=None if data.password is None else Secret(data.password),
        passkey=passkey,
        passkey_name=data.passkey.name if data.passkey else "",
    )
    member = await enrolment.check_enrolment(people, found, wanted)
    return await signed_in_answer(request, people, await enrolment.do_enrol(people, caller, found, member, wanted))


SESSION_ROUTES = [
    create_session,
    passkey_session_options,
    create_passkey_session,
    second_factor_options,
    show_second_factor,
    delete_session,
    list_sessions,
    end_session,
    get_me,
    change_me,
    new_passkey_options,
    add_passkey,
    delete_passkey,
    look_at_link,
    enrolment_passkey_options,
    enrol,
]


def caller_of(request: AnyRequest) -> Caller:
    """The browser that makes a request."""
    address = request.client.host if request.client else ""
    return Caller(address, request.headers.get("user-agent", "")[:512])


async def signed_in_answer(request: AnyRequest, people: People, signed_in: SignedIn) -> Response[Me]:
    """The answer to a sign-in: who it is, and the session cookie."""
    cookie = Cookie(
        SESSION_COOKIE,
        value=signed_in.secret.reveal(),
        max_age=people.settings.sign_in_max_hours * 3600,
        httponly=True,
        samesite="lax",
        secure=request.scope["scheme"] == "https",
    )
    return Response(await _me(people, signed_in.actor), cookies=[cookie])


async def _me(people: People, actor: Actor) -> Me:
    member, passkeys, tenant_name = await profile.the_member(people, actor)
    return _me_view(member, passkeys, tenant_name, actor)


def _me_view(member: Member, passkeys: list[Passkey], tenant_name: str, actor: Actor) -> Me:
    values: dict[str, Any] = {name: getattr(member, name) for name in ("id", "email", "name", "role", "language")}
    return Me(
        **values,
        tenant=TenantView(member.tenant_id, tenant_name),
        personal_meeting_id=member.personal_meeting_id,
        has_password=member.password_hash is not None,
        passkeys=[passkey_view(passkey) for passkey in passkeys],
        scopes=sorted(actor.scopes),
        second_factor=_second_factor(actor, passkeys),
    )


def _second_factor(actor: Actor, passkeys: list[Passkey]) -> Literal["show", "add"] | None:
    if not actor.lacks_second_factor:
        return None
    return "show" if passkeys else "add"

"""Who makes a request: the dependencies `actor` and `optional_actor` of every handler.

Who must show a second factor first is nobody to all handlers but those that say otherwise by `BEFORE_SECOND_FACTOR`.

Errors: `Refusal` 401 `not_signed_in` for nobody, 403 `second_factor_needed` for who has yet to show it, 401 `token_refused` for
a bearer token that is unknown or over.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, TypeAlias

from litestar import Request
from litestar.di import Provide

from meetinghouse.db.tenancy import Across
from meetinghouse.people import credential_tables as tables
from meetinghouse.people.context import People
from meetinghouse.people.model import Actor
from meetinghouse.people.rules import is_sign_in_over
from meetinghouse.security.refusal import Refusal

SESSION_COOKIE = "session"
# What it was called before brands, when it said our name; who has it stays signed in.
FORMER_SESSION_COOKIE = "meetinghouse_session"
SESSION_PURPOSE = "sign-in"
TOKEN_PURPOSE = "api-token"  # noqa: S105 (a purpose, not a secret)

# Being used is written down this often at most; more precision would cost a write per request.
_SEEN_EVERY = timedelta(minutes=10)

# `opt` of handlers that serve those too who have yet to show the second factor that their organisation asks for.
BEFORE_SECOND_FACTOR = {"before_second_factor": True}

AnyRequest: TypeAlias = Request[Any, Any, Any]


def actor_dependencies(people: People) -> dict[str, Provide]:
    """The dependencies `actor` and `optional_actor`.

    They hold their services instead of asking for them: each injected parameter costs a task of its own in each request.
    """

    async def optional_actor(request: AnyRequest) -> Actor | None:
        found = await _identify(request, people)
        return None if found is not None and _is_too_early(request, found) else found

    async def actor(request: AnyRequest) -> Actor:
        found = await _identify(request, people)
        if found is None:
            challenge = {"WWW-Authenticate": "Bearer"}
            raise Refusal(401, "not_signed_in", "Sign in first, or send a bearer token.", headers=challenge)
        if _is_too_early(request, found):
            raise Refusal(403, "second_factor_needed", "Your organisation asks for a passkey: use or add yours first.")
        return found

    return {"optional_actor": Provide(optional_actor), "actor": Provide(actor)}


def _is_too_early(request: AnyRequest, actor: Actor) -> bool:
    return actor.lacks_second_factor and not request.route_handler.opt.get("before_second_factor")


async def _identify(request: AnyRequest, people: People) -> Actor | None:
    """Who makes the request, `None` for a guest. A bearer token wins over a cookie.

    At a host name that is a tenant's own, people and programs of others are nobody.
    """
    found = await _presented(request, people)
    if found is not None and not (await people.houses.here()).serves(found.tenant_id):
        return None
    return found


async def _presented(request: AnyRequest, people: People) -> Actor | None:
    authorization = request.headers.get("authorization", "")
    if authorization:
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer":
            raise Refusal(401, "token_refused", "Send the token as `Authorization: Bearer …`.")
        return await _by_token(token.strip(), people)
    secret = request.cookies.get(SESSION_COOKIE) or request.cookies.get(FORMER_SESSION_COOKIE)
    return await _by_session(secret, people) if secret else None


async def _by_token(token: str, people: People) -> Actor:
    async with people.db.read(Across.SIGN_IN) as connection:
        actor = await tables.actor_by_token_mark(connection, people.keys.mark(TOKEN_PURPOSE, token), people.clock.now())
    if actor is None:
        raise Refusal(
            401,
            "token_refused",
            "This token is unknown, revoked or expired.",
            headers={"WWW-Authenticate": 'Bearer error="invalid_token"'},
        )
    return actor


async def _by_session(secret: str, people: People) -> Actor | None:
    now = people.clock.now()
    async with people.db.read(Across.SIGN_IN) as connection:
        found = await tables.actor_by_sign_in_mark(connection, people.keys.mark(SESSION_PURPOSE, secret))
    if found is None:
        return None
    sign_in, actor = found
    if is_sign_in_over(sign_in, now, people.settings):
        return None
    if now - sign_in.last_seen_at > _SEEN_EVERY:
        async with people.db.write(sign_in.tenant_id) as write:
            await tables.touch_sign_in(write.connection, sign_in.id, now)
    return actor

"""Who makes a request: the dependencies `actor` and `optional_actor` of every handler.

Errors: `Refusal` 401 `not_signed_in` for nobody, 401 `token_refused` for a bearer token that is unknown or over.
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
from meetinghouse.people.roles import scopes_of
from meetinghouse.people.rules import is_sign_in_over
from meetinghouse.security.refusal import Refusal

SESSION_COOKIE = "meetinghouse_session"
SESSION_PURPOSE = "sign-in"
TOKEN_PURPOSE = "api-token"  # noqa: S105 (a purpose, not a secret)

# Being used is written down this often at most; more precision would cost a write per request.
_SEEN_EVERY = timedelta(minutes=10)

AnyRequest: TypeAlias = Request[Any, Any, Any]


def actor_dependencies(people: People) -> dict[str, Provide]:
    """The dependencies `actor` and `optional_actor`.

    They hold their services instead of asking for them: each injected parameter costs a task of its own in each request.
    """

    async def optional_actor(request: AnyRequest) -> Actor | None:
        return await _identify(request, people)

    async def actor(request: AnyRequest) -> Actor:
        found = await _identify(request, people)
        if found is None:
            challenge = {"WWW-Authenticate": "Bearer"}
            raise Refusal(401, "not_signed_in", "Sign in first, or send a bearer token.", headers=challenge)
        return found

    return {"optional_actor": Provide(optional_actor), "actor": Provide(actor)}


async def _identify(request: AnyRequest, people: People) -> Actor | None:
    """Who makes the request, `None` for a guest. A bearer token wins over a cookie."""
    authorization = request.headers.get("authorization", "")
    if authorization:
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer":
            raise Refusal(401, "token_refused", "Send the token as `Authorization: Bearer …`.")
        return await _by_token(token.strip(), people)
    secret = request.cookies.get(SESSION_COOKIE)
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
        found = await tables.sign_in_by_mark(connection, people.keys.mark(SESSION_PURPOSE, secret))
    if found is None:
        return None
    sign_in, name, role, organisation = found
    if is_sign_in_over(sign_in, now, people.settings):
        return None
    if now - sign_in.last_seen_at > _SEEN_EVERY:
        async with people.db.write(sign_in.tenant_id) as write:
            await tables.touch_sign_in(write.connection, sign_in.id, now)
    return Actor(
        tenant_id=sign_in.tenant_id,
        organisation=organisation,
        member_id=sign_in.member_id,
        name=name,
        role=role,
        scopes=scopes_of(role, organisation),
        via="session",
        credential_id=sign_in.id,
        expires_at=sign_in.expires_at,
    )

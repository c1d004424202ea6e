"""Who makes a request: the dependencies `actor` and `optional_actor` of every handler.

Errors: `Refusal` 401 `not_signed_in` for nobody, 401 `token_refused` for a bearer token that is unknown or over.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, TypeAlias

from litestar import Request
from litestar.di import NamedDependency

from meetinghouse.db.clock import Clock
from meetinghouse.db.engine import Database
from meetinghouse.people import credential_tables as tables
from meetinghouse.people.model import Actor
from meetinghouse.people.rules import is_sign_in_over, scopes_of
from meetinghouse.people.settings import PeopleSettings
from meetinghouse.security.keyring import Keyring
from meetinghouse.security.refusal import Refusal

SESSION_COOKIE = "meetinghouse_session"
SESSION_PURPOSE = "sign-in"
TOKEN_PURPOSE = "api-token"  # noqa: S105 (a purpose, not a secret)

# Being used is written down this often at most; more precision would cost a write per request.
_SEEN_EVERY = timedelta(minutes=10)

AnyRequest: TypeAlias = Request[Any, Any, Any]


async def optional_actor(
    request: AnyRequest,
    db: NamedDependency[Database],
    keys: NamedDependency[Keyring],
    clock: NamedDependency[Clock],
    people_settings: NamedDependency[PeopleSettings],
) -> Actor | None:
    """Who makes the request, `None` for a guest. A bearer token wins over a cookie."""
    authorization = request.headers.get("authorization", "")
    if authorization:
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer":
            raise Refusal(401, "token_refused", "Send the token as `Authorization: Bearer …`.")
        return await _by_token(token.strip(), db, keys, clock)
    secret = request.cookies.get(SESSION_COOKIE)
    if not secret:
        return None
    return await _by_session(secret, db, keys, clock, people_settings)


async def require_actor(optional_actor: NamedDependency[Actor | None]) -> Actor:
    """Who makes the request; nobody is refused."""
    if optional_actor is None:
        raise Refusal(
            401, "not_signed_in", "Sign in first, or send a bearer token.", headers={"WWW-Authenticate": "Bearer"}
        )
    return optional_actor


async def _by_token(token: str, db: Database, keys: Keyring, clock: Clock) -> Actor:
    async with db.read() as connection:
        actor = await tables.actor_by_token_mark(connection, keys.mark(TOKEN_PURPOSE, token), clock.now())
    if actor is None:
        raise Refusal(
            401,
            "token_refused",
            "This token is unknown, revoked or expired.",
            headers={"WWW-Authenticate": 'Bearer error="invalid_token"'},
        )
    return actor


async def _by_session(secret: str, db: Database, keys: Keyring, clock: Clock, settings: PeopleSettings) -> Actor | None:
    now = clock.now()
    async with db.read() as connection:
        found = await tables.sign_in_by_mark(connection, keys.mark(SESSION_PURPOSE, secret))
    if found is None:
        return None
    sign_in, name, role = found
    if is_sign_in_over(sign_in, now, settings):
        return None
    if now - sign_in.last_seen_at > _SEEN_EVERY:
        async with db.write() as write:
            await tables.touch_sign_in(write.connection, sign_in.id, now)
    return Actor(
        tenant_id=sign_in.tenant_id,
        member_id=sign_in.member_id,
        name=name,
        role=role,
        scopes=scopes_of(role),
        via="session",
        credential_id=sign_in.id,
        expires_at=sign_in.expires_at,
    )

"""SQL of how people prove who they are: sign-ins, passkeys, challenges, one-time links, API tokens."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Boolean, Column, Integer, LargeBinary, String, Table, Text, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from meetinghouse.db.ids import new_id
from meetinghouse.db.schema import metadata
from meetinghouse.db.types import Json, UtcTime
from meetinghouse.people.model import (
    Actor,
    ApiToken,
    LinkKind,
    Member,
    OneTimeLink,
    Organisation,
    Passkey,
    Role,
    Scope,
    SignIn,
    Status,
)
from meetinghouse.people.roles import scopes_of
from meetinghouse.people.tables import GOES_ON, ORGANISATION, WANTS_SECOND_FACTOR, members


def _owned(name: str, *columns: Column[Any]) -> Table:
    """A table whose rows belong to a member of a tenant."""
    return Table(
        name,
        metadata,
        Column("id", String(64), primary_key=True),
        Column("tenant_id", String(64), nullable=False),
        Column("member_id", String(64), nullable=False),
        *columns,
    )


passkeys = _owned(
    "passkeys",
    Column("credential_id", LargeBinary, nullable=False),
    Column("public_key", LargeBinary, nullable=False),
    Column("sign_count", Integer, nullable=False),
    Column("name", Text, nullable=False),
    Column("created_at", UtcTime, nullable=False),
)
sign_ins = _owned(
    "sign_ins",
    Column("secret_mark", LargeBinary, nullable=False),
    Column("client", Text, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("last_seen_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
    Column("second_factor", Boolean, nullable=False),
)
one_time_links = _owned(
    "one_time_links",
    Column("kind", Text, nullable=False),
    Column("token_mark", LargeBinary, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
    Column("used_at", UtcTime),
)
api_tokens = _owned(
    "api_tokens",
    Column("name", Text, nullable=False),
    Column("secret_mark", LargeBinary, nullable=False),
    Column("scopes", Json, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
)
identities = _owned(
    "identities",
    Column("issuer", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("created_at", UtcTime, nullable=False),
)
challenges = Table(
    "challenges",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("purpose", Text, nullable=False),
    Column("challenge", LargeBinary, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
)

_SIGN_IN = [column for column in sign_ins.c if column.name != "secret_mark"]
_LINK = [one_time_links.c[name] for name in OneTimeLink.__struct_fields__]
_TOKEN = [api_tokens.c[name] for name in ApiToken.__struct_fields__]
_WHO = (members.c.name.label("member_name"), members.c.role.label("member_role"), ORGANISATION.label("organisation"))


# --- sign-ins --------------------------------------------------------------------------------------------------------


async def insert_sign_in(connection: AsyncConnection, new: SignIn, secret_mark: bytes) -> None:
    """Remember a browser that signed in."""
    await connection.execute(insert(sign_ins).values(**msgspec.structs.asdict(new), secret_mark=secret_mark))


async def actor_by_sign_in_mark(connection: AsyncConnection, mark: bytes) -> tuple[SignIn, Actor] | None:
    """A sign-in of an active member, and what it lets them do."""
    query = (
        select(*_SIGN_IN, *_WHO, WANTS_SECOND_FACTOR.label("wants_second_factor"))
        .join(members, members.c.id == sign_ins.c.member_id)
        .where(sign_ins.c.secret_mark == mark, members.c.status == Status.ACTIVE, GOES_ON)
    )
    row = (await connection.execute(query)).mappings().one_or_none()
    if row is None:
        return None
    sign_in = SignIn(**{name: row[name] for name in SignIn.__struct_fields__})
    role, organisation = Role(row["member_role"]), Organisation(row["organisation"])
    actor = Actor(
        tenant_id=sign_in.tenant_id,
        organisation=organisation,
        member_id=sign_in.member_id,
        name=row["member_name"],
        role=role,
        scopes=scopes_of(role, organisation),
        via="session",
        credential_id=sign_in.id,
        expires_at=sign_in.expires_at,
        lacks_second_factor=row["wants_second_factor"] and not sign_in.second_factor,
    )
    return sign_in, actor


async def sign_ins_of(connection: AsyncConnection, member_id: str) -> list[SignIn]:
    """Where a member is signed in, newest first."""
    query = select(*_SIGN_IN).where(sign_ins.c.member_id == member_id).order_by(sign_ins.c.id.desc())
    return [SignIn(**row) for row in (await connection.execute(query)).mappings()]


async def keep_second_factor(connection: AsyncConnection, sign_in_id: str) -> None:
    """Remember that a sign-in has shown a second factor."""
    await connection.execute(update(sign_ins).where(sign_ins.c.id == sign_in_id).values(second_factor=True))


async def touch_sign_in(connection: AsyncConnection, sign_in_id: str, now: datetime) -> None:
    """Remember that a sign-in is used."""
    await connection.execute(update(sign_ins).where(sign_ins.c.id == sign_in_id).values(last_seen_at=now))


async def delete_sign_in(connection: AsyncConnection, member_id: str, sign_in_id: str) -> bool:
    """End one sign-in of a member; whether there was one."""
    result = await connection.execute(
        delete(sign_ins).where(sign_ins.c.id == sign_in_id, sign_ins.c.member_id == member_id)
    )
    return bool(result.rowcount)


async def delete_other_sign_ins(connection: AsyncConnection, member_id: str, kept: str) -> None:
    """End a member's sign-ins but the one `kept`."""
    await connection.execute(delete(sign_ins).where(sign_ins.c.member_id == member_id, sign_ins.c.id != kept))


async def delete_expired(connection: AsyncConnection, now: datetime) -> None:
    """Forget what time has ended."""
    for table in (sign_ins, one_time_links, api_tokens, challenges):
        await connection.execute(delete(table).where(table.c.expires_at <= now))


async def delete_sign_ins_and_tokens(connection: AsyncConnection, member_id: str) -> None:
    """End what a member is in by now; the ways to come in again stay."""
    for table in (sign_ins, api_tokens, one_time_links):
        await connection.execute(delete(table).where(table.c.member_id == member_id))


async def delete_credentials(connection: AsyncConnection, member_id: str) -> None:
    """End every way in that a member has, but the password, which is the member's own column."""
    for table in (sign_ins, passkeys, identities, api_tokens, one_time_links):
        await connection.execute(delete(table).where(table.c.member_id == member_id))


# --- passkeys --------------------------------------------------------------------------------------------------------


async def insert_passkey(connection: AsyncConnection, new: Passkey) -> None:
    """Add a passkey."""
    await connection.execute(insert(passkeys).values(msgspec.structs.asdict(new)))


async def passkey_by_credential(connection: AsyncConnection, credential_id: bytes) -> Passkey | None:
    """A passkey of an active member."""
    query = (
        select(passkeys)
        .join(members, members.c.id == passkeys.c.member_id)
        .where(passkeys.c.credential_id == credential_id, members.c.status == Status.ACTIVE, GOES_ON)
    )
    row = (await connection.execute(query)).mappings().one_or_none()
    return None if row is None else Passkey(**row)


async def passkeys_of(connection: AsyncConnection, member_id: str) -> list[Passkey]:
    """A member's passkeys, oldest first."""
    query = select(passkeys).where(passkeys.c.member_id == member_id).order_by(passkeys.c.id)
    return [Passkey(**row) for row in (await connection.execute(query)).mappings()]


async def update_sign_count(connection: AsyncConnection, passkey_id: str, sign_count: int) -> None:
    """Remember the authenticator's counter."""
    await connection.execute(update(passkeys).where(passkeys.c.id == passkey_id).values(sign_count=sign_count))


async def delete_passkey(connection: AsyncConnection, member_id: str, passkey_id: str) -> bool:
    """Remove one passkey of a member; whether there was one."""
    result = await connection.execute(
        delete(passkeys).where(passkeys.c.id == passkey_id, passkeys.c.member_id == member_id)
    )
    return bool(result.rowcount)


async def insert_challenge(
    connection: AsyncConnection, challenge_id: str, purpose: str, challenge: bytes, expires_at: datetime
) -> None:
    """Remember what an authenticator is asked to sign."""
    await connection.execute(
        insert(challenges).values(id=challenge_id, purpose=purpose, challenge=challenge, expires_at=expires_at)
    )


async def take_challenge(connection: AsyncConnection, challenge_id: str, purpose: str, now: datetime) -> bytes | None:
    """The challenge, once."""
    query = (
        delete(challenges)
        .where(challenges.c.id == challenge_id, challenges.c.purpose == purpose, challenges.c.expires_at > now)
        .returning(challenges.c.challenge)
    )
    return (await connection.execute(query)).scalar_one_or_none()


# --- identities ------------------------------------------------------------------------------------------------------


async def insert_identity(connection: AsyncConnection, of: Member, issuer: str, subject: str, now: datetime) -> None:
    """Remember that a provider's `subject` is this member."""
    values = {"id": new_id(), "tenant_id": of.tenant_id, "member_id": of.id}
    await connection.execute(insert(identities).values(**values, issuer=issuer, subject=subject, created_at=now))


async def member_of_identity(connection: AsyncConnection, tenant_id: str, issuer: str, subject: str) -> str | None:
    """Who of a tenant a provider's `subject` is."""
    whose = (identities.c.tenant_id == tenant_id, identities.c.issuer == issuer, identities.c.subject == subject)
    return (await connection.execute(select(identities.c.member_id).where(*whose))).scalar_one_or_none()


async def has_identity(connection: AsyncConnection, member_id: str, issuer: str) -> bool:
    """Whether a member is somebody of this provider."""
    query = select(identities.c.id).where(identities.c.member_id == member_id, identities.c.issuer == issuer)
    return (await connection.execute(query.limit(1))).scalar_one_or_none() is not None


# --- one-time links --------------------------------------------------------------------------------------------------


async def insert_link(connection: AsyncConnection, new: OneTimeLink, token_mark: bytes, created_at: datetime) -> None:
    """Add a link; earlier ones of the member end."""
    await connection.execute(delete(one_time_links).where(one_time_links.c.member_id == new.member_id))
    await connection.execute(
        insert(one_time_links).values(**msgspec.structs.asdict(new), token_mark=token_mark, created_at=created_at)
    )


async def link_by_mark(connection: AsyncConnection, mark: bytes) -> OneTimeLink | None:
    """A link by its token."""
    query = select(*_LINK).where(one_time_links.c.token_mark == mark)
    row = (await connection.execute(query)).mappings().one_or_none()
    return None if row is None else OneTimeLink(**{**row, "kind": LinkKind(row["kind"])})


async def use_link(connection: AsyncConnection, link_id: str, now: datetime) -> bool:
    """Use a link up; whether it was still there to be used."""
    query = update(one_time_links).where(one_time_links.c.id == link_id, one_time_links.c.used_at.is_(None))
    return bool((await connection.execute(query.values(used_at=now))).rowcount)


# --- API tokens ------------------------------------------------------------------------------------------------------


async def insert_token(connection: AsyncConnection, new: ApiToken, secret_mark: bytes) -> None:
    """Add a token."""
    values = {**msgspec.structs.asdict(new), "scopes": sorted(new.scopes)}
    await connection.execute(insert(api_tokens).values(**values, secret_mark=secret_mark))


async def actor_by_token_mark(connection: AsyncConnection, mark: bytes, now: datetime) -> Actor | None:
    """Whom a bearer token speaks for. An owner who has yet to enrol may be spoken for: the operator made the token."""
    query = (
        select(*_TOKEN, *_WHO)
        .join(members, members.c.id == api_tokens.c.member_id)
        .where(
            api_tokens.c.secret_mark == mark,
            api_tokens.c.expires_at > now,
            members.c.status.in_([Status.ACTIVE, Status.INVITED]),
            GOES_ON,
        )
    )
    row = (await connection.execute(query)).one_or_none()
    if row is None:
        return None
    return Actor(
        tenant_id=row.tenant_id,
        organisation=Organisation(row.organisation),
        member_id=row.member_id,
        name=row.member_name,
        role=Role(row.member_role),
        scopes=frozenset(Scope(scope) for scope in row.scopes),
        via="token",
        credential_id=row.id,
        expires_at=row.expires_at,
    )


async def tokens_of(connection: AsyncConnection, member_id: str, now: datetime) -> list[ApiToken]:
    """A member's tokens that are still good, newest first."""
    query = (
        select(*_TOKEN)
        .where(api_tokens.c.member_id == member_id, api_tokens.c.expires_at > now)
        .order_by(api_tokens.c.id.desc())
    )
    rows = (await connection.execute(query)).mappings()
    return [ApiToken(**{**row, "scopes": frozenset(Scope(scope) for scope in row["scopes"])}) for row in rows]


async def count_tokens(connection: AsyncConnection, member_id: str) -> int:
    """How many tokens a member has."""
    query = select(func.count()).select_from(api_tokens).where(api_tokens.c.member_id == member_id)
    return (await connection.execute(query)).scalar_one()


async def delete_token(connection: AsyncConnection, member_id: str, token_id: str) -> bool:
    """End one token of a member; whether there was one."""
    result = await connection.execute(
        delete(api_tokens).where(api_tokens.c.id == token_id, api_tokens.c.member_id == member_id)
    )
    return bool(result.rowcount)

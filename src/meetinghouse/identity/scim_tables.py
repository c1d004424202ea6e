"""SQL of SCIM: a tenant's tokens and groups, and its members as another system looks for them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    ForeignKey,
    LargeBinary,
    String,
    Table,
    Text,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from meetinghouse.db.schema import metadata
from meetinghouse.db.types import UtcTime
from meetinghouse.identity.model import Group, ScimToken
from meetinghouse.people.model import Member, Role, Status
from meetinghouse.people.tables import GOES_ON, members

tokens = Table(
    "scim_tokens",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("tenant_id", String(64), ForeignKey("tenants.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("secret_mark", LargeBinary, nullable=False),
    Column("created_at", UtcTime, nullable=False),
)
groups = Table(
    "scim_groups",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("tenant_id", String(64), ForeignKey("tenants.id"), nullable=False),
    Column("external_id", Text),
    Column("name", Text, nullable=False),
    # Whether those in it are administrators here.
    Column("makes_admins", Boolean, nullable=False),
    Column("created_at", UtcTime, nullable=False),
)
group_members = Table(
    "scim_group_members",
    metadata,
    Column("tenant_id", String(64), ForeignKey("tenants.id"), nullable=False),
    Column("group_id", String(64), ForeignKey("scim_groups.id"), primary_key=True),
    Column("member_id", String(64), ForeignKey("members.id"), primary_key=True),
)

_TOKEN = [tokens.c[name] for name in ScimToken.__struct_fields__]
_SHOWN = members.c.status != Status.REMOVED


# --- tokens ----------------------------------------------------------------------------------------------------------


async def insert_token(connection: AsyncConnection, new: ScimToken, secret_mark: bytes) -> None:
    """Add a token."""
    values = {name: getattr(new, name) for name in ScimToken.__struct_fields__}
    await connection.execute(insert(tokens).values(**values, secret_mark=secret_mark))


async def token_by_mark(connection: AsyncConnection, mark: bytes) -> ScimToken | None:
    """A token by its secret, of a tenant that goes on."""
    owner = members.c.tenant_id == tokens.c.tenant_id
    alive = select(members.c.id).where(owner, GOES_ON).limit(1).scalar_subquery()
    row = (
        await connection.execute(select(*_TOKEN).where(tokens.c.secret_mark == mark, alive.is_not(None)))
    ).one_or_none()
    return None if row is None else ScimToken(*row)


async def tokens_of(connection: AsyncConnection, tenant_id: str) -> list[ScimToken]:
    """A tenant's tokens, the newest first."""
    query = select(*_TOKEN).where(tokens.c.tenant_id == tenant_id).order_by(tokens.c.id.desc())
    return [ScimToken(*row) for row in await connection.execute(query)]


async def delete_token(connection: AsyncConnection, tenant_id: str, token_id: str) -> bool:
    """End a token; whether there was one."""
    which = (tokens.c.id == token_id, tokens.c.tenant_id == tenant_id)
    return bool((await connection.execute(delete(tokens).where(*which))).rowcount)


# --- members ---------------------------------------------------------------------------------------------------------


async def members_page(
    connection: AsyncConnection, tenant_id: str, wanted: ColumnElement[bool], offset: int, limit: int
) -> tuple[int, list[tuple[Member, str | None]]]:
    """How many members are wanted, and some of them with the ids that the other system gave them."""
    which = (members.c.tenant_id == tenant_id, _SHOWN, wanted)
    total = (await connection.execute(select(func.count()).select_from(members).where(*which))).scalar_one()
    query = select(members).where(*which).order_by(members.c.id).offset(offset).limit(limit)
    found = []
    for row in (await connection.execute(query)).mappings():
        values = {name: row[name] for name in Member.__struct_fields__}
        member = Member(**{**values, "role": Role(row["role"]), "status": Status(row["status"])})
        found.append((member, row["external_id"]))
    return total, found


async def known_members(connection: AsyncConnection, tenant_id: str, member_ids: Collection[str]) -> set[str]:
    """Those of these ids that are members of the tenant."""
    query = select(members.c.id).where(members.c.tenant_id == tenant_id, _SHOWN, members.c.id.in_(member_ids))
    return set((await connection.execute(query)).scalars())


async def has_external_id(connection: AsyncConnection, tenant_id: str, external_id: str, but: str) -> bool:
    """Whether a member other than `but` has this id of the other system."""
    which = (members.c.tenant_id == tenant_id, _SHOWN, members.c.external_id == external_id, members.c.id != but)
    return (await connection.execute(select(members.c.id).where(*which).limit(1))).scalar_one_or_none() is not None


# --- groups ----------------------------------------------------------------------------------------------------------


async def groups_page(
    connection: AsyncConnection, tenant_id: str, wanted: ColumnElement[bool], offset: int, limit: int
) -> tuple[int, list[Group]]:
    """How many groups are wanted, and some of them with those who are in them."""
    which = (groups.c.tenant_id == tenant_id, wanted)
    total = (await connection.execute(select(func.count()).select_from(groups).where(*which))).scalar_one()
    query = select(groups).where(*which).order_by(groups.c.id).offset(offset).limit(limit)
    rows = list((await connection.execute(query)).mappings())
    inside = (
        select(group_members.c.group_id, members.c.id, members.c.name)
        .join(members, members.c.id == group_members.c.member_id)
        .where(group_members.c.group_id.in_([row["id"] for row in rows]), _SHOWN)
        .order_by(members.c.id)
    )
    people: dict[str, list[tuple[str, str]]] = {}
    for group_id, member_id, name in await connection.execute(inside):
        people.setdefault(group_id, []).append((member_id, name))
    return total, [
        Group(
            id=row["id"],
            external_id=row["external_id"],
            name=row["name"],
            makes_admins=row["makes_admins"],
            created_at=row["created_at"],
            members=tuple(people.get(row["id"], ())),
        )
        for row in rows
    ]


async def put_group(connection: AsyncConnection, tenant_id: str, group: Group) -> None:
    """Keep a group, new or changed, with exactly those who are in it."""
    values: dict[str, Any] = {
        name: getattr(group, name) for name in ("external_id", "name", "makes_admins", "created_at")
    }
    which = (groups.c.id == group.id, groups.c.tenant_id == tenant_id)
    if not (await connection.execute(update(groups).where(*which).values(values))).rowcount:
        await connection.execute(insert(groups).values(id=group.id, tenant_id=tenant_id, **values))
    await connection.execute(delete(group_members).where(group_members.c.group_id == group.id))
    rows = [{"tenant_id": tenant_id, "group_id": group.id, "member_id": one} for one, _ in group.members]
    if rows:
        await connection.execute(insert(group_members), rows)


async def delete_group(connection: AsyncConnection, tenant_id: str, group_id: str) -> None:
    """Forget a group."""
    await connection.execute(delete(group_members).where(group_members.c.group_id == group_id))
    await connection.execute(delete(groups).where(groups.c.id == group_id, groups.c.tenant_id == tenant_id))


async def misplaced(connection: AsyncConnection, tenant_id: str) -> Sequence[tuple[str, Role]]:
    """Members whose role is not that of their groups, and the role that it is; nobody where no group gives one."""
    gives = (groups.c.tenant_id == tenant_id, groups.c.makes_admins)
    if (await connection.execute(select(groups.c.id).where(*gives).limit(1))).scalar_one_or_none() is None:
        return []
    inside = select(group_members.c.member_id).join(groups, groups.c.id == group_members.c.group_id).where(*gives)
    whose = (members.c.tenant_id == tenant_id, _SHOWN)
    raised = select(members.c.id).where(*whose, members.c.role == Role.MEMBER, members.c.id.in_(inside))
    lowered = select(members.c.id).where(*whose, members.c.role == Role.ADMIN, members.c.id.not_in(inside))
    return [
        *((one, Role.ADMIN) for one in (await connection.execute(raised)).scalars()),
        *((one, Role.MEMBER) for one in (await connection.execute(lowered)).scalars()),
    ]

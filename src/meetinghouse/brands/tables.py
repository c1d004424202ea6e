"""SQL of brands, their pictures and host names."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Column, ForeignKey, Integer, LargeBinary, String, Table, Text, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from meetinghouse.brands.model import Brand, Look
from meetinghouse.brands.pictures import Picture, PictureKind
from meetinghouse.db.schema import metadata
from meetinghouse.db.types import Json, UtcTime
from meetinghouse.people.tables import operators, partners, tenants

brands = Table(
    "brands",
    metadata,
    Column("tenant_id", String(64), ForeignKey("tenants.id"), primary_key=True),
    Column("look", Json, nullable=False),
    Column("logo", Text),
    Column("logo_type", Text),
    Column("logo_body", LargeBinary),
    Column("icon", Text),
    Column("icon_type", Text),
    Column("icon_body", LargeBinary),
    Column("updated_at", UtcTime, nullable=False),
)

brand_hosts = Table(
    "brand_hosts",
    metadata,
    Column("host", Text, primary_key=True),
    Column("tenant_id", String(64), ForeignKey("tenants.id"), nullable=False, index=True),
    # The first is the one that links are made with.
    Column("position", Integer, nullable=False),
    # As it looks: what looks alike belongs to one tenant.
    Column("look", Text, nullable=False, index=True),
    Column("created_at", UtcTime, nullable=False),
)

_BRAND = select(*(brands.c[name] for name in Brand.__struct_fields__))


async def brands_of(connection: AsyncConnection, tenant_ids: Sequence[str]) -> dict[str, Brand]:
    """Which of the tenants have a brand of their own."""
    rows = (await connection.execute(_BRAND.where(brands.c.tenant_id.in_(tenant_ids)))).mappings()
    return {
        row["tenant_id"]: msgspec.structs.replace(Brand(**row), look=msgspec.convert(row["look"], Look)) for row in rows
    }


async def put_brand(connection: AsyncConnection, tenant_id: str, look: Look, now: datetime) -> None:
    """Make a brand, or change it; its pictures stay."""
    changed = update(brands).where(brands.c.tenant_id == tenant_id).values(look=look, updated_at=now)
    if not (await connection.execute(changed)).rowcount:
        await connection.execute(insert(brands).values(tenant_id=tenant_id, look=look, updated_at=now))


async def put_picture(
    connection: AsyncConnection, tenant_id: str, kind: PictureKind, mark: str | None, picture: Picture | None
) -> bool:
    """Set a picture, or take it away; whether there is such a brand."""
    values: dict[str, Any] = {
        kind: mark,
        f"{kind}_type": None if picture is None else picture.media_type,
        f"{kind}_body": None if picture is None else picture.body,
    }
    done = await connection.execute(update(brands).where(brands.c.tenant_id == tenant_id).values(**values))
    return bool(done.rowcount)


async def picture(connection: AsyncConnection, tenant_id: str, kind: PictureKind) -> Picture | None:
    """A brand's picture."""
    query = select(brands.c[f"{kind}_type"], brands.c[f"{kind}_body"]).where(brands.c.tenant_id == tenant_id)
    row = (await connection.execute(query)).one_or_none()
    return None if row is None or row[1] is None else Picture(row[0], row[1])


async def delete_brand(connection: AsyncConnection, tenant_id: str) -> bool:
    """Whether there was one."""
    return bool((await connection.execute(delete(brands).where(brands.c.tenant_id == tenant_id))).rowcount)


async def hosts_of(connection: AsyncConnection, tenant_ids: Sequence[str]) -> dict[str, list[str]]:
    """The host names of tenants, in their order."""
    query = select(brand_hosts.c.tenant_id, brand_hosts.c.host).where(brand_hosts.c.tenant_id.in_(tenant_ids))
    found: dict[str, list[str]] = {}
    for tenant_id, host in await connection.execute(query.order_by(brand_hosts.c.position)):
        found.setdefault(tenant_id, []).append(host)
    return found


async def host_owner(connection: AsyncConnection, host: str) -> str | None:
    """Whose a host name is."""
    query = select(brand_hosts.c.tenant_id).where(brand_hosts.c.host == host)
    return (await connection.execute(query)).scalar_one_or_none()


async def others_like(connection: AsyncConnection, tenant_id: str, host: str, look: str) -> list[str]:
    """Host names of other tenants that are this one or look like it."""
    like = (brand_hosts.c.host == host) | (brand_hosts.c.look == look)
    return list(
        (
            await connection.execute(select(brand_hosts.c.host).where(like, brand_hosts.c.tenant_id != tenant_id))
        ).scalars()
    )


async def put_hosts(
    connection: AsyncConnection, tenant_id: str, hosts: Sequence[tuple[str, str]], now: datetime
) -> None:
    """Let these, each with how it looks, be all the host names of a tenant."""
    await connection.execute(delete(brand_hosts).where(brand_hosts.c.tenant_id == tenant_id))
    for position, (host, look) in enumerate(hosts):
        values = {"host": host, "tenant_id": tenant_id, "position": position, "look": look, "created_at": now}
        await connection.execute(insert(brand_hosts).values(**values))


async def homes_above(connection: AsyncConnection, tenant_id: str) -> tuple[list[str], bool]:
    """Whose brand a tenant has, the first that has one: its own, its partner's, those above it, the operator's.

    And whether it is a customer: neither the operator's home nor a partner's.
    """
    found = [tenant_id]
    rows = (await connection.execute(select(partners.c.id, partners.c.parent_id, partners.c.tenant_id))).all()
    by_id = {row.id: row for row in rows}
    by_home = {row.tenant_id: row for row in rows}
    top = await operators_home(connection)
    if tenant_id in by_home:
        above = by_home[tenant_id].parent_id
    else:
        query = select(tenants.c.partner_id).where(tenants.c.id == tenant_id)
        above = (await connection.execute(query)).scalar_one_or_none()
    while above is not None and by_id[above].tenant_id not in found:
        found.append(by_id[above].tenant_id)
        above = by_id[above].parent_id
    is_customer = tenant_id not in by_home and tenant_id != top
    if top is not None and top not in found:
        found.append(top)
    return found, is_customer


async def operators_home(connection: AsyncConnection) -> str | None:
    """The tenant whose members are the operator's staff."""
    query = select(operators.c.tenant_id).order_by(operators.c.id).limit(1)
    return (await connection.execute(query)).scalar_one_or_none()

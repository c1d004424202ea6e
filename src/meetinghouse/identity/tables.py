"""SQL of identity: the providers of tenants."""

from __future__ import annotations

import msgspec
from sqlalchemy import Boolean, Column, ForeignKey, LargeBinary, String, Table, Text, delete, insert, select
from sqlalchemy.engine import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from meetinghouse.db.schema import metadata
from meetinghouse.db.types import Json
from meetinghouse.identity.model import Provider
from meetinghouse.people.model import TenantStatus
from meetinghouse.people.tables import tenants

providers = Table(
    "identity_providers",
    metadata,
    Column("tenant_id", String(64), ForeignKey("tenants.id"), primary_key=True),
    Column("issuer", Text, nullable=False),
    Column("client_id", Text, nullable=False),
    Column("secret", LargeBinary),
    Column("makes_members", Boolean, nullable=False),
    Column("trusts_email", Boolean, nullable=False),
    Column("role_claim", Text, nullable=False),
    Column("admin_values", Json, nullable=False),
    Column("second_factor_values", Json, nullable=False),
)
provider_domains = Table(
    "identity_provider_domains",
    metadata,
    Column("tenant_id", String(64), ForeignKey("tenants.id"), primary_key=True),
    Column("domain", Text, primary_key=True),
)


async def provider_of(connection: AsyncConnection, tenant_id: str) -> Provider | None:
    """The provider of a tenant that has one and has not ended."""
    query = (
        select(providers)
        .join(tenants, tenants.c.id == providers.c.tenant_id)
        .where(providers.c.tenant_id == tenant_id, tenants.c.status != TenantStatus.ENDED)
    )
    row = (await connection.execute(query)).mappings().one_or_none()
    if row is None:
        return None
    domains = select(provider_domains.c.domain).where(provider_domains.c.tenant_id == tenant_id)
    return _provider(row, tuple((await connection.execute(domains.order_by(provider_domains.c.domain))).scalars()))


async def tenants_serving(connection: AsyncConnection, domain: str) -> list[str]:
    """Tenants that say that their provider serves a mail domain."""
    query = select(provider_domains.c.tenant_id).where(provider_domains.c.domain == domain)
    return list((await connection.execute(query.order_by(provider_domains.c.tenant_id))).scalars())


async def put_provider(connection: AsyncConnection, new: Provider) -> None:
    """Set a tenant's provider instead of the one it had."""
    await delete_provider(connection, new.tenant_id)
    values = msgspec.structs.asdict(new)
    domains = values.pop("domains")
    await connection.execute(insert(providers).values(values))
    if domains:
        rows = [{"tenant_id": new.tenant_id, "domain": domain} for domain in domains]
        await connection.execute(insert(provider_domains).values(rows))


async def delete_provider(connection: AsyncConnection, tenant_id: str) -> bool:
    """Forget a tenant's provider; whether there was one."""
    await connection.execute(delete(provider_domains).where(provider_domains.c.tenant_id == tenant_id))
    return bool((await connection.execute(delete(providers).where(providers.c.tenant_id == tenant_id))).rowcount)


def _provider(row: RowMapping, domains: tuple[str, ...]) -> Provider:
    lists = {name: tuple(row[name]) for name in ("admin_values", "second_factor_values")}
    return Provider(**{**row, **lists, "domains": domains})

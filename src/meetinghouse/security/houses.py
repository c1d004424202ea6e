"""In whose house a request stands: which host name it came to, under what name and at which address people are met there."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Protocol

from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

# The `Host` header of the request that is being answered. Set at the gate, for what is decided far below it; empty outside.
HOST: ContextVar[str] = ContextVar("host", default="")


class House(Struct, frozen=True):
    """A name and an address; `own_tenant_id` where the host name is a tenant's own, which serves that tenant only."""

    name: str
    url: str
    own_tenant_id: str | None = None

    def serves(self, tenant_id: str) -> bool:
        """Whether a tenant is met here."""
        return self.own_tenant_id is None or self.own_tenant_id == tenant_id


class Houses(Protocol):
    """What features know of brands."""

    async def here(self) -> House:
        """The house whose host name this request came to."""

    async def of(self, tenant_id: str, connection: AsyncConnection | None = None) -> House:
        """Where people are sent who meet a tenant; `connection` sees a tenant that is not committed yet."""

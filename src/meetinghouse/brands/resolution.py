"""Which brand holds where: of a host name, and of a tenant.

A host name leads to the brand of who owns it; a tenant without a brand of its own has its partner's, that of the partner above
it, the operator's, or the installation's plain name. What was found is remembered for a moment, since every page asks.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

import msgspec
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from meetinghouse.brands import tables
from meetinghouse.brands.hosts import bare_host
from meetinghouse.brands.model import Look, Shown
from meetinghouse.brands.settings import BrandingSettings
from meetinghouse.db.clock import Clock
from meetinghouse.db.engine import Database
from meetinghouse.db.tenancy import Across
from meetinghouse.security.houses import HOST, House


class Brands:
    """Finds brands, and is the `Houses` of the features below."""

    def __init__(self, db: Database, clock: Clock, public_url: str, settings: BrandingSettings) -> None:
        """The settings' name and `public_url` hold where nobody has set anything."""
        self.public_url = public_url
        self._db = db
        self._clock = clock
        self.settings = settings
        self._plain = Shown(
            look=Look(name=settings.name),
            owner=None,
            logo=None,
            icon=None,
            url=public_url,
            hosts=(),
            own_tenant_id=None,
        )
        self._nameless = msgspec.structs.replace(self._plain, look=Look(name=""))
        parts = urlsplit(public_url)
        self.public_host = parts.hostname or ""
        self._scheme = parts.scheme
        self._port = f":{parts.port}" if parts.port else ""
        self._remembered: dict[str, tuple[float, Shown]] = {}

    async def here(self) -> House:
        """The house whose host name this request came to."""
        return _house(await self.shown_here())

    async def of(self, tenant_id: str, connection: AsyncConnection | None = None) -> House:
        """Where people are sent who meet a tenant: the host name that they are at, if it is the tenant's own."""
        found = await (self.shown_of(tenant_id) if connection is None else self.found_of(connection, tenant_id))
        host = bare_host(HOST.get())
        return _house(msgspec.structs.replace(found, url=self._url(host)) if host in found.hosts else found)

    async def shown_here(self) -> Shown:
        """The brand of this request's host name."""
        host = bare_host(HOST.get())
        return await self._remember(f"host {host}", self._at, host)

    async def shown_of(self, tenant_id: str) -> Shown:
        """The brand that a tenant's meetings, mail and calendars have."""
        return await self._remember(f"tenant {tenant_id}", self.found_of, tenant_id)

    async def page_here(self) -> Shown:
        """The same for a page, which is shown even while the database is away: then as it was last, or without a name."""
        try:
            return await self.shown_here()
        except (SQLAlchemyError, OSError):
            return self.last_here()

    def last_here(self) -> Shown:
        """What held here when it was last asked."""
        known = self._remembered.get(f"host {bare_host(HOST.get())}")
        return known[1] if known is not None else self._nameless

    def forget(self) -> None:
        """Something was changed."""
        self._remembered.clear()

    async def _remember(
        self, key: str, find: Callable[[AsyncConnection, str], Awaitable[Shown]], argument: str
    ) -> Shown:
        now = self._clock.monotonic()
        known = self._remembered.get(key)
        if known is not None and known[0] > now:
            return known[1]
        async with self._db.read(Across.BRANDS) as connection:
            found = await find(connection, argument)
        if len(self._remembered) >= self.settings.remembered:
            self._remembered.clear()
        self._remembered[key] = (now + self.settings.remember_seconds, found)
        return found

    async def _at(self, connection: AsyncConnection, host: str) -> Shown:
        owner = None if host == self.public_host else await tables.host_owner(connection, host)
        if owner is not None:
            found = await self.found_of(connection, owner)
            return msgspec.structs.replace(found, url=self._url(host))
        home = await tables.operators_home(connection)
        found = self._plain if home is None else await self.found_of(connection, home)
        return msgspec.structs.replace(found, url=self.public_url, own_tenant_id=None)

    async def found_of(self, connection: AsyncConnection, tenant_id: str) -> Shown:
        """The same by a connection, not remembered."""
        homes, is_customer = await tables.homes_above(connection, tenant_id)
        brands = await tables.brands_of(connection, homes)
        hosts = await tables.hosts_of(connection, homes)
        brand = next((brands[home] for home in homes if home in brands), None)
        near = next((hosts[home] for home in homes if home in hosts), [])
        shown = self._plain
        if brand is not None:
            shown = msgspec.structs.replace(
                shown, look=brand.look, owner=brand.tenant_id, logo=brand.logo, icon=brand.icon
            )
        return msgspec.structs.replace(
            shown,
            url=self._url(near[0]) if near else self.public_url,
            hosts=tuple(near),
            own_tenant_id=tenant_id if is_customer and tenant_id in hosts else None,
        )

    def _url(self, host: str) -> str:
        return f"{self._scheme}://{host}{self._port}"


def _house(shown: Shown) -> House:
    return House(shown.look.name, shown.url, shown.own_tenant_id)

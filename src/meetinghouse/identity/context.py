"""What the actions of identity work with, gathered so that each takes one argument for it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from meetinghouse.identity.providers import Providers
from meetinghouse.identity.settings import IdentitySettings
from meetinghouse.people.context import People

# Where providers send browsers back to: a page of the web client.
_RETURN_PATH = "/sign-in/organisation"


@dataclass(frozen=True, kw_only=True)
class Identity:
    """The services and settings of this feature."""

    people: People
    providers: Providers
    settings: IdentitySettings
    # Those of some mail domains that a tenant has proved to be its own.
    proved_domains: Callable[[str, tuple[str, ...]], Awaitable[frozenset[str]]]

    async def redirect_uri(self) -> str:
        """Where a browser comes back to: the host name that it left from, where its cookie is."""
        return (await self.people.houses.here()).url + _RETURN_PATH

    async def redirect_uri_of(self, tenant_id: str) -> str:
        """What a tenant registers at its provider: one for each of its host names."""
        return (await self.people.houses.of(tenant_id)).url + _RETURN_PATH

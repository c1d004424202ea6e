"""A channel of tests: the operator, a partner with a reseller below it, tenants, and an administrator's token of each."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

import httpx2
from sqlalchemy import insert, select

from accounts import http_client
from conftest import SetClock
from meetinghouse.app.server import Running
from meetinghouse.db.tenancy import Across
from meetinghouse.people.credential_tables import insert_token
from meetinghouse.people.identify import TOKEN_PURPOSE
from meetinghouse.people.model import ApiToken, Member, Role, Scope, Status
from meetinghouse.people.tables import insert_member, operators, partners, tenants
from meetinghouse.regions.tables import residency_policies
from meetinghouse.security.keyring import new_token

SEAT = "seat:pro:month"


class Organisation:
    """Somebody of an organisation who speaks HTTP."""

    def __init__(self, http: httpx2.AsyncClient, identity: str, token: str) -> None:
        self.http = http
        self.id = identity
        self.token = token
        self._headers = {"authorization": f"Bearer {token}"}

    async def call(self, method: str, path: str, body: Any = None, expect: int | None = None, **more: Any) -> Any:  # noqa: ANN401 (JSON)
        headers = {**self._headers, **more.pop("headers", {})}
        answer = await self.http.request(method, f"/api/v1{path}", json=body, headers=headers, **more)
        if expect is None:
            assert answer.is_success, answer.text
        else:
            assert answer.status_code == expect, answer.text
        is_json = "json" in answer.headers.get("content-type", "")
        return answer.json() if answer.content and is_json else answer.text

    async def refused(self, method: str, path: str, body: Any = None, **more: Any) -> tuple[int, str]:  # noqa: ANN401 (JSON)
        """Status and code of a refusal."""
        answer = await self.http.request(method, f"/api/v1{path}", json=body, headers=self._headers, **more)
        assert not answer.is_success, answer.text
        return answer.status_code, answer.json()["code"]


class Channel:
    """The operator `op`, its partner `oem`, its reseller `shop`, tenants `acme` (of `shop`), `bolt` (of `oem`), `solo`."""

    op: Organisation
    oem: Organisation
    shop: Organisation
    acme: Organisation
    bolt: Organisation
    solo: Organisation

    def __init__(self, running: Running, http: httpx2.AsyncClient) -> None:
        self.running = running
        self._http = http

    async def make(self) -> None:
        async with self.running.services.db.read(Across.UPKEEP) as connection:
            self._operator, home = (await connection.execute(select(operators.c.id, operators.c.tenant_id))).one()
        self.op = Organisation(self._http, self._operator, await self._token(home))
        self.oem = await self.partner("oem", None)
        self.shop = await self.partner("shop", self.oem.id)
        self.acme = await self.tenant("acme", self.shop.id)
        self.bolt = await self.tenant("bolt", self.oem.id)
        self.solo = await self.tenant("solo", None)

    async def partner(self, name: str, parent: str | None) -> Organisation:
        """A partner with its home."""
        identity, home = f"zp-{name}", f"zh-{name}"
        await self._add_tenant(home, None)
        async with self.running.services.db.write(Across.UPKEEP) as write:
            values = {
                "id": identity,
                "operator_id": self._operator,
                "parent_id": parent,
                "code": name,
                "name": name,
                "kind": "reseller",
                "tenant_id": home,
                "created_at": self.running.services.clock.now(),
            }
            await write.connection.execute(insert(partners).values(**values))
        return Organisation(self._http, identity, await self._token(home))

    async def tenant(self, name: str, partner: str | None, **values: Any) -> Organisation:  # noqa: ANN401 (column values)
        """A tenant that buys from a partner, or from the operator."""
        identity = f"zt-{name}"
        await self._add_tenant(identity, partner, **values)
        return Organisation(self._http, identity, await self._token(identity))

    async def token(self, tenant_id: str, *, scopes: frozenset[Scope] = frozenset(Scope)) -> str:
        """A token of a new administrator of a tenant."""
        return await self._token(tenant_id, scopes)

    async def _add_tenant(self, identity: str, partner: str | None, **more: Any) -> None:  # noqa: ANN401 (column values)
        async with self.running.services.db.write(Across.UPKEEP) as write:
            values = {
                "id": identity,
                "operator_id": self._operator,
                "partner_id": partner,
                "name": identity,
                "kind": "enterprise",
                "channel": "partner" if partner else "direct",
                "country": "DE",
                "created_at": self.running.services.clock.now(),
                **more,
            }
            await write.connection.execute(insert(tenants).values(**values))
            own = {"allow": ["local"]}
            policy = {"id": "own", "signalling": own, "media": own, "attach": own, "storage": own, "copies": []}
            row = {"id": f"p-{identity}", "tenant_id": identity, "policy": policy, "created_at": values["created_at"]}
            await write.connection.execute(insert(residency_policies).values(**row))

    async def _token(self, tenant_id: str, scopes: frozenset[Scope] = frozenset(Scope)) -> str:
        services = self.running.services
        secret, now = new_token(), services.clock.now()
        member = Member(
            id=f"m-{tenant_id}-{secret[:6]}",
            tenant_id=tenant_id,
            email=None,
            name="Ana",
            role=Role.ADMIN,
            status=Status.ACTIVE,
            language=None,
            password_hash=None,
            personal_meeting_id=None,
            created_at=now,
        )
        token = ApiToken(
            id=f"k-{secret[:9]}",
            tenant_id=tenant_id,
            member_id=member.id,
            name="test",
            scopes=scopes,
            created_at=now,
            expires_at=now + timedelta(days=3650),
        )
        async with services.db.write(Across.UPKEEP) as write:
            await insert_member(write.connection, member)
            await insert_token(write.connection, token, services.keys.mark(TOKEN_PURPOSE, secret))
        return secret


@asynccontextmanager
async def channel_of(running: Running) -> AsyncIterator[Channel]:
    """A channel on a server."""
    async with http_client(base_url=running.url) as http:
        made = Channel(running, http)
        await made.make()
        yield made


@dataclass(frozen=True)
class Shop:
    """A channel in which everybody has a book in dollars: the operator sells at 10, the partner at 12, the reseller at 15."""

    channel: Channel
    clock: SetClock

    async def buy(self, who: Organisation, quantity: int = 10, sku: str = SEAT) -> dict[str, Any]:
        """An order of a tenant."""
        body = {"kind": "buy", "sku": sku, "quantity": quantity, "currency": "USD"}
        made: dict[str, Any] = await who.call("POST", "/billing/orders", body, 201)
        return made


def prices(seat: str, minute: str = "0.001") -> list[dict[str, object]]:
    """A book's rows."""
    return [
        {"sku": SEAT, "unit_price": seat},
        {"sku": "seat:max:month", "unit_price": str(2 * Decimal(seat))},
        {"sku": "minutes:*", "unit_price": minute},
    ]

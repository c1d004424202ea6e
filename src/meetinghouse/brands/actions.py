"""What administrators do about brands: their own organisation's, and those of tenants that they administer.

Who may not, or asks for what is beyond their reach, is told that there is nothing. What is done stands in that tenant's audit
log.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import Sequence
from typing import Any

from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from meetinghouse.brands import tables
from meetinghouse.brands.hosts import check_distinct, check_host, is_mail_domain_of, look
from meetinghouse.brands.looks import check_look
from meetinghouse.brands.model import Brand, Look, Shown
from meetinghouse.brands.pictures import Picture, PictureKind, clean_picture
from meetinghouse.brands.resolution import Brands
from meetinghouse.db.clock import Clock
from meetinghouse.db.engine import Database
from meetinghouse.db.tenancy import Across
from meetinghouse.market import organisation_tables
from meetinghouse.market.organisations import absent, reach_of
from meetinghouse.people import tables as people_tables
from meetinghouse.people.model import Actor, Organisation, Scope
from meetinghouse.security.keyring import content_digest
from meetinghouse.security.refusal import Refusal

# What stands for the actor's own organisation in addresses.
OWN = "own"


class Branding(Struct, frozen=True, kw_only=True):
    """A tenant's brand: what it has of its own (perhaps nothing), its host names, and what holds in the end."""

    tenant_id: str
    own: Brand | None
    hosts: list[str]
    shown: Shown


class Desk(Struct, frozen=True):
    """What these actions work with."""

    db: Database
    clock: Clock
    brands: Brands


async def branding_of(desk: Desk, actor: Actor, tenant_id: str) -> Branding:
    """The brand of a tenant."""
    actor.must(Scope.BRAND)
    async with desk.db.read(Across.BRANDS) as connection:
        whose, _ = await _reached(connection, actor, tenant_id, Scope.BRAND)
        return await _branding(desk, connection, whose)


async def do_put_look(desk: Desk, actor: Actor, tenant_id: str, asked: Look) -> Branding:
    """Make a brand, or change it.

    Raises:
        Refusal: 404; 422 `invalid_colour`, `invalid_link`, `invalid_mail_sender`, `name_missing`, `invalid_text`.

    """
    new = check_look(asked)
    async with desk.db.write(Across.BRANDS) as write:
        whose, by = await _reached(write.connection, actor, tenant_id, Scope.BRAND)
        _check_mail_domain(new, await _hosts(write.connection, whose))
        await tables.put_brand(write.connection, whose, new, desk.clock.now())
        await _audit(desk, write.connection, whose, by, "change_brand", {"name": new.name})
        done = await _branding(desk, write.connection, whose)
    desk.brands.forget()
    return done


async def do_put_picture(desk: Desk, actor: Actor, tenant_id: str, kind: PictureKind, encoded: str) -> Picture:
    """Set a logo or an icon, sent in base64.

    Raises:
        Refusal: 404; 413 `too_large`; 422 `invalid_picture` or `invalid_svg`.

    """
    async with desk.db.read(Across.BRANDS) as connection:
        await _reached(connection, actor, tenant_id, Scope.BRAND)
    try:
        data = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raise Refusal(422, "invalid_picture", "The picture is no base64.") from None
    most = desk.brands.settings.picture_bytes
    if len(data) > most:
        raise Refusal(413, "too_large", f"A picture has at most {most // 1024} KiB: make it smaller.")
    picture = await asyncio.to_thread(clean_picture, kind, data)
    await _set_picture(desk, actor, tenant_id, kind, picture)
    return picture


async def do_delete_picture(desk: Desk, actor: Actor, tenant_id: str, kind: PictureKind) -> None:
    """Take a logo or an icon away."""
    await _set_picture(desk, actor, tenant_id, kind, None)


async def picture_of(desk: Desk, actor: Actor, tenant_id: str, kind: PictureKind) -> Picture:
    """A picture that holds for a tenant."""
    found = (await branding_of(desk, actor, tenant_id)).shown
    return await shown_picture(desk, found, kind)


async def shown_picture(desk: Desk, shown: Shown, kind: PictureKind) -> Picture:
    """The picture of a brand."""
    if shown.owner is not None:
        async with desk.db.read(Across.BRANDS) as connection:
            picture = await tables.picture(connection, shown.owner, kind)
        if picture is not None:
            return picture
    raise absent()


async def do_delete_brand(desk: Desk, actor: Actor, tenant_id: str) -> None:
    """Have the brand of whom one buys from again. Host names stay."""
    async with desk.db.write(Across.BRANDS) as write:
        whose, by = await _reached(write.connection, actor, tenant_id, Scope.BRAND)
        if not await tables.delete_brand(write.connection, whose):
            raise absent()
        await _audit(desk, write.connection, whose, by, "delete_brand", {})
    desk.brands.forget()


async def do_put_hosts(desk: Desk, actor: Actor, tenant_id: str, asked: Sequence[str]) -> Branding:
    """Let these be a tenant's host names: links are made with the first, and work at each.

    Raises:
        Refusal: 404; 409 `host_taken`, `host_looks_alike`, `host_in_use`; 422 `invalid_host`, `too_many_hosts`.

    """
    actor.must(Scope.HOSTS)
    hosts = list(dict.fromkeys(check_host(one) for one in asked))
    most = desk.brands.settings.hosts_per_tenant
    if len(hosts) > most:
        raise Refusal(422, "too_many_hosts", f"A brand has at most {most} host names.")
    async with desk.db.write(Across.BRANDS) as write:
        connection = write.connection
        whose, by = await _reached(connection, actor, tenant_id, Scope.HOSTS)
        is_operators = whose == await tables.operators_home(connection)
        for host in hosts:
            others = await tables.others_like(connection, whose, host, look(host))
            if host == desk.brands.public_host or not is_operators:
                others.append(desk.brands.public_host)
            check_distinct(host, others)
        own = (await tables.brands_of(connection, [whose])).get(whose)
        if own is not None:
            _check_mail_domain(own.look, hosts)
        await tables.put_hosts(connection, whose, [(host, look(host)) for host in hosts], desk.clock.now())
        await _audit(desk, connection, whose, by, "change_hosts", {"hosts": hosts})
        done = await _branding(desk, connection, whose)
    desk.brands.forget()
    return done


async def _set_picture(desk: Desk, actor: Actor, tenant_id: str, kind: PictureKind, picture: Picture | None) -> None:
    mark = None if picture is None else content_digest(picture.body).hex()[:32]
    async with desk.db.write(Across.BRANDS) as write:
        whose, by = await _reached(write.connection, actor, tenant_id, Scope.BRAND)
        if not await tables.put_picture(write.connection, whose, kind, mark, picture):
            raise Refusal(409, "no_brand", "Give the brand a name first, then its pictures.")
        await _audit(desk, write.connection, whose, by, "change_brand_picture", {"kind": kind, "mark": mark})
    desk.brands.forget()


async def _branding(desk: Desk, connection: AsyncConnection, tenant_id: str) -> Branding:
    own = (await tables.brands_of(connection, [tenant_id])).get(tenant_id)
    hosts = await _hosts(connection, tenant_id)
    return Branding(tenant_id=tenant_id, own=own, hosts=hosts, shown=await desk.brands.found_of(connection, tenant_id))


async def _hosts(connection: AsyncConnection, tenant_id: str) -> list[str]:
    return (await tables.hosts_of(connection, [tenant_id])).get(tenant_id, [])


async def _reached(connection: AsyncConnection, actor: Actor, tenant_id: str, scope: Scope) -> tuple[str, str]:
    """The tenant, if its brand is the actor's to change, and how its audit log names the actor.

    Raises:
        Refusal: 403 `missing_scope`, 404 `not_found`.

    """
    actor.must(scope)
    if tenant_id in {OWN, actor.tenant_id}:
        return actor.tenant_id, actor.member_id
    if actor.organisation is Organisation.TENANT:
        raise absent()
    reach = reach_of(actor, scope, await organisation_tables.all_partners(connection))
    if await organisation_tables.tenant_row(connection, reach, tenant_id) is None:
        raise absent()
    return tenant_id, reach.actor


def _check_mail_domain(new: Look, hosts: Sequence[str]) -> None:
    domain = (new.mail_address or "").rpartition("@")[2]
    if domain and not is_mail_domain_of(domain, hosts):
        own = ", ".join(hosts) or "none"
        message = f"Mail cannot come from {domain}: it must be a domain of the brand's own host names ({own})."
        raise Refusal(422, "invalid_mail_sender", message)


async def _audit(
    desk: Desk, connection: AsyncConnection, tenant_id: str, by: str, action: str, detail: dict[str, Any]
) -> None:
    await people_tables.insert_audit(connection, tenant_id, desk.clock.now(), by, action, tenant_id, detail)

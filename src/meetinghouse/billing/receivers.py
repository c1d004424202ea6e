"""Where an organisation's statements are sent to: a webhook of its accounting system."""

from __future__ import annotations

from msgspec import Struct

from meetinghouse.billing.channel import not_found, organisation_of
from meetinghouse.billing.context import Billing
from meetinghouse.billing.metering import ACCOUNTING
from meetinghouse.db.ids import new_id
from meetinghouse.db.tenancy import Across
from meetinghouse.notices import tables
from meetinghouse.notices.outbox import SECRET_PURPOSE
from meetinghouse.notices.webhook import check_url, new_secret
from meetinghouse.people import tables as people_tables
from meetinghouse.people.model import Actor


class Receiver(Struct, frozen=True):
    """A receiver and how it does."""

    webhook: tables.Webhook
    standing: tables.Standing


async def do_set(billing: Billing, actor: Actor, url: str) -> str:
    """Send statements there from now on; gives the secret that they are signed with.

    Raises:
        Refusal: 422 `invalid_url`.

    """
    check_url(url, billing.webhook_networks)
    secret, now = new_secret(), billing.clock.now()
    async with billing.db.write(Across.CHANNEL) as write:
        organisation = await organisation_of(write.connection, actor)
        webhook = tables.Webhook(
            id=new_id(),
            owner_id=organisation.id,
            purpose=ACCOUNTING,
            url=url,
            secret=billing.keys.seal(SECRET_PURPOSE, secret.encode()),
            created_at=now,
        )
        await tables.set_webhook(write.connection, webhook)
        await people_tables.insert_audit(
            write.connection, actor.tenant_id, now, actor.member_id, "set_accounting_webhook", webhook.id, {}
        )
    return secret


async def the_receiver(billing: Billing, actor: Actor) -> Receiver:
    """Where statements go.

    Raises:
        Refusal: 404 `not_found`.

    """
    async with billing.db.read(Across.CHANNEL) as connection:
        organisation = await organisation_of(connection, actor)
        found = await tables.webhook_of(connection, organisation.id, ACCOUNTING)
        if found is None:
            raise not_found()
        return Receiver(found, await tables.standing_of(connection, found.id))


async def do_remove(billing: Billing, actor: Actor) -> None:
    """Send statements nowhere.

    Raises:
        Refusal: 404 `not_found`.

    """
    async with billing.db.write(Across.CHANNEL) as write:
        organisation = await organisation_of(write.connection, actor)
        if not await tables.remove_webhook(write.connection, organisation.id, ACCOUNTING):
            raise not_found()
        await people_tables.insert_audit(
            write.connection,
            actor.tenant_id,
            billing.clock.now(),
            actor.member_id,
            "remove_accounting_webhook",
            organisation.id,
            {},
        )

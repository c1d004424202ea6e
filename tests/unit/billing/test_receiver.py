"""Statements go out to an accounting system: signed, once, until they are taken, and never to where they must not."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from channels import Shop
from meetinghouse.billing.metering import do_round
from meetinghouse.notices.outbox import next_try
from meetinghouse.notices.settings import NoticesSettings
from meetinghouse.notices.webhook import UndeliveredError, check_url, send, signature
from meetinghouse.security.refusal import Refusal
from receivers import receiving

DAY = 86_400


async def test_each_statement_is_sent_once_signed_and_again_until_it_is_taken(shop: Shop) -> None:
    channel, services = shop.channel, shop.channel.running.services
    with receiving() as receiver:
        made = await channel.shop.call("PUT", "/billing/receiver", {"url": receiver.url})
        await shop.buy(channel.acme)
        shop.clock.advance(9 * DAY)
        receiver.answers = [500, 302]
        await do_round(services.billing)
        await services.outbox.deliver_due()
        assert len(receiver.heard) == 2
        standing = await channel.shop.call("GET", "/billing/receiver")
        assert (standing["waiting"], standing["given_up"]) == (2, 0)
        assert "127.0.0.1 answered" in standing["last_error"]
        assert await services.outbox.deliver_due() == 0
        shop.clock.advance(31)
        assert await services.outbox.deliver_due() == 2
        await do_round(services.billing)
        assert await services.outbox.deliver_due() == 0
        assert (await channel.shop.call("GET", "/billing/receiver"))["waiting"] == 0
        assert all(receiver.is_signed(made["secret"], number) for number in range(4))
        bodies = [json.loads(body) for _, body in receiver.heard]
        assert {body["type"] for body in bodies} == {"statement.closed"}
        items = (await channel.shop.call("GET", "/billing/statements?month=2026-11"))["items"]
        assert sorted((body["data"] for body in bodies[2:]), key=str) == sorted(items, key=str)
        ids = [headers["webhook-id"] for headers, _ in receiver.heard]
        assert set(ids[:2]) == set(ids[2:])
        assert len(set(ids)) == 2


async def test_a_receiver_is_its_organisations_own_and_can_be_taken_away(shop: Shop) -> None:
    channel = shop.channel
    url = {"url": "https://accounts.example.org/statements"}
    first = await channel.acme.call("PUT", "/billing/receiver", url)
    assert (await channel.acme.call("PUT", "/billing/receiver", url))["secret"] != first["secret"]
    assert "secret" not in await channel.acme.call("GET", "/billing/receiver")
    for other in (channel.shop, channel.bolt, channel.op):
        assert await other.refused("GET", "/billing/receiver") == (404, "not_found")
        assert await other.refused("DELETE", "/billing/receiver") == (404, "not_found")
    await channel.acme.call("DELETE", "/billing/receiver", expect=204)
    assert await channel.acme.refused("GET", "/billing/receiver") == (404, "not_found")


URLS = (
    *("", "ftp://example.org", "https://", "https://me:x@example.org", "https://example.org/#a", "https://a b"),
    *("javascript:1", "http://example.org", "https://example.org:99999", "https://exämple.org", "https://a/\r\nX: y"),
)
INSIDE = ("127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "169.254.169.254", "10.0.0.1", "2130706433")


@pytest.mark.parametrize("url", URLS)
def test_what_is_no_url_of_a_receiver_is_refused(url: str) -> None:
    with pytest.raises(Refusal) as refused:
        check_url(url, ())
    assert refused.value.code == "invalid_url"


@pytest.mark.parametrize("host", INSIDE)
async def test_a_webhook_reaches_nothing_inside(shop: Shop, host: str) -> None:
    with receiving() as receiver:
        port = receiver.url.rsplit(":", 1)[1].partition("/")[0]
        for scheme in ("http", "https"):
            with pytest.raises(UndeliveredError):
                await send(
                    f"{scheme}://{host}:{port}/", "whsec_AAAA", "n", "{}", now=shop.clock.now(), networks=(), timeout=5
                )
    assert not receiver.heard


async def test_a_receiver_that_does_not_answer_is_given_up_on_in_time(shop: Shop) -> None:
    with receiving() as receiver:
        gone = receiver.url
    with pytest.raises(UndeliveredError, match="did not answer"):
        await send(gone, "whsec_AAAA", "n", "{}", now=shop.clock.now(), networks=("127.0.0.0/8",), timeout=5)


def test_the_signature_is_that_of_the_specification() -> None:
    # The example of the Standard Webhooks specification's libraries.
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    body = '{"test": 2432232314}'
    wanted = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert signature(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body) == wanted


def test_tries_are_later_each_time_for_about_three_days() -> None:
    settings, now = NoticesSettings(), datetime(2026, 11, 1, tzinfo=UTC)
    waits: list[timedelta] = []
    while (at := next_try(len(waits), now, settings)) is not None:
        waits.append(at - now)
    assert waits[:3] == [timedelta(seconds=30), timedelta(seconds=60), timedelta(seconds=120)]
    assert waits == sorted(waits)
    assert timedelta(days=2) < sum(waits, timedelta()) < timedelta(days=4)

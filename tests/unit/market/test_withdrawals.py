"""A withdrawal from a market: planned, announced, chosen in, settled; nothing is done twice, and nothing else changes."""

from __future__ import annotations

import asyncio
import csv
import io
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from email import message_from_bytes, policy
from functools import partial
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from sqlalchemy import select, update

from channels import Channel, channel_of
from conftest import SetClock, StartServer
from meeting_people import house_of
from meetinghouse.brands.mail import sender_of
from meetinghouse.db.tenancy import Across
from meetinghouse.mail import tables as mail_tables
from meetinghouse.mail.message import Mail, UnsendableError, check_mail
from meetinghouse.mail.sender import MailSender
from meetinghouse.mail.settings import MailSettings
from meetinghouse.market import set_tables
from meetinghouse.market.withdrawal_actions import advance
from meetinghouse.people.tables import audit, members, tenants

_MESSAGE = {"en": "We leave.", "zh-CN": "我们将退出。", "zh-TW": "我們將退出。"}
_DAY = 86_400


def _plan(clock: SetClock, **more: Any) -> dict[str, Any]:  # noqa: ANN401 (JSON)
    now = clock.now()
    return {
        "name": "Farewell",
        "scope": {"countries": ["DE"], "partners": ["shop"]},
        "notice_at": (now + timedelta(days=1)).isoformat(),
        "stop_at": (now + timedelta(days=20)).isoformat(),
        "end_at": (now + timedelta(days=40)).isoformat(),
        "successors": ["oem", "zomo"],
        "default": "zomo",
        "message": _MESSAGE,
        **more,
    }


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
async def channel(start_server: StartServer, clock: SetClock) -> AsyncIterator[Channel]:
    """A server that looks for what is due only when told."""
    async with start_server(clock=clock, market={"look_seconds": 86_400}) as running, channel_of(running) as made:
        await made.partner("zomo", None)
        yield made


async def _announced(channel: Channel, clock: SetClock, **more: Any) -> str:  # noqa: ANN401
    planned = await channel.op.call("POST", "/market/withdrawals", _plan(clock, **more), 201)
    clock.advance(_DAY)
    await channel.op.call("POST", "/market/withdrawals/advance")
    return str(planned["id"])


async def _fates(channel: Channel, withdrawal_id: str) -> dict[str, tuple[str | None, str]]:
    found = await channel.op.call("GET", f"/market/withdrawals/{withdrawal_id}/tenants")
    return {one["tenant_id"]: (one["partner"], one["fate"]) for one in found["items"]}


async def test_who_is_affected_is_told_and_chooses_and_the_rest_is_settled(channel: Channel, clock: SetClock) -> None:
    for name in ("quiet", "leaving"):
        setattr(channel, name, await channel.tenant(name, channel.shop.id))
    leaving = channel.leaving  # type: ignore[attr-defined]
    path = f"/market/withdrawals/{await _announced(channel, clock)}"
    withdrawal_id = path.rpartition("/")[2]
    assert set(await _fates(channel, withdrawal_id)) == {"zt-acme", "zt-quiet", "zt-leaving"}
    (seen,) = (await channel.acme.call("GET", "/withdrawals"))["items"]
    assert (seen["stage"], seen["successors"], seen["message"]) == ("announced", ["oem", "zomo"], _MESSAGE)
    assert (await channel.bolt.call("GET", "/withdrawals"))["items"] == []
    choice = f"/withdrawals/{withdrawal_id}/choice"
    await channel.acme.call("POST", choice, {"choice": "successor", "partner": "oem"}, 204)
    await leaving.call("POST", choice, {"choice": "export"}, 204)
    assert await channel.acme.refused("POST", choice, {"choice": "successor", "partner": "shop"}) == (
        422,
        "invalid_choice",
    )
    assert await channel.bolt.refused("POST", choice, {"choice": "export"}) == (404, "not_found")
    # A change of mind, before the end.
    await channel.acme.call("POST", choice, {"choice": "export"}, 204)
    assert (await _fates(channel, withdrawal_id))["zt-acme"] == ("shop", "exports")
    await channel.acme.call("POST", choice, {"choice": "successor", "partner": "oem"}, 204)
    clock.advance(39 * _DAY)
    await channel.op.call("POST", "/market/withdrawals/advance")
    assert await _fates(channel, withdrawal_id) == {
        "zt-acme": ("oem", "moved"),
        "zt-quiet": ("zomo", "assigned"),
        "zt-leaving": ("shop", "exports"),
    }
    assert await channel.acme.refused("POST", choice, {"choice": "export"}) == (409, "not_open")
    clock.time -= timedelta(days=100)  # what is over is not begun again
    await channel.op.call("POST", "/market/withdrawals/advance")
    (listed,) = (await channel.op.call("GET", "/market/withdrawals"))["items"]
    assert listed["stage"] == "ended"
    async with channel.running.services.db.read(Across.UPKEEP) as connection:
        query = select(audit.c.action).where(audit.c.tenant_id == "zt-quiet").order_by(audit.c.id)
        assert list((await connection.execute(query)).scalars()) == ["withdrawal_notice", "move_tenant"]


async def test_a_move_changes_no_link_number_passcode_or_running_meeting(channel: Channel, clock: SetClock) -> None:
    made = await channel.acme.call("POST", "/meetings", {"settings": {"lobby": False}}, 201)
    async with house_of(channel.running) as house:
        ask = {"name": "Ana", "role": "host"}
        ticket = await channel.acme.call("POST", f"/meetings/{made['id']}/tickets", ask, 201)
        host = await house.enter(ticket["ticket"])
        withdrawal_id = await _announced(channel, clock)
        await channel.acme.call(
            "POST", f"/withdrawals/{withdrawal_id}/choice", {"choice": "successor", "partner": "oem"}, 204
        )
        await house.guest(made, "Gil")
        await host.until(lambda me: me.names == ["Ana", "Gil"])
    after = await channel.acme.call("GET", f"/meetings/{made['id']}")
    assert {key: after[key] for key in ("number", "join_url", "passcode")} == {
        key: made[key] for key in ("number", "join_url", "passcode")
    }


async def test_moved_twice_at_once_is_moved_once_and_back(channel: Channel, clock: SetClock) -> None:
    withdrawal_id = await _announced(channel, clock)
    path = f"/market/withdrawals/{withdrawal_id}/moves"
    move = {"tenant": "zt-acme", "from": "shop"}
    answers = await asyncio.gather(
        *(
            channel.op.http.post(
                f"/api/v1{path}", json={**move, "to": to}, headers={"authorization": f"Bearer {channel.op.token}"}
            )
            for to in ("oem", "zomo")
        )
    )
    assert sorted(answer.status_code for answer in answers) == [204, 409]
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"moved_meanwhile"}
    (now_with, fate) = (await _fates(channel, withdrawal_id))["zt-acme"]
    assert fate == "assigned"
    await channel.op.call("POST", path, {"tenant": "zt-acme", "from": now_with, "to": "shop"}, 204)
    assert (await _fates(channel, withdrawal_id))["zt-acme"] == ("shop", "unanswered")
    assert await channel.op.refused("POST", path, {**move, "to": "nobody"}) == (422, "invalid_choice")
    assert await channel.shop.refused("POST", path, {**move, "to": "oem"}) == (404, "not_found")


async def test_the_stop_is_a_rule_that_two_people_put_in_force(channel: Channel, clock: SetClock) -> None:
    withdrawal_id = await _announced(channel, clock)
    drafted = await channel.op.call("POST", f"/market/withdrawals/{withdrawal_id}/rules", {}, 201)
    stop = drafted["rules"]["rule"][0]
    assert (stop["verbs"], stop["partners"], stop["offers"]) == (
        ["register", "buy", "upgrade"],
        ["shop"],
        ["oem", "zomo"],
    )
    assert drafted["status"] == "draft"
    ask = {"rule_set": drafted["id"], "at": (clock.now() + timedelta(days=19)).isoformat()}
    tried = await channel.op.call("POST", "/market/simulations", ask)
    assert {(one["verb"], one["tenants"], one["rule"]) for one in tried["changes"]} == {
        (verb, 1, stop["id"]) for verb in ("register", "buy", "upgrade")
    }
    async with channel.running.services.db.read(Across.UPKEEP) as connection:
        assert len(await set_tables.activations(connection)) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"end_at": "2020-01-01T00:00:00Z"},
        {"successors": ["nobody"], "default": None},
        {"default": "shop"},
        {"successors": ["shop"], "default": None},
        {"scope": {"countries": ["Mars"]}},
        {"verbs": ["join"]},
        {"message": {"en": "only"}},
    ],
)
async def test_a_plan_that_cannot_be_is_refused(channel: Channel, clock: SetClock, wrong: dict[str, Any]) -> None:
    assert await channel.op.refused("POST", "/market/withdrawals", _plan(clock, **wrong)) == (422, "invalid_withdrawal")
    assert (await channel.op.call("GET", "/market/withdrawals"))["items"] == []


async def test_a_plan_is_changed_or_called_off_until_somebody_is_told(channel: Channel, clock: SetClock) -> None:
    planned = await channel.op.call("POST", "/market/withdrawals", _plan(clock), 201)
    path = f"/market/withdrawals/{planned['id']}"
    assert await channel.acme.refused("PATCH", path, {"revision": 1, "plan": _plan(clock)}) == (404, "not_found")
    changed = await channel.op.call("PATCH", path, {"revision": 1, "plan": _plan(clock, name="Later")})
    assert changed["revision"] == 2
    assert await channel.op.refused("POST", f"{path}/cancel", {"revision": 1}) == (409, "changed_meanwhile")
    await channel.op.call("POST", f"{path}/cancel", {"revision": 2}, 204)
    clock.advance(2 * _DAY)
    await channel.op.call("POST", "/market/withdrawals/advance")
    assert await _fates(channel, planned["id"]) == {}
    withdrawal_id = await _announced(channel, clock)
    path = f"/market/withdrawals/{withdrawal_id}/cancel"
    assert await channel.op.refused("POST", path, {"revision": 1}) == (409, "announced")


async def test_the_report_holds_no_formula(channel: Channel, clock: SetClock) -> None:
    async with channel.running.services.db.write(Across.UPKEEP) as write:
        await write.connection.execute(update(tenants).where(tenants.c.id == "zt-acme").values(name='=HYPERLINK("x")'))
    withdrawal_id = await _announced(channel, clock)
    text = await channel.op.call("GET", f"/market/withdrawals/{withdrawal_id}/tenants?format=csv")
    head, line = csv.reader(io.StringIO(text))
    told = dict(zip(head, line, strict=True))
    assert (told["tenant"], told["name"], told["fate"]) == ("zt-acme", '\'=HYPERLINK("x")', "unanswered")


class _Mailbox:
    """What a mail server was given."""

    def __init__(self) -> None:
        self.messages: list[bytes] = []

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: ANN401, N802 (the library's)
        self.messages.append(envelope.content)
        return "250 taken"


async def test_administrators_get_one_mail_in_their_language(channel: Channel, clock: SetClock) -> None:
    services = channel.running.services
    async with services.db.write(Across.UPKEEP) as write:
        about = update(members).where(members.c.tenant_id == "zt-acme")
        await write.connection.execute(about.values(email="ana@acme.example", language="zh-TW"))
    await _announced(channel, clock)
    await channel.op.call("POST", "/market/withdrawals/advance")
    box = _Mailbox()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = Controller(box, hostname="127.0.0.1", port=port)
    server.start()
    try:
        settings = MailSettings(host="127.0.0.1", port=port, tls="off", sender="meet@example.org")
        sender = MailSender(services.db, clock, settings, partial(sender_of, services.brands.brands, settings))
        assert await sender.send_due() == 1
        assert await sender.send_due() == 0
    finally:
        server.stop()
    (raw,) = box.messages
    mail = message_from_bytes(raw, policy=policy.default)
    assert (mail["To"], mail["From"], mail["Subject"]) == (
        "ana@acme.example",
        "Meetinghouse <meet@example.org>",
        "zt-acme 的服務將有變化",
    )
    body = mail.get_content()
    assert body.startswith("我們將退出。")
    assert "oem, zomo" in body


async def test_a_mail_server_that_is_away_is_asked_again_later(channel: Channel, clock: SetClock) -> None:
    services = channel.running.services
    async with services.db.write(Across.UPKEEP) as write:
        await mail_tables.put(write.connection, "one", Mail("a@example.org", "Hello", "Text"), clock.now())
        await mail_tables.put(
            write.connection, "two", Mail("a@example.org\r\nBcc: b@example.org", "x", "y"), clock.now()
        )
    settings = MailSettings(host="127.0.0.1", port=1, tls="off", sender="meet@example.org", tries=2)
    sender = MailSender(services.db, clock, settings, partial(sender_of, services.brands.brands, settings))
    assert [await sender.send_due(), await sender.send_due()] == [2, 0]
    clock.advance(settings.retry_seconds)
    # What could never be sent is given up at once; what failed, after its last try.
    assert [await sender.send_due(), await sender.send_due()] == [1, 0]


@pytest.mark.parametrize(
    "mail",
    [
        Mail("a@example.org\nBcc: b@example.org", "x", "y"),
        Mail("a@example.org", "x\r\nBcc: b@example.org", "y"),
        Mail("a@example.org, b@example.org", "x", "y"),
        Mail("nobody", "x", "y"),
    ],
)
def test_a_mail_with_another_header_in_it_is_refused(mail: Mail) -> None:
    with pytest.raises(UnsendableError):
        check_mail(mail)


_KILLED = """
import asyncio, os, signal, sys
from datetime import datetime
sys.path[:0] = {path!r}
from conftest import SetClock
from meetinghouse.db.engine import Database, Transaction
from meetinghouse.market import withdrawal_actions
from meetinghouse.market.context import Market
from meetinghouse.market.decision_log import DecisionLog
from meetinghouse.market.settings import MarketSettings

withdrawal_actions._BATCH = 2
left = {commits}
committed = Transaction.committed

def counting(self):
    global left
    committed(self)
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)

Transaction.committed = counting

async def run():
    db = await Database.open({url!r}, synchronous="normal")
    clock = SetClock(datetime.fromisoformat({now!r}))
    settings = MarketSettings()
    market = Market(db=db, clock=clock, settings=settings, decisions=DecisionLog(db, clock))
    await withdrawal_actions.advance(market)
    await db.close()

asyncio.run(run())
"""


@pytest.mark.timeout(300)
@pytest.mark.parametrize("commits", [1, 2, 3])
async def test_killed_between_any_steps_it_goes_on_and_does_none_twice(
    start_server: StartServer, clock: SetClock, commits: int
) -> None:
    """Transactions tell two organisations each, then settle as many; a process is killed after each, another goes on."""
    async with start_server(clock=clock, market={"look_seconds": 86_400}) as running, channel_of(running) as channel:
        await channel.partner("zomo", None)
        for number in range(3):
            await channel.tenant(f"more{number}", channel.shop.id)
        planned = await channel.op.call("POST", "/market/withdrawals", _plan(clock), 201)
        async with running.services.db.write(Across.UPKEEP) as write:
            about = update(members).where(members.c.tenant_id.in_(["zt-acme", "zt-more0", "zt-more1", "zt-more2"]))
            await write.connection.execute(about.values(email="ana@shop.example", language="en"))
        url = running.services.config.database_url
        for days in (1, 40):
            at = clock.now() + timedelta(days=days)
            code = _KILLED.format(path=sys.path, commits=commits, url=url, now=at.isoformat())
            died = await asyncio.to_thread(
                subprocess.run, [sys.executable, "-c", code], check=False, env=dict(os.environ)
            )
            assert died.returncode == -signal.SIGKILL
            clock.time += timedelta(days=days)
            await advance(running.services.market)
            assert await advance(running.services.market) == 0
            clock.time -= timedelta(days=days)
        told = await _fates(channel, planned["id"])
        assert told == dict.fromkeys(["zt-acme", "zt-more0", "zt-more1", "zt-more2"], ("zomo", "assigned"))
        async with running.services.db.read(Across.UPKEEP) as connection:
            mails = (await connection.execute(select(mail_tables.mails.c.key))).scalars().all()
            moves = (
                (await connection.execute(select(audit.c.tenant_id).where(audit.c.action == "move_tenant")))
                .scalars()
                .all()
            )
        assert (len(mails), sorted(moves)) == (4, sorted(told))

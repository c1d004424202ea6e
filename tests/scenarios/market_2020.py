"""2020, as it happened in mainland China to customers of a vendor, told with our rules, dates and parties.

A vendor first closed its online channel, then registration of individuals and hosting for free users (1 May); resellers
got notice (15 July) and direct sale and upgrade ended (23 August), with three OEM partners to go to: 会畅 (bizconf), 瞩目
(zhumu) and Umeet. The customers of a reseller, 上海华万 (huawan), went on with what it made of it: 中目 (zomo). Each date below
is a rule's, in Shanghai; on which day the online channel closed is the one assumption here.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import insert, select

from channels import Channel, Organisation, channel_of, prices
from conftest import SetClock, StartServer
from meeting_people import house_of
from meetinghouse.billing.orders import renew_due
from meetinghouse.db.tenancy import Across
from meetinghouse.market.reading import raw_of, read_rules
from meetinghouse.market.tables import plans
from meetinghouse.people.tables import partners, tenants
from rule_sets import put_in_force

_PARTNERS = ["bizconf", "zhumu", "umeet"]
_SEAT = "seat:pro:month"
_LATER_SECONDS = 2

RULES = """
version = 1

[[rule]]
id = "cn-online-closed"
from = 2020-04-01
zone = "Asia/Shanghai"
countries = ["CN"]
channels = ["online"]
verbs = ["buy", "upgrade"]
decision = "deny"
offers = ["bizconf", "zhumu", "umeet"]
[rule.message]
en = "Online subscription has ended in mainland China. Our partners go on."
zh-CN = "中国大陆地区的在线订阅已停止，请联系我们的合作伙伴。"
zh-TW = "中國大陸地區的線上訂閱已停止，請聯絡我們的合作夥伴。"

[[rule]]
id = "cn-no-new-individuals"
from = 2020-05-01
zone = "Asia/Shanghai"
countries = ["CN"]
kinds = ["personal"]
verbs = ["register"]
decision = "deny"
[rule.message]
en = "New individual accounts are not opened in mainland China."
zh-CN = "中国大陆地区不再接受个人用户注册。"
zh-TW = "中國大陸地區不再接受個人用戶註冊。"

[[rule]]
id = "cn-free-joins-only"
from = 2020-05-01
zone = "Asia/Shanghai"
countries = ["CN"]
plans = ["free"]
verbs = ["host"]
decision = "deny"
[rule.message]
en = "On the free plan you can join meetings, but not host them."
zh-CN = "免费用户可以加入会议，但无法发起会议。"
zh-TW = "免費用戶可以加入會議，但無法發起會議。"

[[rule]]
id = "cn-no-direct-sale"
from = 2020-08-23
zone = "Asia/Shanghai"
countries = ["CN"]
channels = ["direct", "online"]
verbs = ["buy", "upgrade"]
decision = "deny"
offers = ["bizconf", "zhumu", "umeet"]
[rule.message]
en = "New service and upgrades are sold by our partners in mainland China. What you have goes on."
zh-CN = "中国大陆地区的新购与升级由合作伙伴提供，现有服务不受影响。"
zh-TW = "中國大陸地區的新購與升級由合作夥伴提供，現有服務不受影響。"

[[rule]]
id = "all-else"
verbs = ["register", "host", "join", "buy", "upgrade", "renew", "support"]
decision = "allow"
"""


class Story:
    """The parties, and what each of them gets for an answer on a day."""

    channel: Channel
    free: Organisation
    paid: Organisation
    direct: Organisation
    online: Organisation
    resold: Organisation
    hong_kong: Organisation
    america: Organisation

    def __init__(self, clock: SetClock) -> None:
        self.clock = clock

    async def begin(self, channel: Channel, rules: str) -> None:
        self.channel = channel
        async with channel.running.services.db.write(Across.UPKEEP) as write:
            rows: list[dict[str, Any]] = [
                {"id": name, "name": name, "entitlements": {}, "created_at": self.clock.now()}
                for name in ("free", "pro", "business")
            ]
            await write.connection.execute(insert(plans), rows)
        self.partners = {name: await channel.partner(name, None) for name in (*_PARTNERS, "huawan", "zomo")}
        china = {"country": "CN"}
        alone = {**china, "kind": "personal", "channel": "online"}
        self.free = await channel.tenant("free", None, **alone, plan_id="free")
        self.paid = await channel.tenant("paid", None, **alone, plan_id="pro")
        self.direct = await channel.tenant("direct", None, **china, plan_id="business")
        self.online = await channel.tenant("online", None, **china, plan_id="business", channel="online")
        self.resold = await channel.tenant("resold", self.partners["huawan"].id, **china, plan_id="business")
        self.hong_kong = await channel.tenant("hong-kong", None, country="HK", plan_id="business")
        self.america = await channel.tenant("america", None, country="US", plan_id="business")
        for audience in ("tenants", "partners"):
            await channel.op.call("POST", "/billing/books", self._book(audience, "20"), 201)
        for partner in self.partners.values():
            await partner.call("POST", "/billing/books", self._book("tenants", "15"), 201)
        await put_in_force(channel.running, raw_of(read_rules(rules)))
        self.clock.advance(_LATER_SECONDS)

    async def on(self, day: str) -> None:
        """That day's first moments in Shanghai, as its rules begin; what was subscribed to was renewed until then."""
        moment = datetime.fromisoformat(f"{day}T00:00:00+08:00").astimezone(UTC)
        self.clock.advance((moment - self.clock.now()).total_seconds() + _LATER_SECONDS)
        while await renew_due(self.channel.running.services.billing):
            pass

    async def says(
        self,
        who: Organisation,
        method: str,
        path: str,
        body: Any,  # noqa: ANN401 (JSON)
        language: str = "en",
    ) -> tuple[str, list[str], str]:
        """The rule, whom it offers and its sentence; `done` where nothing refused."""
        headers = {"authorization": f"Bearer {who.token}", "accept-language": language}
        answer = await who.http.request(method, f"/api/v1{path}", json=body, headers=headers)
        if answer.is_success:
            return "done", [], ""
        said = answer.json()
        assert (answer.status_code, said["code"]) == (403, "not_allowed_here"), said
        return said["rule"], said["offers"], said["detail"]

    async def hosts(self, who: Organisation) -> str:
        return (await self.says(who, "POST", "/meetings", {}))[0]

    async def registers(self, who: Organisation) -> str:
        address = f"new{self.clock.now().timestamp()}@example.org"
        return (await self.says(who, "POST", "/members", {"email": address}))[0]

    async def buys(self, who: Organisation, language: str = "en") -> tuple[str, list[str], str]:
        order = {"kind": "buy", "sku": _SEAT, "quantity": 10, "currency": "CNY"}
        return await self.says(who, "POST", "/billing/orders", order, language)

    async def upgrades(self, who: Organisation) -> tuple[str, list[str], str]:
        (one, *_) = (await who.call("GET", "/billing/subscriptions"))["items"]
        order = {
            "kind": "upgrade",
            "subscription": one["id"],
            "revision": one["revision"],
            "quantity": one["quantity"] + 5,
        }
        return await self.says(who, "POST", "/billing/orders", order)

    async def joins(self, meeting: Any, who: Organisation) -> str:  # noqa: ANN401
        body = {"meeting": meeting["join_url"], "name": "Lin"}
        return (await self.says(who, "POST", "/join", body))[0]

    async def sold_by(self, tenant: str) -> str | None:
        async with self.channel.running.services.db.read(Across.UPKEEP) as connection:
            query = select(partners.c.code).join(tenants, tenants.c.partner_id == partners.c.id)
            found = await connection.execute(query.where(tenants.c.id == f"zt-{tenant}"))
            return found.scalar()

    def _book(self, audience: str, price: str) -> dict[str, Any]:
        return {"audience": audience, "currency": "CNY", "prices": prices(price)}


@asynccontextmanager
async def story_of(start_server: StartServer, rules: str = RULES) -> AsyncIterator[Story]:
    clock = SetClock(datetime(2020, 3, 1, tzinfo=UTC))
    quiet = {"look_seconds": 10**9}
    async with start_server(clock=clock, market=quiet) as running, channel_of(running) as channel:
        story = Story(clock)
        await story.begin(channel, rules)
        yield story


async def test_the_year_2020(start_server: StartServer) -> None:
    async with story_of(start_server) as story:
        everybody = (story.free, story.paid, story.direct, story.online, story.resold, story.hong_kong, story.america)

        # March. Everybody does everything (to buy is to leave the free plan), and there are meetings whose links are in
        # many calendars.
        for who in everybody:
            assert await story.hosts(who) == "done"
            assert await story.registers(who) == "done"
            assert who is story.free or (await story.buys(who))[0] == "done"
        link = await story.resold.call("POST", "/meetings", {"settings": {"lobby": False}}, 201)
        own_link = await story.free.call("POST", "/meetings", {"settings": {"lobby": False}}, 201)

        # April. The online channel closes; direct sale and partners go on, and so do Hong Kong and America.
        await story.on("2020-04-01")
        for who in (story.online, story.paid):
            assert (await story.buys(who))[:2] == ("cn-online-closed", _PARTNERS)
        for who in (story.direct, story.resold, story.hong_kong, story.america):
            assert (await story.buys(who))[0] == "done"

        # 1 May. No new individuals; who is on the free plan joins, but does not host; who pays hosts.
        await story.on("2020-05-01")
        assert await story.registers(story.free) == "cn-no-new-individuals"
        assert await story.registers(story.direct) == "done"
        assert await story.hosts(story.free) == "cn-free-joins-only"
        assert await story.hosts(story.paid) == "done"
        assert await story.joins(link, story.free) == "done"
        # Nor does a free user's old meeting begin, whoever knocks.
        assert await story.joins(own_link, story.paid) == "cn-free-joins-only"

        # 15 July. The reseller's customers get notice, in the product; 中目 is there to go on with them.
        farewell = await story.channel.op.call("POST", "/market/withdrawals", _farewell(), 201)
        await story.on("2020-07-15")
        await story.channel.op.call("POST", "/market/withdrawals/advance")
        (told,) = (await story.resold.call("GET", "/withdrawals"))["items"]
        assert told["successors"] == ["zomo", *_PARTNERS]
        assert (await story.direct.call("GET", "/withdrawals"))["items"] == []

        # 23 August. A meeting of the reseller's customer is held while the day begins.
        async with house_of(story.channel.running) as house:
            ticket = await story.resold.call(
                "POST", f"/meetings/{link['id']}/tickets", {"name": "Hua", "role": "host"}, 201
            )
            host = await house.enter(ticket["ticket"])
            await story.on("2020-08-23")

            # Direct new sale and upgrade are refused, in each language, with the three partners offered.
            for language, begins in (
                ("en", "New service"),
                ("zh-CN", "中国大陆地区的新购"),
                ("zh-TW", "中國大陸地區的新購"),
            ):
                rule, offers, sentence = await story.buys(story.direct, language)
                assert (rule, offers) == ("cn-no-direct-sale", _PARTNERS)
                assert sentence.startswith(begins)
            assert (await story.upgrades(story.direct))[0] == "cn-no-direct-sale"
            # Existing service goes on, partners sell, and the rule ends at the border.
            assert await story.hosts(story.direct) == "done"
            assert await story.hosts(story.paid) == "done"
            for who in (story.resold, story.hong_kong, story.america):
                assert (await story.upgrades(who))[0] == "done"

            # The reseller's customer goes on with 中目: no link, number or passcode changes, and nobody drops out.
            choice = {"choice": "successor", "partner": "zomo"}
            await story.resold.call("POST", f"/withdrawals/{farewell['id']}/choice", choice, 204)
            assert await story.sold_by("resold") == "zomo"
            await house.guest(link, "Gil")
            await host.until(lambda me: me.names == ["Hua", "Gil"])
        after = await story.resold.call("GET", f"/meetings/{link['id']}")
        assert [after[key] for key in ("number", "join_url", "passcode")] == [
            link[key] for key in ("number", "join_url", "passcode")
        ]
        assert (await story.buys(story.resold))[0] == "done"

        # What was decided is kept, each with its rule.
        kept = (await story.channel.op.call("GET", "/market/decisions?decision=deny&limit=200"))["items"]
        assert {one["rule"] for one in kept} == {
            "cn-online-closed",
            "cn-no-new-individuals",
            "cn-free-joins-only",
            "cn-no-direct-sale",
        }


async def test_one_date_moved_differs_for_those_alone_whom_it_concerns(start_server: StartServer) -> None:
    """A month more for direct customers: what differs is known before anybody is told, and is all that differs."""
    moved = RULES.replace("from = 2020-08-23", "from = 2020-09-23")
    async with story_of(start_server) as story:
        ask = {
            "rules": raw_of(read_rules(moved)),
            "at": "2020-08-23T00:00:00+08:00",
            "compared_at": "2020-08-23T00:00:00+08:00",
        }
        changes = (await story.channel.op.call("POST", "/market/simulations", ask))["changes"]
        differ = {
            (one["verb"], one["was_rule"], one["becomes"]): [of["example"]["id"] for of in one["of"]] for one in changes
        }
        assert differ == {
            ("buy", "cn-no-direct-sale", "allow"): ["zt-direct"],
            ("upgrade", "cn-no-direct-sale", "allow"): ["zt-direct"],
        }


async def test_with_one_date_moved_they_go_on_until_then(start_server: StartServer) -> None:
    moved = RULES.replace("from = 2020-08-23", "from = 2020-09-23")
    async with story_of(start_server, moved) as story:
        await story.on("2020-08-23")
        assert (await story.buys(story.direct))[0] == "done"
        assert (await story.buys(story.online))[0] == "cn-online-closed"
        await story.on("2020-09-23")
        assert (await story.buys(story.direct))[:2] == ("cn-no-direct-sale", _PARTNERS)


def _farewell() -> dict[str, Any]:
    return {
        "name": "上海华万",
        "scope": {"countries": ["CN"], "partners": ["huawan"]},
        "notice_at": "2020-07-15T00:00:00+08:00",
        "stop_at": "2020-08-23T00:00:00+08:00",
        "end_at": "2020-12-31T00:00:00+08:00",
        "successors": ["zomo", *_PARTNERS],
        "default": "zomo",
        "message": {
            "en": "Your reseller no longer sells this service. Choose who goes on with you.",
            "zh-CN": "您的经销商不再销售本服务，请选择继续为您服务的伙伴。",
            "zh-TW": "您的經銷商不再銷售本服務，請選擇繼續為您服務的夥伴。",
        },
    }


pytestmark = pytest.mark.timeout(300)

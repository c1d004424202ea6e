"""Whose name stands where: by host name and by tenant, on pages, in links, mail and calendars; and who may set it."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest

from accounts import PASSWORD, Owner, browser, signed_in_owner
from authenticator import Authenticator
from conftest import SetClock, StartServer
from meetinghouse.app.server import Running
from organisations import ask, partner_staff, tenant_owner

_HOST = "meet.harbour.example"
_DOMESTIC = "meet.harbour-cn.example"
_DOT = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><circle r="4" fill="#123"/><script>1</script></svg>'


@dataclass
class Channel:
    """Two partners with brands; the tenant Harbour of the first, with host names of its own, and Quay of the second."""

    running: Running
    clock: SetClock
    operator: Owner
    zhumu: Owner
    harbour: Owner
    quay: Owner

    def at(self, host: str) -> str:
        """The URL of a host name that leads here."""
        return f"http://{host}:{urlsplit(self.running.url).port}"

    @asynccontextmanager
    async def visitor(self, host: str) -> AsyncIterator[httpx2.AsyncClient]:
        """A browser on a page of a host name."""
        async with browser(self.running) as http:
            http.headers.update({"host": self.at(host).partition("//")[2], "origin": self.at(host)})
            yield http

    async def page(self, host: str, path: str = "/") -> str:
        """A page as it is served."""
        async with self.visitor(host) as http:
            return (await http.get(path, headers={"accept": "text/html"})).text

    def later(self) -> None:
        """Until what was remembered of brands is asked again."""
        self.clock.advance(self.running.services.config.branding.remember_seconds)


def _look(name: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401 (JSON)
    return {"name": name, "accent": "#7a1f5c", **more}


@pytest.fixture
async def channel(start_server: StartServer) -> AsyncIterator[Channel]:
    clock = SetClock()
    async with AsyncExitStack() as stack:
        running = await stack.enter_async_context(start_server(clock=clock, server={"listen": "localhost:0"}))
        operator = await stack.enter_async_context(signed_in_owner(running))
        zhumu = await stack.enter_async_context(partner_staff(running, operator, "zhumu"))
        bizconf = await stack.enter_async_context(partner_staff(running, operator, "bizconf"))
        harbour = await stack.enter_async_context(tenant_owner(running, zhumu, "Harbour"))
        quay = await stack.enter_async_context(tenant_owner(running, bizconf, "Quay"))
        await ask(zhumu, "PUT", "/brands/own", **_look("瞩目 <Zhumu>"))
        await ask(bizconf, "PUT", "/brands/own", **_look("Bizconf"))
        await ask(zhumu, "PUT", "/brands/own/hosts", hosts=["meet.zhumu.example"])
        hosts = await ask(zhumu, "PUT", f"/brands/{harbour.me['tenant']['id']}/hosts", hosts=[_HOST, _DOMESTIC])
        assert hosts["hosts"] == [_HOST, _DOMESTIC]
        yield Channel(running, clock, operator, zhumu, harbour, quay)


async def test_a_page_has_the_brand_of_its_host_name_at_the_first_paint(channel: Channel) -> None:
    assert "<title>Meetinghouse</title>" in await channel.page("localhost")
    assert "<title>Meetinghouse</title>" in await channel.page("unknown.example")
    for host in ("meet.zhumu.example", _HOST, _DOMESTIC):
        for path in ("/", "/nowhere"):
            text = await channel.page(host, path)
            assert "<title>瞩目 &lt;Zhumu&gt;</title>" in text
            assert "Meetinghouse" not in text
    async with channel.visitor(_HOST) as http:
        style = next(part for part in text.split('"') if part.startswith("/brand/style.css"))
        sheet = await http.get(style)
        assert "--accent: light-dark(#7a1f5c, " in sheet.text
        assert sheet.headers["content-type"].startswith("text/css")
        manifest = (await http.get("/brand/manifest.webmanifest")).json()
        assert (manifest["name"], manifest["theme_color"]) == ("瞩目 <Zhumu>", "#7a1f5c")
        icon = await http.get(manifest["icons"][0]["src"])
        assert (icon.headers["content-type"], "瞩" in icon.text) == ("image/svg+xml", True)
    own = _look("Harbour", support_email="help@harbour.example", links=[{"label": "京ICP备1号", "url": "https://b.cn"}])
    await ask(channel.harbour, "PUT", "/brands/own", **own)
    assert "<title>Harbour</title>" in await channel.page(_HOST)
    assert "京ICP备1号" in await channel.page(_HOST)
    assert (await channel.harbour.http.delete("/api/v1/brands/own")).status_code == 204
    assert "瞩目" in await channel.page(_HOST)


async def test_a_tenants_host_name_serves_its_own_people_and_meetings_and_no_others(channel: Channel) -> None:
    mine = await ask(channel.harbour, "POST", "/meetings", 201, settings={"lobby": False})
    other = await ask(channel.quay, "POST", "/meetings", 201, settings={"lobby": False})
    assert mine["join_url"].startswith(f"{channel.at(_HOST)}/j/")
    # The partner's own host name still serves those who move away from it.
    assert other["join_url"].startswith(channel.running.url)
    for host, own, others in ((_HOST, 201, 403), (_DOMESTIC, 201, 403), ("localhost", 201, 201)):
        async with channel.visitor(host) as http:
            for meeting, expected in ((mine, own), (other, others)):
                answer = await http.post("/api/v1/join", json={"meeting": meeting["join_url"], "name": "Ana"})
                assert answer.status_code == expected, answer.text
                if expected == 403:
                    assert answer.json()["code"] == "join_refused"
    async with channel.visitor(_HOST) as http:
        wrong = await http.post("/api/v1/session", json={"email": "owner@quay.example", "password": PASSWORD})
        assert wrong.json()["code"] == "wrong_credentials"
        right = await http.post("/api/v1/session", json={"email": "owner@harbour.example", "password": PASSWORD})
        assert right.status_code == 200
        shown = (await http.get(f"/api/v1/meetings/{mine['id']}")).json()
        assert shown["join_url"] == mine["join_url"]
        cookie = channel.quay.http.cookies["session"]
        assert (await http.get("/api/v1/me", headers={"cookie": f"session={cookie}"})).status_code == 401
    async with channel.visitor(_DOMESTIC) as http:
        await http.post("/api/v1/session", json={"email": "owner@harbour.example", "password": PASSWORD})
        shown = (await http.get(f"/api/v1/meetings/{mine['id']}")).json()
        assert shown["join_url"] == mine["join_url"].replace(_HOST, _DOMESTIC)


async def test_links_and_passkeys_work_after_a_move_to_another_partner(channel: Channel) -> None:
    mine = await ask(channel.harbour, "POST", "/meetings", 201, settings={"lobby": False})
    key = Authenticator(channel.at(_HOST))
    async with channel.visitor(_HOST) as http:
        await http.post("/api/v1/session", json={"email": "owner@harbour.example", "password": PASSWORD})
        asked = (await http.post("/api/v1/me/passkeys/options")).json()
        assert (asked["options"]["rp"]["id"], asked["options"]["rp"]["name"]) == (_HOST, "瞩目 <Zhumu>")
        made = {"challenge_id": asked["challenge_id"], "credential": key.register(asked["options"]), "name": "Phone"}
        assert (await http.post("/api/v1/me/passkeys", json=made)).status_code == 201
    tenant = channel.harbour.me["tenant"]["id"]
    await ask(channel.operator, "PATCH", f"/tenants/{tenant}", partner="bizconf")
    channel.later()
    assert "<title>Bizconf</title>" in await channel.page(_HOST)
    async with channel.visitor(_HOST) as http:
        asked = (await http.post("/api/v1/session/passkey/options")).json()
        answer = {"challenge_id": asked["challenge_id"], "credential": key.sign_in(asked["options"])}
        signed_in = await http.post("/api/v1/session/passkey", json=answer)
        assert signed_in.status_code == 200, signed_in.text
        assert (await http.get(f"/api/v1/meetings/{mine['id']}")).json()["join_url"] == mine["join_url"]
        joined = await http.post("/api/v1/join", json={"meeting": mine["join_url"], "name": "Ben"})
        assert joined.status_code == 201
    # A passkey binds to its host name: at the other one the browser has none, and one that answers is refused.
    async with channel.visitor(_DOMESTIC) as http:
        asked = (await http.post("/api/v1/session/passkey/options")).json()
        assert asked["options"]["rpId"] == _DOMESTIC
        answer = {"challenge_id": asked["challenge_id"], "credential": key.sign_in(asked["options"])}
        assert (await http.post("/api/v1/session/passkey", json=answer)).json()["code"] == "passkey_refused"


async def test_who_may_set_a_brand_and_what_is_refused(channel: Channel) -> None:
    harbour, quay = channel.harbour.me["tenant"]["id"], channel.quay.me["tenant"]["id"]
    await ask(channel.zhumu, "PUT", f"/brands/{harbour}", **_look("Harbour"))
    for who, tenant in (
        (channel.zhumu, quay),
        (channel.harbour, quay),
        (channel.quay, harbour),
        (channel.zhumu, "none"),
    ):
        for method, path in (("GET", ""), ("PUT", ""), ("PUT", "/hosts")):
            body = {"hosts": []} if path else _look("Evil")
            assert (await ask(who, method, f"/brands/{tenant}{path}", 404, **body))["code"] == "not_found"
    # Its host names, with their certificates and names in DNS, are set by whom it buys from.
    await ask(channel.harbour, "PUT", "/brands/own/hosts", 404, hosts=["a.example"])
    for hosts, code in (
        ([_HOST], "host_taken"),
        (["meet.harbour.examp1e"], "host_looks_alike"),
        (["localhost.localdomain"], ""),
        (["10.0.0.1"], "invalid_host"),
        ([f"h{number}.example" for number in range(9)], "too_many_hosts"),
    ):
        answer = await channel.zhumu.http.put("/api/v1/brands/own/hosts", json={"hosts": hosts})
        assert answer.json().get("code", "") == code
    for more, code in (
        ({"accent": "red"}, "invalid_colour"),
        ({"name": "\u200b"}, "name_missing"),
        ({"support_url": "javascript:alert(1)"}, "invalid_link"),
        ({"support_email": "a@b.c, d@e.f"}, "invalid_email"),
        ({"links": [{"label": "Terms", "url": "data:text/html,x"}]}, "invalid_link"),
        ({"mail_name": "Harbour\r\nBcc: all@evil.example"}, "invalid_mail_sender"),
        ({"mail_address": "a@harbour.example\r\nBcc: b@evil.example"}, "invalid_mail_sender"),
        ({"mail_address": "ceo@quay.example"}, "invalid_mail_sender"),
        ({"mail_footer": {"fr": "Salut"}}, "invalid_text"),
        ({"mail_footer": {"en": "a\u0000b"}}, "invalid_text"),
    ):
        answer = await channel.harbour.http.put("/api/v1/brands/own", json=_look("Harbour") | more)
        assert answer.json().get("code") == code, more
    shown = await ask(channel.harbour, "PUT", "/brands/own", **_look("Harbour", accent="#ffe14d"))
    assert [one["field"] for one in shown["corrections"]] == ["accent"]
    body = {"data": base64.b64encode(_DOT).decode()}
    kept = await ask(channel.harbour, "PUT", "/brands/own/pictures/logo", **body)
    assert (kept["media_type"], kept["left_out"]) == ("image/svg+xml", ["script"])
    async with channel.visitor(_HOST) as http:
        logo = await http.get((await http.get("/api/v1/branding")).json()["logo"])
        assert (logo.headers["content-type"], "script" in logo.text) == ("image/svg+xml", False)
        assert "default-src 'none'" in logo.headers["content-security-policy"]
    told = [one["action"] for one in (await ask(channel.harbour, "GET", "/audit"))["items"]]
    assert told.count("change_brand") == 2
    assert {"change_hosts", "change_brand_picture"} <= set(told)

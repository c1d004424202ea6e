"""Under a partner's brand nothing that is seen says our name or another partner's: pages, calls, mail, calendars."""

from __future__ import annotations

import re
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2

import meetinghouse
from accounts import PASSWORD, browser, signed_in_owner
from conftest import SetClock, StartServer
from meetinghouse.brands.mail import sender_of
from meetinghouse.mail.message import Mail, message_of
from meetinghouse.mail.settings import MailSettings
from organisations import ask, partner_staff, tenant_owner

_FOREIGN = re.compile(rb"meeting[\s_-]?house|\xe4\xbc\x9a\xe5\xa0\x82|\xe6\x9c\x83\xe5\xa0\x82|bizconf", re.IGNORECASE)
_HOST = "meet.zhumu.example"
_BODIES: dict[str, Any] = {"post": {}, "put": {}, "patch": {}, "delete": None, "get": None}
# For the operator's own machines, which ask without a brand.
_NOT_PUBLIC = ("/metrics",)
_ROOT = [
    *(
        "/",
        "/join",
        "/meeting",
        "/sign-in",
        "/enrol",
        "/settings",
        "/nowhere",
        "/j/AAAAAAAAAAAAAAAAAAAAAA",
        "/robots.txt",
    ),
    *("/brand/style.css", "/brand/icon", "/brand/logo", "/brand/manifest.webmanifest", "/manifest.webmanifest"),
    *("/healthz", "/readyz", "/metrics", "/favicon.ico", "/calendar/x.ics", "/whip/x", "/whep/x/y", "/signal"),
    *(
        "/.well-known/webauthn",
        "/api/v1/openapi.json",
        "/api/v1/docs",
        "/api/v1/docs/style.css",
        "/api/v1/local/qr.svg",
    ),
]


def _said(answer: httpx2.Response) -> bytes:
    return b"\n".join([*(name + b": " + value for name, value in answer.headers.raw), answer.content])


async def test_under_a_brand_nothing_says_our_name_or_anothers(start_server: StartServer) -> None:
    clock = SetClock()
    async with AsyncExitStack() as stack:
        running = await stack.enter_async_context(start_server(clock=clock, server={"listen": "localhost:0"}))
        operator = await stack.enter_async_context(signed_in_owner(running))
        zhumu = await stack.enter_async_context(partner_staff(running, operator, "zhumu"))
        bizconf = await stack.enter_async_context(partner_staff(running, operator, "bizconf"))
        harbour = await stack.enter_async_context(tenant_owner(running, zhumu, "Harbour"))
        await ask(bizconf, "PUT", "/brands/own", name="Bizconf")
        await ask(zhumu, "PUT", "/brands/own/hosts", hosts=[_HOST])
        mail = {"mail_address": f"no-reply@{_HOST}", "mail_footer": {"en": "Zhumu Ltd"}}
        await ask(zhumu, "PUT", "/brands/own", name="Zhumu", support_email=f"help@{_HOST}", **mail)
        planned = {"title": "Plan", "starts_at": "2026-12-01T10:00:00Z", "duration_minutes": 30}
        meeting = await ask(harbour, "POST", "/meetings", 201, **planned)
        assert urlsplit(meeting["join_url"]).hostname == _HOST
        http = await stack.enter_async_context(browser(running))
        port = urlsplit(running.url).port
        http.headers.update({"host": f"{_HOST}:{port}", "origin": f"http://{_HOST}:{port}"})
        guest = await stack.enter_async_context(browser(running))
        guest.headers.update({"host": f"{_HOST}:{port}", "origin": f"http://{_HOST}:{port}"})
        said: dict[str, bytes] = {}
        signed_in = await http.post("/api/v1/session", json={"email": "owner@harbour.example", "password": PASSWORD})
        assert signed_in.status_code == 200
        said["sign in"] = _said(signed_in)
        for path in _ROOT:
            if path not in _NOT_PUBLIC:
                said[path] = _said(await http.get(path, headers={"accept": "text/html"}))
        routes = (await http.get("/api/v1/openapi.json")).json()
        assert routes["info"]["title"] == "Zhumu HTTP API"
        for path, item in routes["paths"].items():
            address = path.replace("{meeting_id}", meeting["id"])
            address = re.sub(r"\{[^}]*\}", "x", address)
            for method in sorted(set(item) & set(_BODIES)):
                if (method, path) == ("delete", "/api/v1/session"):
                    continue
                for who, asker in (("guest", guest), ("member", http))[method != "get" :]:
                    answer = await asker.request(method, address, json=_BODIES[method])
                    said[f"{who} {method} {path}"] = _said(answer)
        assert len(said) > 120
        for path in ("invitation?language=zh-CN", "calendar.ics"):
            meeting = await ask(harbour, "POST", "/meetings", 201, **planned)
            said[path] = _said(await http.get(f"/api/v1/meetings/{meeting['id']}/{path}"))
            assert f"{_HOST}:{port}/j/".encode() in said[path].replace(b"\r\n ", b"")
        feed = (await http.get("/api/v1/me/calendar")).json()["url"]
        said["feed"] = _said(await http.get(urlsplit(feed).path))
        assert b"X-WR-CALNAME:Zhumu" in said["feed"]
        told = Mail("owner@harbour.example", "Hello", "Text", sent_for=harbour.me["tenant"]["id"], language="en")
        sender = await sender_of(running.services.brands.brands, MailSettings(sender="a@b.example"), told)
        said["mail"] = message_of(told, "m1", sender, clock.now()).as_bytes()
        assert b"From: Zhumu <no-reply@meet.zhumu.example>" in said["mail"]
        assert b"Zhumu Ltd" in said["mail"]
        assert {path: found[0] for path, text in said.items() if (found := _FOREIGN.findall(text))} == {}


def test_no_words_of_the_client_say_our_name() -> None:
    catalogues = list((Path(meetinghouse.__file__).parents[2] / "web/src/i18n/locales").glob("*/*.po"))
    assert len(catalogues) == 6
    for catalogue in catalogues:
        assert _FOREIGN.findall(catalogue.read_bytes()) == []

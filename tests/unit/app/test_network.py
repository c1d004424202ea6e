"""TLS, proxies, and what may be seen from where."""

from __future__ import annotations

import ssl
from contextlib import AsyncExitStack
from pathlib import Path

from accounts import enrol, http_client, owner_link, signed_in_owner
from conftest import StartServer
from meetinghouse.app.local import lan_urls, qr_svg

FORWARDED = {"x-forwarded-for": "203.0.113.9", "x-forwarded-proto": "https"}


async def test_a_self_made_certificate_serves_the_local_network(start_server: StartServer, tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        running = await stack.enter_async_context(start_server(server={"tls": "self_signed", "listen": "localhost:0"}))
        assert running.url.startswith("https://localhost:")
        trust = ssl.create_default_context(cafile=str(tmp_path / "data" / "tls" / "certificate.pem"))
        headers = {"origin": running.url}
        http = await stack.enter_async_context(http_client(base_url=running.url, verify=trust, headers=headers))
        answer = await http.get("/healthz")
        assert answer.headers["strict-transport-security"]
        await enrol(http, await owner_link(running), name="Ana", email="ana@example.org")
        assert all(cookie.secure for cookie in http.cookies.jar)
        assert (await http.get("/api/v1/me")).status_code == 200


async def test_forwarded_addresses_are_believed_from_named_proxies_only(start_server: StartServer) -> None:
    async with start_server() as running, http_client(base_url=running.url) as http:
        answer = await http.get("/metrics", headers=FORWARDED)
        assert answer.status_code == 200
        assert "strict-transport-security" not in answer.headers
    proxied = {"trusted_proxies": ["127.0.0.1"]}
    async with (
        start_server(server=proxied) as running,
        http_client(base_url=running.url) as http,
    ):
        answer = await http.get("/metrics", headers=FORWARDED)
        assert (answer.status_code, answer.json()["code"]) == (401, "not_signed_in")
        assert answer.headers["strict-transport-security"]


async def test_an_administrators_token_reads_metrics_from_anywhere(start_server: StartServer) -> None:
    nowhere = {"metrics_networks": ["192.0.2.0/24"]}
    async with start_server(telemetry=nowhere) as running, signed_in_owner(running) as owner:
        asked = {scope: {"name": scope, "scopes": [scope]} for scope in ("node", "meetings:read")}
        tokens = {
            scope: (await owner.http.post("/api/v1/tokens", json=ask)).json()["token"] for scope, ask in asked.items()
        }
        async with http_client(base_url=running.url) as http:
            for scope, status in (("node", 200), ("meetings:read", 404)):
                answer = await http.get("/metrics", headers={"authorization": f"Bearer {tokens[scope]}"})
                assert answer.status_code == status
            assert (await http.get("/metrics")).status_code == 401


def test_the_local_network_is_shown_only_where_it_can_come() -> None:
    assert lan_urls("http://localhost:8080", "127.0.0.1") == []
    assert lan_urls("https://localhost:8443", "192.168.1.5") == ["https://192.168.1.5:8443"]
    assert lan_urls("https://localhost:8443", "fd00::5") == ["https://[fd00::5]:8443"]
    assert lan_urls("https://meet.example.org", "0.0.0.0") == ["https://meet.example.org"]  # noqa: S104
    assert qr_svg("https://192.168.1.5:8443").startswith(b"<svg")

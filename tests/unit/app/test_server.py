"""The server as a whole: it starts, answers, refuses in one shape, and stops."""

from __future__ import annotations

import socket

import httpx2
import pytest

from accounts import Owner
from meetinghouse.app.pages import STATIC
from meetinghouse.app.server import Running, _bind, running_server
from meetinghouse.app.services import StartError
from meetinghouse.db.tenancy import Across


async def test_health_and_readiness(client: httpx2.AsyncClient) -> None:
    assert (await client.get("/healthz")).json() == {"status": "ok"}
    ready = await client.get("/readyz")
    assert ready.status_code == 200
    assert ready.json() == {"status": "ok", "parts": {"database": True, "media": True}}


def test_no_part_of_an_answer_waits_for_the_acknowledgement_of_another() -> None:
    with _bind("127.0.0.1:0") as listener, socket.create_connection(listener.getsockname()):
        accepted, _ = listener.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


async def test_every_error_is_a_problem_with_a_code(client: httpx2.AsyncClient) -> None:
    json = {"content-type": "application/json"}
    asked = {
        "not_found": await client.get("/api/v1/nothing"),
        "method_not_allowed": await client.put("/api/v1/version"),
        "not_signed_in": await client.get("/api/v1/me"),
        "token_refused": await client.get("/api/v1/me", headers={"authorization": "Bearer x"}),
        "invalid_request": await client.post("/api/v1/session", content="{", headers=json),
        "too_large": await client.post("/api/v1/session", content="x" * 2_000_000, headers=json),
        "unsupported_media_type": await client.post("/api/v1/session", data={"email": "a"}),
        "cross_origin": await client.post("/api/v1/session", json={}, headers={"origin": "https://evil.example"}),
    }
    for code, answer in asked.items():
        problem = answer.json()
        assert answer.headers["content-type"] == "application/problem+json", code
        assert problem["code"] == code
        assert problem["status"] == answer.status_code
        assert {"type", "title", "detail"} <= set(problem)


async def test_a_mistyped_address_shows_people_a_page_and_programs_a_problem(client: httpx2.AsyncClient) -> None:
    browser = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    expected = "text/html" if (STATIC / "index.html").exists() else "application/problem+json"
    for path in ("/nothing", "/j", "/meetings/a/b"):
        shown = await client.get(path, headers=browser)
        assert shown.status_code == 404
        assert shown.headers["content-type"].split(";")[0] == expected, path
        assert "default-src 'none'" in shown.headers["content-security-policy"]
    for path in ("/api/v1/nothing", "/assets/nothing.js", "/calendar/nothing.ics"):
        asked = await client.get(path, headers=browser)
        assert (asked.status_code, asked.headers["content-type"]) == (404, "application/problem+json"), path


async def test_json_of_any_depth_is_refused_without_a_fault(client: httpx2.AsyncClient) -> None:
    for text in ("[" * 10_000, '{"email":' * 10_000, '{"email":"a","password":"b","x":' + "[" * 10_000):
        answer = await client.post("/api/v1/session", content=text, headers={"content-type": "application/json"})
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")


async def test_every_answer_carries_the_strict_policy(client: httpx2.AsyncClient) -> None:
    for path in ("/", "/healthz", "/api/v1/version", "/api/v1/docs", "/nothing", "/j/abc"):
        headers = (await client.get(path)).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "http" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"


async def test_the_api_describes_itself_without_a_foreign_host(client: httpx2.AsyncClient) -> None:
    description = (await client.get("/api/v1/openapi.json")).json()
    assert "/api/v1/session" in description["paths"]
    page = (await client.get("/api/v1/docs")).text
    assert "/api/v1/session" in page
    assert "://" not in page
    assert "<script" not in page


async def test_metrics_name_routes_not_requests(client: httpx2.AsyncClient) -> None:
    await client.get("/j/a-very-secret-link")
    text = (await client.get("/metrics")).text
    assert 'route="/j/{link_id}"' in text
    assert "a-very-secret-link" not in text


async def test_two_servers_on_one_directory_are_refused(server: Running) -> None:
    with pytest.raises(StartError, match="Another server already uses"):
        async with running_server(server.services.config):
            pass


@pytest.mark.sqlite
async def test_a_full_disk_is_told_and_passes(server: Running, owner: Owner) -> None:
    await _limit_pages(server, full=True)
    ask = {"name": "x" * 80, "scopes": ["meetings:read"]}
    answers = [await owner.http.post("/api/v1/tokens", json=ask) for _ in range(40)]
    assert {answer.status_code for answer in answers} == {201, 503}
    assert answers[-1].json()["code"] == "storage_unavailable"
    assert (await owner.http.get("/api/v1/me")).status_code == 200
    await _limit_pages(server, full=False)
    assert (await owner.http.post("/api/v1/tokens", json=ask)).status_code == 201


async def _limit_pages(server: Running, *, full: bool) -> None:
    """Let the connection that writes believe that the disk ends here, or does not."""
    async with server.services.db.write(Across.UPKEEP) as write:
        pages = (await write.connection.exec_driver_sql("PRAGMA page_count")).scalar()
        await write.connection.exec_driver_sql(f"PRAGMA max_page_count = {pages if full else 1 << 30}")


async def test_head_answers_as_get_without_a_body(client: httpx2.AsyncClient) -> None:
    for path in ("/healthz", "/api/v1/version", "/api/v1/me"):
        got, head = await client.get(path), await client.head(path)
        assert head.status_code == got.status_code
        assert head.headers["content-length"] == got.headers["content-length"]
        assert head.content == b""

"""Providers of organisations: a real one (`web/e2e/provider`), and one that lies as it is told, which no real one does."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
from joserfc import jwt
from joserfc.jwk import Key, KeySet, RSAKey

from accounts import Owner, http_client

_PROGRAM = Path(__file__).resolve().parents[1] / "web" / "e2e" / "provider" / "provider.mjs"
LOOPBACK = ("127.0.0.0/8", "::1/128")
# Signing takes the same key everywhere: making one costs more than all that is done with it.
_KEY = RSAKey.generate_key(2048, {"kid": "first", "use": "sig", "alg": "RS256"})


@contextmanager
def real_provider() -> Iterator[str]:
    """The issuer of a provider that runs: its people are whoever signs in there, `boss…` is in the group `meet-admins`."""
    with subprocess.Popen(  # noqa: S603 (our own)
        ["node", str(_PROGRAM)],  # noqa: S607 (as `make` finds it)
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.stdin.close()


async def register(issuer: str, redirect_uri: str, **more: Any) -> dict[str, str]:  # noqa: ANN401 (RFC 7591)
    """A client of the real provider: its id and secret."""
    async with http_client() as http:
        answer = await http.post(f"{issuer}/reg", json={"redirect_uris": [redirect_uri], **more})
    assert answer.status_code == 201, answer.text
    return {name: answer.json()[name] for name in ("client_id", "client_secret")}


async def sign_in_at(location: str, login: str) -> dict[str, str]:
    """What a person does at the real provider; gives what the browser comes back with."""
    parts = urlsplit(location)
    async with http_client(base_url=f"{parts.scheme}://{parts.netloc}") as http:
        page = await _followed(http, await http.get(location))
        assert page.status_code == 200, page.text
        answer = await http.post(page.url, data={"login": login})
        back = (await _followed(http, answer)).headers["location"]
    return {
        name: values[0] for name, values in parse_qs(urlsplit(back).query).items() if name in {"state", "code", "iss"}
    }


async def _followed(http: httpx2.AsyncClient, answer: httpx2.Response) -> httpx2.Response:
    """Where redirects lead: to a page of the provider, or away from it."""
    own = ("/", str(http.base_url).rstrip("/"))
    while answer.is_redirect and answer.headers["location"].startswith(own):
        answer = await http.get(answer.headers["location"])
    return answer


@dataclass
class Liar:
    """A provider that says what it is told to: `lies` changes claims, `header` the ID token's, the rest what stands there."""

    issuer: str
    client_id: str = "client"
    lies: dict[str, Any] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)
    alg: str = "RS256"
    key: Key = field(default_factory=lambda: _KEY)
    shown: list[Key] = field(default_factory=lambda: [_KEY])
    status: int = 200
    asked: list[str] = field(default_factory=list)
    nonce: str = ""
    now: Callable[[], int] = lambda: 0

    def document(self) -> dict[str, Any]:
        """The metadata."""
        ends = {"authorization_endpoint": "auth", "token_endpoint": "token", "jwks_uri": "jwks"}
        return {"issuer": self.issuer, **{name: f"{self.issuer}/{end}" for name, end in ends.items()}, **self.metadata}

    def token(self) -> str:
        """The ID token."""
        now = self.now()
        claims = {
            "iss": self.issuer,
            "aud": self.client_id,
            "sub": "s-1",
            "iat": now,
            "exp": now + 300,
            "nonce": self.nonce,
            "email": "ben@harbour.example",
            "email_verified": True,
            **self.lies,
        }
        claims = {name: value for name, value in claims.items() if value is not None}
        if self.alg == "none":
            import base64  # noqa: PLC0415

            parts = [json.dumps(part).encode() for part in ({"alg": "none", "kid": "first"}, claims)]
            return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts) + "."
        return jwt.encode({"alg": self.alg, "kid": self.key.kid}, claims, self.key)

    def answer(self, path: str) -> dict[str, Any]:
        """What is answered at a path."""
        if path.endswith("openid-configuration"):
            return self.document()
        if path == "/jwks":
            return dict(KeySet(list(self.shown)).as_dict(private=False))
        return {"id_token": self.token(), "access_token": "a", "token_type": "Bearer"}

    def begun(self, location: str) -> str:
        """Remember what a sign-in asks for; gives its state."""
        query = parse_qs(urlsplit(location).query)
        self.nonce = query["nonce"][0]
        return query["state"][0]


@contextmanager
def lying_provider(now: Callable[[], int]) -> Iterator[Liar]:
    """Such a provider on loopback, with its clock."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("content-length", 0)))
            liar.asked.append(self.path)
            body = json.dumps(liar.answer(self.path)).encode()
            self.send_response(liar.status)
            self.send_header("location", "http://localhost/")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, *_: Any) -> None:  # noqa: ANN401 (the library's own)
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    liar = Liar(f"http://127.0.0.1:{server.server_address[1]}", now=now)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield liar
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


async def put_provider(owner: Owner, issuer: str, client_id: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401
    """Set the organisation's provider."""
    answer = await owner.http.put("/api/v1/identity/provider", json={"issuer": issuer, "client_id": client_id, **more})
    assert answer.status_code == 200, answer.text
    shown: dict[str, Any] = answer.json()
    return shown


async def begin(http: httpx2.AsyncClient, owner: Owner) -> str:
    """Begin a sign-in at the organisation's provider; gives where the browser goes."""
    answer = await http.post("/api/v1/session/organisation", json={"organisation": owner.me["tenant"]["id"]})
    assert answer.status_code == 200, answer.text
    return str(answer.json()["location"])


async def come_back(http: httpx2.AsyncClient, **answer: str) -> httpx2.Response:
    """Come back from the provider."""
    return await http.post("/api/v1/session/organisation/answer", json=answer)

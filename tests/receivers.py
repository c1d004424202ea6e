"""Another company's web server, which takes webhooks: a real one on loopback, without our own code in it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Receiver:
    """What came in; `answers` are the statuses of the next answers, then 204."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}/statements"
        self.answers: list[int] = []
        self.heard: list[tuple[dict[str, str], bytes]] = []

    def is_signed(self, secret: str, number: int = -1) -> bool:
        """Whether what came is signed with a secret, as Standard Webhooks says."""
        headers, body = self.heard[number]
        key = base64.b64decode(secret.removeprefix("whsec_"))
        content = b".".join((headers["webhook-id"].encode(), headers["webhook-timestamp"].encode(), body))
        wanted = base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
        return headers["webhook-signature"] == f"v1,{wanted}"


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A server that takes what it is sent."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            receiver.heard.append(({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(receiver.answers.pop(0) if receiver.answers else 204)
            self.send_header("location", receiver.url)
            self.end_headers()

        def log_message(self, *_: Any) -> None:  # noqa: ANN401 (the library's own)
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver = Receiver(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

"""A running server's API, for commands with `--server`; the token comes from the environment."""

from __future__ import annotations

from typing import Any

import httpx2

from meetinghouse.security.secret import Secret

# A server on another continent under load; more would only make a dead one look slow.
_TIMEOUT_SECONDS = 15


class ServerRefusedError(Exception):
    """The server said no, or did not answer; the text is for the person at the terminal."""


def get(server: str, path: str, token: Secret) -> dict[str, Any]:
    """GET `/api/v1{path}`; as `post` otherwise."""
    return _ask("GET", server, path, token, None)


def post(server: str, path: str, token: Secret, body: dict[str, Any]) -> dict[str, Any]:
    """POST `body` to `/api/v1{path}` and give the answer.

    Raises:
        ServerRefusedError: with the server's own sentence where it has one.

    """
    return _ask("POST", server, path, token, body)


def _ask(method: str, server: str, path: str, token: Secret, body: dict[str, Any] | None) -> dict[str, Any]:
    url = f"{server.rstrip('/')}/api/v1{path}"
    headers = {"authorization": f"Bearer {token.reveal()}"}
    try:
        answer = httpx2.request(method, url, json=body, headers=headers, timeout=_TIMEOUT_SECONDS)
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        message = f"{server} does not answer: {error}."
        raise ServerRefusedError(message) from None
    if answer.is_success:
        return dict(answer.json()) if answer.content else {}
    try:
        problem = answer.json()
        message = f"{problem['detail']} ({problem['code']})"
    except (ValueError, KeyError, TypeError):
        message = f"{server} answered {answer.status_code}: is it a Meetinghouse server?"
    raise ServerRefusedError(message)

"""What the commands have in common: options, wrong usage, the token, JSON."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

Data = Annotated[Path | None, Parameter(help="The data directory (else $MEETINGHOUSE_DATA, else this user's).")]
ConfigFile = Annotated[Path | None, Parameter(help="The TOML file with the configuration.")]
Server = Annotated[str | None, Parameter(help="The URL of a running server; the token comes from $MEETINGHOUSE_TOKEN.")]
AsJson = Annotated[bool, Parameter(name="--json", negative="", help="Print JSON.")]


class UsageError(Exception):
    """The command line is wrong: exit 2."""


def token_from_environment() -> Any:  # noqa: ANN401 (a Secret, whose module is loaded late)
    """$MEETINGHOUSE_TOKEN, which a server is asked with."""
    from meetinghouse.app.client import ServerRefusedError
    from meetinghouse.security.secret import Secret

    token = os.environ.get("MEETINGHOUSE_TOKEN", "")
    if not token:
        message = (
            "Put a token into the environment variable MEETINGHOUSE_TOKEN (`meetinghouse token create` makes one)."
        )
        raise ServerRefusedError(message)
    return Secret(token)


def print_json(value: Any) -> None:  # noqa: ANN401 (whatever a command found)
    """As other programs want it."""
    import msgspec

    print(msgspec.json.encode(value).decode(), flush=True)

"""The commands, one short function each.

Exit 0 on success, 1 on a refusal or failed check with a sentence on stderr, 2 on wrong usage. Secrets are never arguments.
Imports are inside the commands, so that each loads only what it needs.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import re
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, NoReturn

from cyclopts import App, CycloptsError, Parameter

import meetinghouse.cli_market_sets  # noqa: F401 (adds its commands)
from meetinghouse.cli_backup import backup_app, restore_app
from meetinghouse.cli_billing import billing_app
from meetinghouse.cli_market import market_app
from meetinghouse.cli_options import AsJson, ConfigFile, Data, Server, UsageError, print_json, token_from_environment
from meetinghouse.cli_person import person_app

_DURATION = re.compile(r"(\d+)([smhd]?)")
# Between two looks whether the last meeting has ended.
_DRAIN_LOOK_SECONDS = 2
_UNITS = {"": "seconds", "s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def _version() -> str:
    from meetinghouse.app.version import program_version

    return program_version()


app = App(name="meetinghouse", help="Video conferencing that nobody can take away from its users.", version=_version)
owner_app = App(name="owner", help="The first owner.")
token_app = App(name="token", help="API tokens.")
meeting_app = App(name="meeting", help="Meetings.")
config_app = App(name="config", help="The configuration.")
for part in (
    owner_app,
    token_app,
    meeting_app,
    config_app,
    market_app,
    billing_app,
    backup_app,
    restore_app,
    person_app,
):
    app.command(part)


@app.command
def serve(
    *,
    config: ConfigFile = None,
    data: Data = None,
    listen: Annotated[str | None, Parameter(help="HOST:PORT of the web; port 0 is any free one.")] = None,
    media: Annotated[str | None, Parameter(help="HOST:PORT of the media; port 0 is any free one.")] = None,
    roles: Annotated[str, Parameter(help="What this process does.")] = "web,media",
    ready_file: Annotated[Path | None, Parameter(help="Written once the server answers.")] = None,
    as_json: AsJson = False,
) -> None:
    """Run the server until it is told to stop."""
    # Nothing that is made at the start is ever garbage: looking for some takes a twentieth of it. `run_server` begins to.
    gc.disable()
    from meetinghouse.app.announce import announcement_text
    from meetinghouse.app.run import effective_config, run_server

    if {role.strip() for role in roles.split(",")} != {"web", "media"}:
        raise UsageError('--roles: this version runs both in one process; write "web,media" or leave it out.')
    loaded = effective_config(config, data, os.environ, listen=listen, media=media)
    run_server(
        loaded,
        ready_file,
        lambda said: print_json(said) if as_json else print(announcement_text(said, loaded.data_directory), flush=True),
    )


@owner_app.command
def link(*, data: Data = None, config: ConfigFile = None, as_json: AsJson = False) -> None:
    """Print a one-time link with which the first owner sets a password or a passkey."""
    from meetinghouse.app.announce import noted_url
    from meetinghouse.app.run import effective_config
    from meetinghouse.app.services import on_data
    from meetinghouse.people.enrolment import make_owner_link

    loaded = effective_config(config, data, os.environ)
    url = loaded.server.public_url.rstrip("/") or noted_url(loaded.data_directory)

    async def make() -> Any:  # noqa: ANN401 (a struct to print)
        async with on_data(loaded) as (db, keys, clock):
            return await make_owner_link(db, keys, loaded.people, url, clock.now())

    made = asyncio.run(make())
    print_json(made) if as_json else print(made.link)


@token_app.command
def create(
    *,
    data: Data = None,
    server: Server = None,
    member: Annotated[str | None, Parameter(help="The email of the member whom the token speaks for.")] = None,
    owner: Annotated[bool, Parameter(negative="", help="The token speaks for the first owner.")] = False,
    scope: Annotated[tuple[str, ...], Parameter(help="What it may do; all that the member may, when left out.")] = (),
    expires: Annotated[str, Parameter(help="How long it lives, such as 90s, 30m, 1h or 7d.")] = "1h",
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Make an API token; with --data it works beside a running server and before any owner has enrolled."""
    if owner == (member is not None):
        raise UsageError("Give either --owner or --member EMAIL.")
    if server is not None and data is not None:
        raise UsageError("Give either --data or --server.")
    lifetime = _duration(expires)
    made = (
        _token_from_server(server, member, scope, lifetime, owner=owner)
        if server is not None
        else _token_from_data(config, data, member, scope, lifetime)
    )
    shown = {key: made[key] for key in ("token", "expires_at", "scopes")}
    print(json.dumps(shown, indent=None if as_json else 2))


@meeting_app.command(name="create")
def create_meeting(
    *,
    server: Annotated[str, Parameter(help="The URL of a running server; the token comes from $MEETINGHOUSE_TOKEN.")],
    title: Annotated[str | None, Parameter(help="What the meeting is called.")] = None,
    lobby: Annotated[bool, Parameter(help="Whether people wait until the host admits them.")] = True,
    passcode: Annotated[bool, Parameter(help="Whether the meeting has a passcode.")] = True,
    as_json: AsJson = False,
) -> None:
    """Make a meeting and print its link."""
    from meetinghouse.app.client import post

    settings = {key: False for key, wanted in (("lobby", lobby), ("passcode", passcode)) if not wanted}
    body = {key: value for key, value in (("title", title), ("settings", settings)) if value}
    made = post(server, "/meetings", token_from_environment(), body)
    if as_json:
        print(json.dumps(made))
        return
    print(made["join_url"])
    print(f"number {made['number']}" + (f", passcode {made['passcode']}" if made.get("passcode") else ""))


@app.command
def doctor(*, config: ConfigFile = None, data: Data = None, as_json: AsJson = False) -> int:
    """Check ports, NAT, certificates, time, database and disk, and say what to do."""
    from meetinghouse.app.doctor import examine
    from meetinghouse.app.run import effective_config

    findings = examine(effective_config(config, data, os.environ))
    if as_json:
        print_json({"findings": findings})
    else:
        for finding in findings:
            print(f"{finding.status:<8} {finding.check:<12} {finding.detail}")
            if finding.remedy:
                print(f"{'':<21} → {finding.remedy}")
    return 1 if any(finding.status == "failed" for finding in findings) else 0


@app.command
def drain(
    *,
    server: Annotated[str, Parameter(help="The URL of a running server; the token comes from $MEETINGHOUSE_TOKEN.")],
    undo: Annotated[bool, Parameter(negative="", help="Take meetings again.")] = False,
    wait: Annotated[bool, Parameter(negative="", help="Return only when the last meeting has ended.")] = False,
    as_json: AsJson = False,
) -> None:
    """Let a server begin no meeting any more; those that are held go on. It lasts until the server stops."""
    from meetinghouse.app.client import post

    if undo and wait:
        raise UsageError("Give either --undo or --wait.")
    token = token_from_environment()
    state = post(server, "/node/drain", token, {"draining": not undo})
    while wait and state["sessions"]:
        time.sleep(_DRAIN_LOOK_SECONDS)
        state = post(server, "/node/drain", token, {})
    if as_json:
        print(json.dumps(state))
    else:
        print(f"{'takes meetings' if undo else 'draining'}, {state['sessions']} held")


@config_app.command
def show(*, config: ConfigFile = None, data: Data = None, as_json: AsJson = False) -> None:
    """Print the effective configuration, secrets redacted."""
    from meetinghouse.app.config import show_config
    from meetinghouse.app.run import effective_config

    shown = show_config(effective_config(config, data, os.environ))
    if as_json:
        print(json.dumps(shown))
        return
    for section, keys in shown.items():
        print(f"[{section}]")
        for key, value in keys.items():
            print(f"{key} = {json.dumps(value, ensure_ascii=False)}")
        print()


def main() -> NoReturn:
    """The program's entry."""
    from meetinghouse.telemetry.logs import configure_logs

    # `serve` sets its own; elsewhere only trouble is worth a line, and standard output belongs to the command's answer.
    configure_logs("warning", "text")
    try:
        sys.exit(
            app(sys.argv[1:], exit_on_error=False, print_error=True, result_action="return_int_as_exit_code_else_zero")
        )
    except (CycloptsError, UsageError) as error:
        _fail(error if isinstance(error, UsageError) else None, 2)
    except BrokenPipeError:
        # Whoever read the output has had enough (`| head`).
        sys.stderr.close()
        sys.exit(0)
    except Exception as error:
        if not _is_for_people(error):
            raise
        _fail(error, 1)


def _is_for_people(error: Exception) -> bool:
    """Whether the exception's text is a sentence for who typed the command; anything else is a fault and shows its trace."""
    from meetinghouse.app.client import ServerRefusedError
    from meetinghouse.app.config import ConfigError
    from meetinghouse.app.services import StartError
    from meetinghouse.security.refusal import Refusal

    return isinstance(error, ServerRefusedError | ConfigError | StartError | Refusal)


def _fail(error: Exception | None, status: int) -> NoReturn:
    if error is not None:
        print(getattr(error, "detail", None) or error, file=sys.stderr)
    sys.exit(status)


def _token_from_data(
    config: Path | None, data: Path | None, member: str | None, scopes: tuple[str, ...], lifetime: timedelta
) -> dict[str, Any]:
    import msgspec

    from meetinghouse.app.run import effective_config
    from meetinghouse.app.services import on_data
    from meetinghouse.people.model import Scope
    from meetinghouse.people.tokens import make_operators_token

    try:
        wanted = [Scope(scope) for scope in scopes] or None
    except ValueError as error:
        raise UsageError(f"--scope: {error}; there are {', '.join(Scope)}.") from None
    loaded = effective_config(config, data, os.environ)

    async def make() -> Any:  # noqa: ANN401 (a struct to print)
        async with on_data(loaded) as (db, keys, clock):
            return await make_operators_token(db, keys, clock, member_email=member, scopes=wanted, lifetime=lifetime)

    return dict(msgspec.to_builtins(asyncio.run(make())))


def _token_from_server(
    server: str, member: str | None, scopes: tuple[str, ...], lifetime: timedelta, *, owner: bool
) -> dict[str, Any]:
    from meetinghouse.app.client import post

    body: dict[str, Any] = {"name": "command line", "expires_in_seconds": int(lifetime.total_seconds())}
    body |= {"owner": True} if owner else {"member": member}
    if scopes:
        body["scopes"] = list(scopes)
    return post(server, "/tokens", token_from_environment(), body)


def _duration(text: str) -> timedelta:
    match = _DURATION.fullmatch(text)
    if match is None or not int(match[1]):
        raise UsageError(f"--expires: {text!r} is not a time; write for example 90s, 30m, 1h or 7d.")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})

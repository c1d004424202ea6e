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
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, NoReturn

from cyclopts import App, CycloptsError, Parameter

from meetinghouse.market.model import Channel, Rules, TenantKind, Verb

Data = Annotated[Path | None, Parameter(help="The data directory (else $MEETINGHOUSE_DATA, else this user's).")]
ConfigFile = Annotated[Path | None, Parameter(help="The TOML file with the configuration.")]
Server = Annotated[str | None, Parameter(help="The URL of a running server; the token comes from $MEETINGHOUSE_TOKEN.")]
AsJson = Annotated[bool, Parameter(name="--json", negative="", help="Print JSON.")]

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
market_app = App(name="market", help="Market rules: who may do what, where, from when.")
for part in (owner_app, token_app, meeting_app, config_app, market_app):
    app.command(part)


class UsageError(Exception):
    """The command line is wrong: exit 2."""


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
        lambda said: (
            _print_json(said) if as_json else print(announcement_text(said, loaded.data_directory), flush=True)
        ),
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
    _print_json(made) if as_json else print(made.link)


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
    made = post(server, "/meetings", _token(), body)
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
        _print_json({"findings": findings})
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
    token = _token()
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


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class MarketQuestion:
    """What is asked of market rules."""

    verb: Annotated[Verb, Parameter(help="What is to be done.")]
    at: Annotated[str, Parameter(help="When: a date (its midnight UTC) or a time such as 2020-08-23T00:00:00+08:00.")]
    country: Annotated[str | None, Parameter(help="Country or region of the billing address (ISO 3166).")] = None
    kind: TenantKind | None = None
    channel: Channel | None = None
    plan: str | None = None
    partner: Annotated[str | None, Parameter(help="The id of the partner through whom it is done.")] = None


@market_app.command
def check(
    asked: MarketQuestion,
    *,
    rules: Annotated[
        Path | None, Parameter(help="A file of rules; else the active ones of --data or --server.")
    ] = None,
    data: Data = None,
    server: Server = None,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> int:
    """Ask the rules: print the decision, with its rule and whom to ask instead. Exit 0 is allow, 1 deny."""
    import msgspec

    from meetinghouse.market.model import Question
    from meetinghouse.market.places import clean_place
    from meetinghouse.market.reading import time_of
    from meetinghouse.market.rules import Rulebook

    moment = time_of(asked.at)
    if moment is None:
        raise UsageError(f"--at: {asked.at!r} is no date and no time with an offset; write for example 2020-08-23.")
    place = None if asked.country is None else clean_place(asked.country)
    if asked.country is not None and place is None:
        raise UsageError(f"--country: {asked.country!r} is no country or region of ISO 3166, such as CN, HK or US-CA.")
    question = Question(
        verb=asked.verb,
        at=moment,
        country=place,
        kind=asked.kind,
        channel=asked.channel,
        plan=asked.plan,
        partner=asked.partner,
    )
    decision = Rulebook(_rules(rules, config, data, server)).decide(question)
    print(json.dumps(msgspec.to_builtins(decision), ensure_ascii=False, indent=None if as_json else 2))
    return 0 if decision.decision == "allow" else 1


@market_app.command
def lint(rules: Annotated[Path, Parameter(help="The file of rules.")], *, as_json: AsJson = False) -> int:
    """Name rules that never decide, and those whose order decides. Exit 1 when there is one that never decides."""
    from meetinghouse.market.lint import lint as find

    words = {
        "shadowed": "never decides: {by} do the same before it",
        "contradicted": "never decides, though it wants the opposite: {by} come first",
        "overlapping": "decides only what is left by {by}, which say the opposite about some of it",
    }
    findings = find(_rules(rules, None, None, None))
    if as_json:
        _print_json({"findings": findings})
    else:
        for finding in findings:
            print(f"{finding.rule}: {words[finding.kind].format(by=', '.join(finding.by))}")
    return 1 if any(finding.kind != "overlapping" for finding in findings) else 0


@market_app.command
def diff(
    before: Annotated[Path, Parameter(help="The earlier file of rules.")],
    after: Annotated[Path, Parameter(help="The later one.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Say what differs between two files of rules, rule by rule."""
    import msgspec

    from meetinghouse.market.differences import differences

    found = differences(_rules(before, None, None, None), _rules(after, None, None, None))
    if as_json:
        _print_json({"differences": found})
        return
    for one in found:
        print(f"{one.kind:<8} {one.rule}")
        for mark, side in (("-", one.was), ("+", one.now)):
            for key, value in side.items():
                print(f"  {mark} {key} = {msgspec.json.encode(value).decode()}")


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


def _rules(file: Path | None, config: Path | None, data: Path | None, server: str | None) -> Rules:
    from meetinghouse.app.client import get
    from meetinghouse.app.run import effective_config
    from meetinghouse.app.services import on_data
    from meetinghouse.market.reading import RulesError, read_rules, rules_of
    from meetinghouse.market.tables import active_rule_set

    if file is not None:
        try:
            return read_rules(file.read_text("utf-8"))
        except RulesError as error:
            raise UsageError("\n".join(f"{file}: {fault}" for fault in error.faults)) from None
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"{file} cannot be read: {error}.") from None
    if server is not None:
        return rules_of(get(server, "/market/rules/active", _token())["rules"])

    async def read() -> Rules:
        async with on_data(effective_config(config, data, os.environ)) as (db, _, _), db.read() as connection:
            return (await active_rule_set(connection)).content

    return asyncio.run(read())


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
    return post(server, "/tokens", _token(), body)


def _token() -> Any:  # noqa: ANN401 (a Secret, whose module is loaded late)
    from meetinghouse.app.client import ServerRefusedError
    from meetinghouse.security.secret import Secret

    token = os.environ.get("MEETINGHOUSE_TOKEN", "")
    if not token:
        message = (
            "Put a token into the environment variable MEETINGHOUSE_TOKEN (`meetinghouse token create` makes one)."
        )
        raise ServerRefusedError(message)
    return Secret(token)


def _duration(text: str) -> timedelta:
    match = _DURATION.fullmatch(text)
    if match is None or not int(match[1]):
        raise UsageError(f"--expires: {text!r} is not a time; write for example 90s, 30m, 1h or 7d.")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


def _print_json(value: Any) -> None:  # noqa: ANN401 (whatever a command found)
    import msgspec

    print(msgspec.json.encode(value).decode(), flush=True)

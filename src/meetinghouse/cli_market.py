"""`meetinghouse market …`: rules asked, examined, compared and tried."""

from __future__ import annotations

import asyncio
import json
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App, Parameter

from meetinghouse.cli_options import AsJson, ConfigFile, Data, Server, UsageError, print_json, token_from_environment
from meetinghouse.market.model import Channel, Rules, TenantKind, Verb

if TYPE_CHECKING:
    from meetinghouse.app.config import Config
    from meetinghouse.market.simulation import Simulation

market_app = App(name="market", help="Market rules: who may do what, where, from when.")


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
    from meetinghouse.market.rules import Rulebook

    moment = moment_of("--at", asked.at)
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
        print_json({"findings": findings})
    else:
        for finding in findings:
            print(f"{finding.rule}: {words[finding.kind].format(by=', '.join(finding.by))}")
    return 1 if any(finding.kind != "overlapping" for finding in findings) else 0


@market_app.command
def simulate(
    *,
    at: Annotated[str, Parameter(help="The date or time to try.")],
    compared_at: Annotated[str | None, Parameter(help="What it is compared with; now when left out.")] = None,
    rules: Annotated[Path | None, Parameter(help="A file of rules to try; else the active ones.")] = None,
    data: Data = None,
    server: Server = None,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Say what changes for the tenants there are, between now and another date, perhaps with other rules."""
    from meetinghouse.app.run import effective_config

    moments = {"at": moment_of("--at", at), "compared_at": moment_of("--compared-at", compared_at)}
    drafted = None if rules is None else _rules(rules, None, None, None)
    if server is not None:
        found = _simulated_by_server(server, moments, drafted)
    else:
        found = _simulated_on_data(effective_config(config, data, os.environ), moments, drafted)
    if as_json:
        print_json(found)
        return
    print(f"{found.tenants} tenants, {found.compared_at.isoformat()} and {found.at.isoformat()}")
    for change in found.changes:
        word = "lose" if change.becomes == "deny" else "get"
        print(f"{change.tenants:>8} {word} {change.verb} by {change.rule} (was {change.was_rule})", end="")
        print(f"; offered: {', '.join(change.offers)}" if change.offers else "")


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
        print_json({"differences": found})
        return
    for one in found:
        print(f"{one.kind:<8} {one.rule}")
        for mark, side in (("-", one.was), ("+", one.now)):
            for key, value in side.items():
                print(f"  {mark} {key} = {msgspec.json.encode(value).decode()}")


def _rules(file: Path | None, config: Path | None, data: Path | None, server: str | None) -> Rules:
    from meetinghouse.app.client import get
    from meetinghouse.app.run import effective_config
    from meetinghouse.app.services import on_data
    from meetinghouse.db.tenancy import Across
    from meetinghouse.market.actions import rules_at
    from meetinghouse.market.reading import rules_of

    if file is not None:
        return rules_file(file)
    if server is not None:
        return rules_of(get(server, "/market/rules/active", token_from_environment())["rules"])

    async def read() -> Rules:
        async with (
            on_data(effective_config(config, data, os.environ)) as (db, _, clock),
            db.read(Across.OPERATOR) as connection,
        ):
            return await rules_at(connection, clock.now())

    return asyncio.run(read())


def rules_file(file: Path) -> Rules:
    """What a file holds; every fault is named with its line."""
    from meetinghouse.market.reading import RulesError, read_rules

    try:
        return read_rules(file.read_text("utf-8"))
    except RulesError as error:
        raise UsageError("\n".join(f"{file}: {fault}" for fault in error.faults)) from None
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{file} cannot be read: {error}.") from None


def moment_of(option: str, text: str | None) -> datetime:
    """A date or time of the command line; now without one."""
    from meetinghouse.db.clock import SystemClock
    from meetinghouse.market.reading import time_of

    if text is None:
        return SystemClock().now()
    moment = time_of(text)
    if moment is None:
        raise UsageError(f"{option}: {text!r} is no date and no time with an offset; write for example 2020-08-23.")
    return moment


def _simulated_on_data(loaded: Config, moments: dict[str, datetime], drafted: Rules | None) -> Simulation:
    from meetinghouse.app.services import on_data
    from meetinghouse.market.actions import try_rules

    async def find() -> Simulation:
        async with on_data(loaded) as (db, _, _):
            return await try_rules(db, drafted, moments["compared_at"], moments["at"])

    return asyncio.run(find())


def _simulated_by_server(server: str, moments: dict[str, datetime], drafted: Rules | None) -> Simulation:
    import msgspec

    from meetinghouse.app.client import post
    from meetinghouse.market.reading import raw_of
    from meetinghouse.market.simulation import Simulation

    body: dict[str, Any] = {name: moment.isoformat() for name, moment in moments.items()}
    if drafted is not None:
        body["rules"] = raw_of(drafted)
    return msgspec.convert(post(server, "/market/simulations", token_from_environment(), body), Simulation)

"""`meetinghouse market …`: versions of the rules, from the draft to being in force."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from meetinghouse.cli_market import market_app, moment_of, rules_file
from meetinghouse.cli_options import AsJson, ConfigFile, Data, Server, UsageError, print_json, token_from_environment

if TYPE_CHECKING:
    from meetinghouse.market.context import Market
    from meetinghouse.people.model import Actor

Version = Annotated[str, Parameter(help="The version's number, or its id.")]


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Where:
    """Whose rules, and who asks."""

    data: Data = None
    server: Server = None
    config: ConfigFile = None
    member: Annotated[
        str | None, Parameter(help="With --data: the email of who does it; the first owner when left out.")
    ] = None
    as_json: AsJson = False


@market_app.command
def sets(where: Where | None = None) -> None:
    """List the versions of the rules, the newest first."""
    where = where or Where()
    found = _ask(where, "GET", "/market/rules", None, _listed)["items"]
    if where.as_json:
        print_json({"items": found})
        return
    for one in found:
        print(f"{one['version']:>4}  {one['status']:<9}  {one['name']}")


@market_app.command
def draft(
    rules: Annotated[Path, Parameter(help="The file of rules.")],
    *,
    name: Annotated[str, Parameter(help="What the version is called.")],
    where: Where | None = None,
) -> None:
    """Keep a file of rules as the draft of a new version."""
    from meetinghouse.market.reading import raw_of

    read = rules_file(rules)

    async def act(market: Market, actor: Actor) -> Any:  # noqa: ANN401 (a struct)
        from meetinghouse.market.set_actions import do_draft

        return await do_draft(market, actor, name, read)

    _say(where, _ask(where, "POST", "/market/rules", {"name": name, "rules": raw_of(read)}, act), "drafted")


@market_app.command
def submit(version: Version, *, where: Where | None = None) -> None:
    """Have a draft decided on; it can be changed no more."""

    async def act(market: Market, actor: Actor) -> Any:  # noqa: ANN401
        from meetinghouse.market.set_actions import do_submit

        return await do_submit(market, actor, version, await _revision(market, version))

    _say(where, _decide(where, version, "submit", act), "submitted")


@market_app.command
def approve(version: Version, *, where: Where | None = None) -> None:
    """Agree to a submitted version. Two different people must."""

    async def act(market: Market, actor: Actor) -> Any:  # noqa: ANN401
        from meetinghouse.market.set_actions import do_approve

        return await do_approve(market, actor, version, await _revision(market, version))

    _say(where, _decide(where, version, "approve", act), "approved")


@market_app.command
def activate(
    version: Version,
    *,
    at: Annotated[str | None, Parameter(help="The date or time from which it holds; now when left out.")] = None,
    where: Where | None = None,
) -> None:
    """Put an approved version in force, now or from a date on."""
    moment = None if at is None else moment_of("--at", at)

    async def act(market: Market, actor: Actor) -> Any:  # noqa: ANN401
        from meetinghouse.market.set_actions import do_activate

        return await do_activate(market, actor, version, moment)

    body = {} if moment is None else {"at": moment.isoformat()}
    made = _ask(where, "POST", f"/market/rules/{version}/activate", body, act)
    if where is not None and where.as_json:
        print_json(made)
    else:
        print(f"version {version} is in force from {made['starts_at']} on")


@market_app.command
def restore(
    version: Version,
    *,
    instead_of: Annotated[str, Parameter(help="The version that is in force.")],
    where: Where | None = None,
) -> None:
    """Roll back at once: put an earlier version in force again, as a new one."""

    async def act(market: Market, actor: Actor) -> Any:  # noqa: ANN401
        from meetinghouse.market.set_actions import do_restore

        return (await do_restore(market, actor, version, instead_of))[0]

    body = {"instead_of": instead_of}
    _say(where, _ask(where, "POST", f"/market/rules/{version}/restore", body, act), f"in force, as {version} was")


def _say(where: Where | None, made: dict[str, Any], what: str) -> None:
    if where is not None and where.as_json:
        print_json({key: value for key, value in made.items() if key != "rules"})
    else:
        print(f"version {made['version']} {what}")


def _decide(
    where: Where | None, version: str, act: str, on_data: Callable[[Market, Actor], Awaitable[Any]]
) -> dict[str, Any]:
    body = None
    if where is not None and where.server is not None:
        from meetinghouse.app.client import get

        read = get(where.server, f"/market/rules/{version}", token_from_environment())
        body = {"revision": read["revision"]}
    return _ask(where, "POST", f"/market/rules/{version}/{act}", body, on_data)


def _ask(
    where: Where | None,
    method: str,
    path: str,
    body: dict[str, Any] | None,
    on_data: Callable[[Market, Actor], Awaitable[Any]],
) -> dict[str, Any]:
    """The answer of the server, or of the same action on the data."""
    import msgspec

    from meetinghouse.app.client import get, post

    where = where or Where()
    if where.server is None:
        return dict(msgspec.to_builtins(asyncio.run(_on_data(where, on_data))))
    if where.data is not None or where.member is not None:
        raise UsageError("Give --data, perhaps with --member, or --server.")
    token = token_from_environment()
    return get(where.server, path, token) if method == "GET" else post(where.server, path, token, body or {})


async def _on_data(where: Where, act: Callable[[Market, Actor], Awaitable[Any]]) -> Any:  # noqa: ANN401
    from meetinghouse.app.run import effective_config
    from meetinghouse.app.services import on_data
    from meetinghouse.db.tenancy import Across
    from meetinghouse.market.context import Market
    from meetinghouse.market.decision_log import DecisionLog
    from meetinghouse.people.tokens import operators_member

    loaded = effective_config(where.config, where.data, os.environ)
    async with on_data(loaded) as (db, _, clock):
        async with db.read(Across.OPERATOR) as connection:
            actor = await operators_member(connection, where.member, clock.now())
        decisions = DecisionLog(db, clock)
        return await act(Market(db=db, clock=clock, settings=loaded.market, decisions=decisions), actor)


async def _listed(market: Market, _: Actor) -> dict[str, Any]:
    from meetinghouse.market.set_views import lines_page

    return {"items": (await lines_page(market, None, None)).items}


async def _revision(market: Market, version: str) -> int:
    from meetinghouse.db.tenancy import Across
    from meetinghouse.market.set_actions import existing

    async with market.db.read(Across.OPERATOR) as connection:
        return (await existing(connection, version)).revision

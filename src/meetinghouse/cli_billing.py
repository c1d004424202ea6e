"""`meetinghouse billing …`: statements."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App, Parameter

from meetinghouse.cli_options import AsJson, ConfigFile, Data, Server, UsageError, print_json, token_from_environment

if TYPE_CHECKING:
    from collections.abc import Callable

    from meetinghouse.app.config import Config
    from meetinghouse.billing.wire import StatementView

billing_app = App(name="billing", help="What was sold, used, owed and paid.")


@billing_app.command
def statements(
    *,
    month: Annotated[str, Parameter(help="The month, such as 2026-11.")],
    organisation: Annotated[
        str | None, Parameter(help="The id of the operator, a partner or a tenant (with --data); all when left out.")
    ] = None,
    data: Data = None,
    server: Server = None,
    config: ConfigFile = None,
    as_csv: Annotated[bool, Parameter(name="--csv", negative="", help="Print CSV, a row for each line.")] = False,
    as_json: AsJson = False,
) -> None:
    """Print the accounts of a month: what each buyer owes its seller, and for what."""
    from meetinghouse.app.run import effective_config
    from meetinghouse.billing.rules.periods import month_period
    from meetinghouse.billing.wire import csv_header
    from meetinghouse.security.refusal import Refusal

    if as_csv and as_json:
        raise UsageError("Give either --csv or --json.")
    if server is not None and organisation is not None:
        raise UsageError("With --server the statements are the token's organisation's: leave --organisation out.")
    try:
        month_period(month)
    except Refusal as refusal:
        raise UsageError(f"--month: {refusal.detail}") from None
    found: list[StatementView] = []
    say = found.extend if as_json else _say_csv if as_csv else _say
    if as_csv:
        print(csv_header(), end="")
    if server is not None:
        _from_server(server, month, say)
    else:
        asyncio.run(_from_data(effective_config(config, data, os.environ), month, organisation, say))
    if as_json:
        print_json({"statements": found})


def _say(some: list[StatementView]) -> None:
    for one in some:
        amounts = f"opening {one.opening}, charges {one.charges}, credits {one.credits}, payments {one.payments}"
        print(f"{one.month} {one.seller} -> {one.buyer}: {amounts}, closing {one.closing} {one.currency}")


def _say_csv(some: list[StatementView]) -> None:
    from meetinghouse.billing.wire import csv_of

    print(csv_of(some), end="")


async def _from_data(
    loaded: Config, month: str, organisation: str | None, say: Callable[[list[StatementView]], None]
) -> None:
    from meetinghouse.app.services import on_data
    from meetinghouse.billing.accounts import all_statements, check_month
    from meetinghouse.billing.wire import statement_view

    async with on_data(loaded) as (db, _, clock):
        async for some in all_statements(db, organisation, check_month(month, clock.now())):
            say([statement_view(one) for one in some])


def _from_server(server: str, month: str, say: Callable[[list[StatementView]], None]) -> None:
    import msgspec

    from meetinghouse.app.client import get
    from meetinghouse.billing.wire import StatementView

    cursor: Any = ""
    while cursor is not None:
        page = get(server, f"/billing/statements?month={month}&cursor={cursor}", token_from_environment())
        say(msgspec.convert(page["items"], list[StatementView]))
        cursor = page["next"]

"""What is asked of market rules without changing any."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from meetinghouse.db.engine import Database
from meetinghouse.db.tenancy import Across
from meetinghouse.market import set_tables, tables
from meetinghouse.market.lifecycle import in_force
from meetinghouse.market.model import Rules
from meetinghouse.market.reading import RulesError, rules_of
from meetinghouse.market.rules import Rulebook
from meetinghouse.market.simulation import Simulation, simulate
from meetinghouse.security.refusal import Refusal

# Of the faults of a set that comes without lines, which a person reads.
_SHOWN_FAULTS = 20


def check_rules(raw: Any) -> Rules:  # noqa: ANN401 (a stranger's value)
    """Rules in the shape of the file.

    Raises:
        Refusal: 422 `invalid_rules`, which names what is wrong.

    """
    try:
        return rules_of(raw)
    except RulesError as error:
        raise Refusal(422, "invalid_rules", " ".join(map(str, error.faults[:_SHOWN_FAULTS]))) from None


async def rules_at(connection: AsyncConnection, at: datetime) -> Rules:
    """The rules in force at `at`, by what is activated today; without any the defaults decide."""
    current = in_force(await set_tables.activations(connection), at)
    return Rules() if current is None else await set_tables.rules_in(connection, current.rule_set_id)


async def try_rules(db: Database, drafted: Rules | None, compared_at: datetime, at: datetime) -> Simulation:
    """What changes for the tenants there are between the rules in force at `compared_at` and, at `at`, those drafted.

    `drafted` None is the rules that will be in force at `at`: what time alone changes.
    """
    async with db.read(Across.OPERATOR) as connection:
        before = Rulebook(await rules_at(connection, compared_at))
        after = Rulebook(await rules_at(connection, at) if drafted is None else drafted)
        groups = await tables.tenant_groups(connection)
    return simulate(groups, before, compared_at, after, at)

"""What is done with market rules."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from meetinghouse.db.engine import Database
from meetinghouse.market import tables
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


async def try_rules(db: Database, drafted: Rules | None, compared_at: datetime, at: datetime) -> Simulation:
    """What changes for the tenants there are between the active rules at `compared_at` and, at `at`, those drafted.

    `drafted` None is the active rules: what time alone changes.
    """
    async with db.read() as connection:
        active = (await tables.active_rule_set(connection)).content
        groups = await tables.tenant_groups(connection)
    before = Rulebook(active)
    after = before if drafted is None else Rulebook(drafted)
    return simulate(groups, before, compared_at, after, at)

"""Market rules of tests: put in force past the two people whom it takes."""

from __future__ import annotations

from typing import Any

from meetinghouse.app.server import Running
from meetinghouse.db.ids import new_id
from meetinghouse.db.tenancy import Across
from meetinghouse.market import set_tables as tables
from meetinghouse.market.model import Activation, RuleSet
from meetinghouse.market.reading import rules_of

VERBS = ["register", "host", "join", "buy", "upgrade", "renew", "support"]


def rule(name: str, verbs: list[str], decision: str = "deny", **more: Any) -> dict[str, Any]:  # noqa: ANN401 (a rule)
    """A rule in the shape of the file."""
    return {"id": name, "verbs": verbs, "decision": decision, **more}


def raw_rules(*rules: dict[str, Any]) -> dict[str, Any]:
    """Rules, after which all else is allowed, in the shape of the file."""
    return {"version": 1, "rule": [*rules, rule("rest", VERBS, "allow")]}


async def put_in_force(running: Running, raw: dict[str, Any]) -> RuleSet:
    """Add a version with these rules and activate it; it binds once a second has passed."""
    now = running.services.clock.now()
    async with running.services.db.write(Across.UPKEEP) as write:
        version = await tables.next_version(write.connection)
        made = RuleSet(id=new_id(), version=version, name="test", revision=1, created_at=now, submitted_at=now)
        await tables.insert_rule_set(write.connection, made, rules_of(raw))
        activation = Activation(
            id=new_id(),
            sequence=len(await tables.activations(write.connection)) + 1,
            rule_set_id=made.id,
            starts_at=now,
            created_at=now,
            created_by=None,
            began_at=now,
        )
        await tables.insert_activation(write.connection, activation)
    return made

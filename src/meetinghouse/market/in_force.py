"""The rules that are in force, as every decision asks for them: read once a second at most, made ready once a version."""

from __future__ import annotations

from dataclasses import dataclass

import structlog

from meetinghouse.db.clock import Clock
from meetinghouse.db.engine import Database
from meetinghouse.db.tenancy import Across
from meetinghouse.market import set_tables as tables
from meetinghouse.market.lifecycle import in_force
from meetinghouse.market.model import Activation, Rules, RuleSet
from meetinghouse.market.rules import Rulebook
from meetinghouse.people import tables as people_tables

# A changed rule must bind within 2 s. Lower reads the same rows for each of the decisions of a busy second.
_FRESH_SECONDS = 1.0
_SYSTEM = "system"

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Standing:
    """The set that is in force and its rules made ready; without a set the defaults decide, which deny."""

    rule_set: RuleSet | None
    rules: Rules
    rulebook: Rulebook

    @property
    def version(self) -> int:
        """The set's version; 0 without one."""
        return 0 if self.rule_set is None else self.rule_set.version


_NONE = Standing(None, Rules(), Rulebook(Rules()))


class RulesInForce:
    """The rules as they were a moment ago."""

    def __init__(self, database: Database, clock: Clock) -> None:
        """Nothing is read yet."""
        self._database = database
        self._clock = clock
        self._read_at: float | None = None
        self._standing = _NONE

    async def get(self) -> Standing:
        """What holds now. Not to be asked for inside a transaction that writes: it may write that a version has begun."""
        now = self._clock.monotonic()
        if self._read_at is None or now - self._read_at >= _FRESH_SECONDS:
            self._standing = await self._read()
            self._read_at = now
        return self._standing

    async def _read(self) -> Standing:
        async with self._database.read(Across.OPERATOR) as connection:
            current = in_force(await tables.activations(connection), self._clock.now())
            if current is None:
                return _NONE
            known = self._standing.rule_set
            if known is not None and known.id == current.rule_set_id:
                return self._standing
            found = await tables.rule_set(connection, current.rule_set_id)
            rules = await tables.rules_in(connection, current.rule_set_id)
        if current.began_at is None:
            await self._note_begin(current)
        return Standing(found, rules, Rulebook(rules))

    async def _note_begin(self, activation: Activation) -> None:
        now = self._clock.now()
        async with self._database.write(Across.OPERATOR) as write:
            if not await tables.mark_begun(write.connection, activation.id, now):
                return
            home = await people_tables.first_tenant(write.connection)
            await people_tables.insert_audit(
                write.connection, home.id, now, _SYSTEM, "market_rules_begin", activation.rule_set_id, {}
            )
        _log.info("market_rules_begin", rule_set=activation.rule_set_id)

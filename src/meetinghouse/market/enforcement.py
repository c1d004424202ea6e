"""Asks the rules in force before something is done: the one way from any verb to a decision, which is kept."""

from __future__ import annotations

from datetime import datetime

from meetinghouse.db.clock import Clock
from meetinghouse.market.decision_log import DecisionLog
from meetinghouse.market.in_force import RulesInForce, Standing
from meetinghouse.market.model import Decision, Verb
from meetinghouse.market.rules import check_allowed, question_of
from meetinghouse.people.model import Tenant


class Enforcement:
    """What the choke points of all verbs ask."""

    def __init__(self, clock: Clock, rules: RulesInForce, log: DecisionLog) -> None:
        """By these rules; into this log."""
        self._clock = clock
        self._rules = rules
        self.log = log

    async def check(self, tenant: Tenant, verb: Verb, *, often: bool = False) -> Decision:
        """Whether somebody of `tenant` may do it now. Not to be asked inside a transaction that writes.

        `often`: a stranger can make us ask, so that the answers are counted instead of kept one by one.

        Raises:
            Refusal: 403 `not_allowed_here` with the rule, its sentences and whom to ask instead.

        """
        standing = await self._rules.get()
        decision = standing.rulebook.decide(question_of(tenant, verb, self._clock.now()))
        if often:
            self.log.count(tenant.id, verb, decision, standing.version)
        else:
            await self.log.keep(tenant.id, verb, decision, standing.version)
        return check_allowed(decision)

    async def standing(self) -> Standing:
        """The rules in force, to be asked inside a transaction that writes by `check_within`."""
        return await self._rules.get()

    def check_within(self, standing: Standing, tenant: Tenant, verb: Verb, at: datetime) -> Decision:
        """As `check`, at a moment of the caller's; the answer is counted.

        Raises:
            Refusal: 403 `not_allowed_here`.

        """
        decision = standing.rulebook.decide(question_of(tenant, verb, at))
        self.log.count(tenant.id, verb, decision, standing.version)
        return check_allowed(decision)

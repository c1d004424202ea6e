"""The decision: the first rule about a question answers it; where none is, joining is allowed and everything else denied."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from datetime import UTC, datetime
from heapq import heappop, heappush
from typing import TypeAlias, cast

from meetinghouse.market.model import Channel, Decision, Question, Rule, Rules, TenantKind, Verb
from meetinghouse.market.places import within
from meetinghouse.people.model import Tenant
from meetinghouse.security.refusal import Refusal

_NOWHERE = {
    "en": "No rule of the operator allows this.",
    "zh-CN": "运营方的规则不允许此操作。",
    "zh-TW": "營運方的規則不允許此操作。",
}
_UNSAID = {
    "en": "The operator's rules do not allow this.",
    "zh-CN": "运营方的规则不允许此操作。",
    "zh-TW": "營運方的規則不允許此操作。",
}
_DEFAULT_ALLOW = Decision(decision="allow", rule="default")
_DEFAULT_DENY = Decision(decision="deny", rule="default", message=_NOWHERE)
ALWAYS = datetime.min.replace(tzinfo=UTC)
# Combinations of attributes whose answers are remembered: more than an installation's tenants have.
_REMEMBERED = 10_000

# From each moment on, the decision that holds until the next.
_Timeline: TypeAlias = tuple[list[datetime], list[Decision]]


class Rulebook:
    """Rules made ready for many questions: for who asks, the answers at all times are worked out once."""

    def __init__(self, rules: Rules) -> None:
        """`rules` as they were read; their groups are resolved here."""
        self._rules = tuple((rule, places_of(rule, rules)) for rule in rules.rules)
        self._decisions = tuple(
            Decision(decision=rule.decision, rule=rule.id, offers=rule.offers, message=rule.message)
            for rule in rules.rules
        )
        self._timelines: dict[tuple[str | None, ...], _Timeline] = {}

    def decide(self, question: Question) -> Decision:
        """The answer."""
        starts, decisions = self._answers(question)
        return decisions[bisect_right(starts, question.at) - 1]

    def from_then_on(self, question: Question) -> Iterator[tuple[datetime, Decision]]:
        """The answer, and every later one with the moment from which it holds."""
        starts, decisions = self._answers(question)
        first = bisect_right(starts, question.at) - 1
        yield question.at, decisions[first]
        yield from zip(starts[first + 1 :], decisions[first + 1 :], strict=True)

    def check(self, question: Question) -> Decision:
        """The answer, if it allows.

        Raises:
            Refusal: 403 `not_allowed_here` with the rule's id, its sentence and whom to ask instead.

        """
        return check_allowed(self.decide(question))

    def _answers(self, question: Question) -> _Timeline:
        who = (question.verb, question.country, question.kind, question.channel, question.plan, question.partner)
        timeline = self._timelines.get(who)
        if timeline is None:
            if len(self._timelines) >= _REMEMBERED:
                self._timelines.clear()
            timeline = self._timelines[who] = self._timeline(question)
        return timeline

    def _timeline(self, question: Question) -> _Timeline:
        """All answers to who asks: a sweep over the times at which rules begin and end, the first in order on top."""
        otherwise = _DEFAULT_ALLOW if question.verb == "join" else _DEFAULT_DENY
        about = [index for index, (rule, places) in enumerate(self._rules) if _is_about(rule, places, question)]
        begins = sorted((self._rules[index][0].start or ALWAYS, index) for index in about)
        moments = {ALWAYS} | {start for start, _ in begins}
        moments |= {end for index in about if (end := self._rules[index][0].end) is not None}
        starts: list[datetime] = []
        decisions: list[Decision] = []
        running: list[int] = []
        next_begin = 0
        for moment in sorted(moments):
            while next_begin < len(begins) and begins[next_begin][0] <= moment:
                heappush(running, begins[next_begin][1])
                next_begin += 1
            while running and _is_over(self._rules[running[0]][0], moment):
                heappop(running)
            starts.append(moment)
            decisions.append(self._decisions[running[0]] if running else otherwise)
        return starts, decisions


def check_allowed(decision: Decision) -> Decision:
    """The decision, if it allows.

    Raises:
        Refusal: 403 `not_allowed_here` with the rule's id, its sentence in each language, and whom to ask instead.

    """
    if decision.decision == "deny":
        detail = decision.message.get("en", "The operator's rules do not allow this.")
        raise Refusal(
            403,
            "not_allowed_here",
            detail,
            rule=decision.rule,
            offers=decision.offers,
            messages=decision.message or _UNSAID,
        )
    return decision


def question_of(tenant: Tenant, verb: Verb, at: datetime) -> Question:
    """What the rules are asked when a tenant, or somebody of it, wants to do something."""
    return Question(
        verb=verb,
        at=at,
        country=tenant.subdivision or tenant.country,
        kind=cast("TenantKind", tenant.kind),
        channel=cast("Channel", tenant.channel),
        plan=tenant.plan,
        partner=tenant.partner,
    )


def places_of(rule: Rule, rules: Rules) -> frozenset[str]:
    """The codes that a rule's countries and groups name; empty where it names none, which is any."""
    return frozenset(code for name in rule.countries for code in rules.groups.get(name, (name,)))


def _is_about(rule: Rule, places: frozenset[str], question: Question) -> bool:
    return (
        question.verb in rule.verbs
        and (not places or (question.country is not None and not places.isdisjoint(within(question.country))))
        and _names(rule.kinds, question.kind)
        and _names(rule.channels, question.channel)
        and _names(rule.plans, question.plan)
        and _names(rule.partners, question.partner)
    )


def _names(named: tuple[str, ...], value: str | None) -> bool:
    return not named or value in named


def _is_over(rule: Rule, moment: datetime) -> bool:
    return rule.end is not None and rule.end <= moment

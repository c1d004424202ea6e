"""Decisions and lint against a reader who knows no index: rule after rule, question after question."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import product

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from meetinghouse.market.lint import lint
from meetinghouse.market.model import Question, Rule, Rules
from meetinghouse.market.reading import raw_of, rules_of
from meetinghouse.market.rules import Rulebook

_FIRST = datetime(2020, 1, 1, tzinfo=UTC)
_DAYS = [_FIRST + timedelta(days=day) for day in range(5)]
_GROUPS: dict[str, tuple[str, ...]] = {"west": ("US", "DE")}
_COUNTRIES = ["CN", "US", "US-CA", "west"]
_ASKED = [None, "CN", "US", "US-CA", "US-NY", "DE", "FR"]
_VERBS = ["host", "join", "buy"]


@st.composite
def _rule(draw: st.DrawFn) -> Rule:
    start, end = draw(st.sampled_from([(None, None), *product([None, *_DAYS], [None, *_DAYS])]))
    if start and end and end <= start:
        start = None
    return Rule(
        id=draw(st.sampled_from([f"r{number}" for number in range(1000)])),
        verbs=tuple(draw(st.lists(st.sampled_from(_VERBS), min_size=1, max_size=3, unique=True))),
        decision=draw(st.sampled_from(["allow", "deny"])),
        start=start,
        end=end,
        countries=tuple(draw(st.lists(st.sampled_from(_COUNTRIES), max_size=2, unique=True))),
        kinds=tuple(draw(st.lists(st.sampled_from(["personal", "enterprise"]), max_size=2, unique=True))),
        channels=tuple(draw(st.lists(st.sampled_from(["direct", "online"]), max_size=1))),
        plans=tuple(draw(st.lists(st.sampled_from(["free", "pro"]), max_size=1))),
    )


_RULES = st.lists(_rule(), max_size=6, unique_by=lambda rule: rule.id).map(
    lambda rules: Rules(rules=tuple(rules), groups=_GROUPS)
)
# Every question that could be answered differently: between the days, and with values that no rule names.
_QUESTIONS = [
    msgspec.convert(
        {"verb": verb, "at": at, "country": country, "kind": kind, "channel": channel, "plan": plan}, Question
    )
    for verb, at, country, kind, channel, plan in product(
        _VERBS,
        [_FIRST - timedelta(days=1), *_DAYS],
        _ASKED,
        [None, "personal", "enterprise"],
        [None, "direct", "online", "partner"],
        [None, "free", "pro", "other"],
    )
]


def _first(rules: Rules, question: Question) -> str:
    """The rule that decides, found by reading."""
    for rule in rules.rules:
        places = [code for name in rule.countries for code in rules.groups.get(name, (name,))]
        country = question.country
        if (
            question.verb in rule.verbs
            and (not places or country in places or (country is not None and country[:2] in places))
            and (not rule.kinds or question.kind in rule.kinds)
            and (not rule.channels or question.channel in rule.channels)
            and (not rule.plans or question.plan in rule.plans)
            and (rule.start is None or rule.start <= question.at)
            and (rule.end is None or question.at < rule.end)
        ):
            return rule.id
    return "default"


@given(_RULES, st.lists(st.sampled_from(_QUESTIONS), min_size=1, max_size=50))
def test_the_first_rule_that_is_about_a_question_decides_it(rules: Rules, questions: list[Question]) -> None:
    book = Rulebook(rules)
    decisions = {rule.id: rule.decision for rule in rules.rules}
    for question in questions:
        said = book.decide(question)
        assert said.rule == _first(rules, question)
        assert said.decision == decisions.get(said.rule, "allow" if question.verb == "join" else "deny")


@settings(max_examples=40)
@given(_RULES.filter(lambda rules: len(rules.rules) > 1))
def test_a_rule_is_said_never_to_decide_exactly_when_it_never_does(rules: Rules) -> None:
    deciding = {_first(rules, question) for question in _QUESTIONS}
    idle = {rule.id for rule in rules.rules} - deciding
    assert {finding.rule for finding in lint(rules) if finding.kind != "overlapping"} == idle


@given(_RULES)
def test_what_is_kept_is_read_back_the_same(rules: Rules) -> None:
    assert rules_of(raw_of(rules)) == rules

"""Market rules as people write them: what they decide, and what is said of those that cannot be right."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from meetinghouse.market.differences import differences
from meetinghouse.market.lint import lint
from meetinghouse.market.model import Decision, Question
from meetinghouse.market.reading import RulesError, raw_of, read_rules
from meetinghouse.market.rules import Rulebook
from meetinghouse.security.refusal import Refusal

CLOSING = """\
version = 1
groups = { EU = ["DE", "FR"] }

[[rule]]
id = "cn-no-direct-upgrade"
from = 2020-08-23
zone = "Asia/Shanghai"
countries = ["CN"]
channels = ["direct"]
verbs = ["buy", "upgrade"]
decision = "deny"
offers = ["bizconf", "zhumu", "umeet"]
message = { en = "Ask a partner.", zh-CN = "请联系合作伙伴。", zh-TW = "請聯絡合作夥伴。" }

[[rule]]
id = "eu"
countries = ["EU", "US-CA"]
verbs = ["register", "buy"]
decision = "allow"
"""


def ask(text: str, verb: str, at: str, **who: str) -> Decision:
    question = msgspec.convert({"verb": verb, "at": at, **who}, Question)
    return Rulebook(read_rules(text)).decide(question)


def faults_of(text: str) -> list[str]:
    with pytest.raises(RulesError) as raised:
        read_rules(text)
    return [str(fault) for fault in raised.value.faults]


def test_a_rule_holds_from_midnight_in_its_zone_and_says_whom_to_ask() -> None:
    before = ask(CLOSING, "upgrade", "2020-08-22T15:59:59.999999Z", country="CN", channel="direct")
    assert (before.decision, before.rule) == ("deny", "default")
    after = ask(CLOSING, "upgrade", "2020-08-22T16:00:00Z", country="CN", channel="direct")
    assert (after.rule, after.offers) == ("cn-no-direct-upgrade", ("bizconf", "zhumu", "umeet"))
    assert after.message["zh-TW"] == "請聯絡合作夥伴。"


@pytest.mark.parametrize(
    ("country", "rule"),
    [("CN", "cn-no-direct-upgrade"), ("CN-GD", "cn-no-direct-upgrade"), ("HK", "default"), ("TW", "default")],
)
def test_a_country_is_also_its_parts_and_the_mainland_is_not_its_neighbours(country: str, rule: str) -> None:
    assert ask(CLOSING, "upgrade", "2021-01-01T00:00:00Z", country=country, channel="direct").rule == rule


def test_what_is_not_known_matches_only_rules_that_do_not_ask_for_it() -> None:
    assert ask(CLOSING, "upgrade", "2021-01-01T00:00:00Z", channel="direct").rule == "default"
    assert ask(CLOSING, "buy", "2021-01-01T00:00:00Z", country="FR").rule == "eu"
    assert ask(CLOSING, "buy", "2021-01-01T00:00:00Z", country="US-CA").rule == "eu"
    assert ask(CLOSING, "buy", "2021-01-01T00:00:00Z", country="US").rule == "default"


def test_where_no_rule_is_only_joining_is_allowed() -> None:
    assert ask("version = 1", "join", "2021-01-01T00:00:00Z").decision == "allow"
    denied = ask("version = 1", "host", "2021-01-01T00:00:00Z")
    assert (denied.decision, denied.rule, set(denied.message)) == ("deny", "default", {"en", "zh-CN", "zh-TW"})


def test_a_denial_is_a_refusal_with_rule_offers_and_sentence() -> None:
    question = Question(verb="buy", at=datetime(2021, 1, 1, tzinfo=UTC), country="CN", channel="direct")
    with pytest.raises(Refusal) as raised:
        Rulebook(read_rules(CLOSING)).check(question)
    refusal = raised.value
    assert (refusal.status, refusal.rule, refusal.offers[0]) == (403, "cn-no-direct-upgrade", "bizconf")
    assert refusal.detail == "Ask a partner."


def test_json_is_read_like_toml_and_what_is_kept_gives_the_same() -> None:
    rules = read_rules(CLOSING)
    assert read_rules(json.dumps(raw_of(rules), indent=1)) == rules


@pytest.mark.parametrize(
    ("was", "becomes", "line", "says"),
    [
        ("version = 1", "version = 2", 1, "version = 1"),
        ("version = 1", "version = 1\nrules = []", 2, "'rules'"),
        ('EU = ["DE", "FR"]', 'EU = ["DE", "QQ"]', 2, "'QQ'"),
        ("EU = [", "CN = [", 2, "'CN'"),
        ('id = "eu"', 'id = "cn-no-direct-upgrade"', 16, "rule 1"),
        ('id = "eu"', 'name = "eu"', 16, "'name'"),
        ('id = "eu"', 'id = "default"', 16, "not `default`"),
        ('decision = "allow"', 'decision = "maybe"', 19, '"allow" or "deny"'),
        ('["EU", "US-CA"]', '["EU", "Mars"]', 17, "'Mars'"),
        ('["EU", "US-CA"]', '["EU", "EU"]', 17, "twice"),
        ('["EU", "US-CA"]', "[]", 17, "leave it out"),
        ('["register", "buy"]', '["sell"]', 18, "'sell'"),
        ("from = 2020-08-23", "from = 2020-08-23T00:00:00", 6, "offset"),
        ("from = 2020-08-23", 'from = "soon"', 6, "2020-08-23"),
        ("from = 2020-08-23", "from = 2020-08-23\nuntil = 2020-08-23", 7, "before it begins"),
        ("Asia/Shanghai", "Asia/Atlantis", 7, "Asia/Atlantis"),
        ("Asia/Shanghai", "../../etc/passwd", 7, "no time zone"),
        ("zh-CN =", "chinese =", 13, "'chinese'"),
        ("from = 2020-08-23", "from = 2020-02-30", 6, "not TOML"),
    ],
)
def test_every_fault_is_named_with_its_line(was: str, becomes: str, line: int, says: str) -> None:
    assert was in CLOSING
    faults = faults_of(CLOSING.replace(was, becomes))
    assert any(fault.startswith(f"line {line}: ") and says in fault for fault in faults), faults


def test_all_faults_are_named_at_once_and_a_bracket_in_a_sentence_is_no_rule() -> None:
    message = 'message = { en = "x", zh-CN = """\n[[rule]]\n""" }'
    text = CLOSING.replace('message = { en = "Ask a partner.",', message.removesuffix("}") + ",").replace(
        'CN"]', 'XX"]'
    )
    faults = faults_of(text.replace('zh-CN = "请联系合作伙伴。", ', "").replace('"buy"]', '"by"]'))
    assert [fault.partition(":")[0] for fault in faults] == ["line 8", "line 20"]


@pytest.mark.parametrize(
    "text", ["[" * 5000, "{" * 5000 + "}", '{"version": 1, "rule": [1]}', "[1]", '{"version": true}', "\x00"]
)
def test_what_is_no_file_of_rules_is_refused(text: str) -> None:
    assert faults_of(text)


def test_json_faults_have_their_lines_too() -> None:
    raw: dict[str, Any] = raw_of(read_rules(CLOSING))
    raw["rule"][1]["verbs"] = ["sell"]
    text = json.dumps(raw, indent=2)
    line = next(number for number, found in enumerate(text.splitlines(), 1) if '"verbs"' in found and number > 20)
    assert faults_of(text) == [f"line {line}: 'sell' is none of register, host, join, buy, upgrade, renew, support."]


def test_rules_that_never_decide_are_found_with_those_before_them() -> None:
    both = (
        CLOSING
        + """
[[rule]]
id = "again"
countries = ["CN"]
channels = ["direct"]
verbs = ["buy"]
decision = "deny"
from = 2021-01-01
[[rule]]
id = "opposite"
countries = ["DE"]
verbs = ["buy"]
decision = "deny"
[[rule]]
id = "crossing"
verbs = ["buy"]
kinds = ["personal"]
decision = "allow"
"""
    )
    assert [(one.kind, one.rule, one.by) for one in lint(read_rules(both))] == [
        ("shadowed", "again", ("cn-no-direct-upgrade",)),
        ("contradicted", "opposite", ("eu",)),
        ("overlapping", "crossing", ("cn-no-direct-upgrade", "again", "opposite")),
    ]


def test_differences_name_what_was_added_removed_changed_and_moved() -> None:
    before = read_rules(CLOSING)
    head, first, second = CLOSING.split("[[rule]]")
    third = '\nid = "third"\nverbs = ["join"]\ndecision = "allow"\n'
    after = read_rules("[[rule]]".join([head, second, first.replace('"deny"', '"allow"'), third]))
    found = [(one.kind, one.rule, one.now) for one in differences(before, after)]
    assert ("changed", "cn-no-direct-upgrade", {"decision": "allow"}) in found
    assert ("added", "third", {"id": "third", "verbs": ["join"], "decision": "allow"}) in found
    assert sum(kind == "moved" for kind, *_ in found) == 1
    assert next((one.kind, one.rule) for one in differences(after, before)) == ("removed", "third")
    assert differences(before, before) == []

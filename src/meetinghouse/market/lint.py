"""What is suspicious about rules that can be read: those that never decide, and those whose order decides."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Literal, TypeAlias

from msgspec import Struct

from meetinghouse.market.model import CHANNELS, KINDS, Rules
from meetinghouse.market.places import within
from meetinghouse.market.rules import ALWAYS, places_of

# Pieces of one rule that are still looked at. Hand-written sets need tens; beyond this a rule is not judged.
_MOST_PIECES = 5_000
# Any value that no rule names, or none.
_OTHER = "*"


class Finding(Struct, frozen=True):
    """A rule that is not what its writer thinks.

    `shadowed`: earlier rules with the same decision answer all that it is about; it can be left out. `contradicted`: some
    of them decide the opposite, so that it says what does not happen. `overlapping`: it and an earlier rule decide the
    opposite about some questions, and each alone about others; their order decides.
    """

    kind: Literal["shadowed", "contradicted", "overlapping"]
    rule: str
    by: tuple[str, ...]


# The questions that a rule is about, as a product: a set of values for each attribute, and a span of time.
_Sets: TypeAlias = tuple[frozenset[str], ...]
_Span: TypeAlias = tuple[datetime, datetime]
_Box: TypeAlias = tuple[_Sets, _Span]
_FOR_EVER = datetime.max.replace(tzinfo=ALWAYS.tzinfo)


def lint(rules: Rules) -> list[Finding]:
    """Findings in the order of the rules."""
    boxes = list(_boxes(rules))
    found: list[Finding] = []
    for index, box in enumerate(boxes):
        meeting = [other for other in range(index) if _meet(box, boxes[other])]
        covered = _covered_by(box, meeting, boxes)
        rule = rules.rules[index]
        if covered:
            is_opposed = any(rules.rules[other].decision != rule.decision for other in covered)
            kind: Literal["shadowed", "contradicted"] = "contradicted" if is_opposed else "shadowed"
            found.append(Finding(kind, rule.id, tuple(rules.rules[other].id for other in covered)))
            continue
        crossing = [
            rules.rules[other].id
            for other in meeting
            if rules.rules[other].decision != rule.decision and not _holds(box, boxes[other])
        ]
        if crossing:
            found.append(Finding("overlapping", rule.id, tuple(crossing)))
    return found


def _boxes(rules: Rules) -> Iterator[_Box]:
    """Each rule's questions, by values that some rule names and one for all the rest."""
    named = [places_of(rule, rules) for rule in rules.rules]
    places = frozenset(code for codes in named for code in codes) | {_OTHER}
    plans = frozenset(plan for rule in rules.rules for plan in rule.plans) | {_OTHER}
    partners = frozenset(partner for rule in rules.rules for partner in rule.partners) | {_OTHER}
    for rule, codes in zip(rules.rules, named, strict=True):
        sets = (
            frozenset(rule.verbs),
            # A country is also each of its parts that a rule names.
            frozenset(place for place in places if not codes.isdisjoint(within(place))) if codes else places,
            frozenset(rule.kinds) or frozenset[str]({*KINDS, _OTHER}),
            frozenset(rule.channels) or frozenset[str]({*CHANNELS, _OTHER}),
            frozenset(rule.plans) or plans,
            frozenset(rule.partners) or partners,
        )
        yield sets, (rule.start or ALWAYS, rule.end or _FOR_EVER)


def _meet(a: _Box, b: _Box) -> bool:
    return _overlap(a[1], b[1]) and all(not mine.isdisjoint(other) for mine, other in zip(a[0], b[0], strict=True))


def _holds(outer: _Box, inner: _Box) -> bool:
    return (
        all(mine >= other for mine, other in zip(outer[0], inner[0], strict=True))
        and outer[1][0] <= inner[1][0]
        and inner[1][1] <= outer[1][1]
    )


def _overlap(a: _Span, b: _Span) -> bool:
    return max(a[0], b[0]) < min(a[1], b[1])


def _covered_by(box: _Box, earlier: Sequence[int], boxes: Sequence[_Box]) -> list[int]:
    """Those of the earlier rules that together take every question of `box`; none when some question is left."""
    left = [box]
    taking: list[int] = []
    for other in earlier:
        rest = [piece for one in left for piece in _without(one, boxes[other])]
        if rest != left:
            taking.append(other)
        left = rest
        if not left:
            return taking
        if len(left) > _MOST_PIECES:
            break
    return []


def _without(box: _Box, taken: _Box) -> Iterator[_Box]:
    """What is left of a box, in pieces that do not overlap."""
    if not _meet(box, taken):
        yield box
        return
    sets, (start, end) = box
    kept = list(sets)
    for index, (mine, other) in enumerate(zip(sets, taken[0], strict=True)):
        if rest := mine - other:
            yield (*kept[:index], rest, *sets[index + 1 :]), (start, end)
        kept[index] = mine & other
    if start < taken[1][0]:
        yield tuple(kept), (start, taken[1][0])
    if taken[1][1] < end:
        yield tuple(kept), (taken[1][1], end)

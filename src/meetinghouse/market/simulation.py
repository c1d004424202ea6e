"""Rules tried on the tenants there are, before they take effect."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from meetinghouse.market.model import VERBS, Effect, Verb
from meetinghouse.market.rules import Rulebook, question_of
from meetinghouse.people.model import Tenant


class Group(Struct, frozen=True):
    """Tenants of whom rules cannot tell one from the other; `example` is one of them."""

    example: Tenant
    tenants: int


class Change(Struct, frozen=True, kw_only=True):
    """What becomes of some tenants: `verb` was decided one way and will be the other, by `rule`, which names whom to ask.

    `of` are the groups of tenants, the largest first.
    """

    verb: Verb
    was: Effect
    was_rule: str
    becomes: Effect
    rule: str
    offers: tuple[str, ...]
    message: dict[str, str]
    tenants: int
    of: tuple[Group, ...]


class Simulation(Struct, frozen=True, kw_only=True):
    """How the decisions of two moments differ. `changes` are those that most tenants see first."""

    tenants: int
    at: datetime
    compared_at: datetime
    changes: tuple[Change, ...]


def simulate(
    groups: Sequence[Group], before: Rulebook, compared_at: datetime, after: Rulebook, at: datetime
) -> Simulation:
    """Decide everything for everybody as `before` does at `compared_at` and as `after` does at `at`.

    A decision that stays the same by another rule is no change.
    """
    found: dict[tuple[Verb, str, str], list[Group]] = {}
    answers = {}
    for group in groups:
        for verb in VERBS:
            was = before.decide(question_of(group.example, verb, compared_at))
            becomes = after.decide(question_of(group.example, verb, at))
            if was.decision != becomes.decision:
                key = (verb, was.rule, becomes.rule)
                found.setdefault(key, []).append(group)
                answers[key] = (was, becomes)
    changes = []
    for key, members in found.items():
        was, becomes = answers[key]
        changes.append(
            Change(
                verb=key[0],
                was=was.decision,
                was_rule=was.rule,
                becomes=becomes.decision,
                rule=becomes.rule,
                offers=becomes.offers,
                message=becomes.message,
                tenants=sum(group.tenants for group in members),
                of=tuple(sorted(members, key=lambda group: (-group.tenants, group.example.id))),
            )
        )
    changes.sort(key=lambda change: (-change.tenants, VERBS.index(change.verb), change.rule))
    return Simulation(
        tenants=sum(group.tenants for group in groups), at=at, compared_at=compared_at, changes=tuple(changes)
    )

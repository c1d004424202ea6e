"""The values of market rules."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from msgspec import Struct

Verb = Literal["register", "host", "join", "buy", "upgrade", "renew", "support"]
Effect = Literal["allow", "deny"]


class Rule(Struct, frozen=True, kw_only=True):
    """One line of a rule set: what it is about and what it decides."""

    id: str
    verbs: tuple[Verb, ...]
    decision: Effect


class RuleSet(Struct, frozen=True, kw_only=True):
    """Rules in order; the first that is about a question decides it."""

    id: str
    name: str
    rules: tuple[Rule, ...]
    activated_at: datetime | None


class Decision(Struct, frozen=True):
    """An answer, with the id of the rule that gave it."""

    effect: Effect
    rule: str

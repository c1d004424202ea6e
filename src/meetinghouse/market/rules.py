"""The decision: the first rule about a question answers it; where none is, joining is allowed and everything else denied."""

from __future__ import annotations

from meetinghouse.market.model import Decision, Rule, Verb
from meetinghouse.security.refusal import Refusal

_DEFAULT_RULE = "default"


def decide(rules: tuple[Rule, ...], verb: Verb) -> Decision:
    """What `rules` say about `verb`."""
    for rule in rules:
        if verb in rule.verbs:
            return Decision(rule.decision, rule.id)
    return Decision("allow" if verb == "join" else "deny", _DEFAULT_RULE)


def check(rules: tuple[Rule, ...], verb: Verb) -> Decision:
    """The decision, if it allows.

    Raises:
        Refusal: 403 `not_allowed_here` with the rule's id.

    """
    decision = decide(rules, verb)
    if decision.effect == "deny":
        raise Refusal(403, "not_allowed_here", "The operator's rules do not allow this.", rule=decision.rule)
    return decision

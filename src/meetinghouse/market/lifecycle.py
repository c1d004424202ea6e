"""Decisions about rule sets: which is in force when, and who may do what to one in which state.

    draft ──submit──▶ submitted ──approvals──▶ approved ──activate──▶ scheduled ──its date──▶ active ──▶ former
      ▲                   │                       │
      └──────reopen───────┴───────────────────────┘

Nothing of it needs a timer: which set is in force is a function of the activations and the time.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from meetinghouse.market.model import Activation, RuleSet, Verb
from meetinghouse.market.rules import Rulebook, question_of
from meetinghouse.people.model import Tenant
from meetinghouse.security.refusal import Refusal

Status = Literal["draft", "submitted", "approved", "scheduled", "active", "former"]

# What the operator's own people must always be able to do; it does not buy from itself.
_OWN_VERBS: tuple[Verb, ...] = ("register", "host", "join", "support")


def in_force(activations: Sequence[Activation], now: datetime) -> Activation | None:
    """The activation that holds at `now`: the last that has begun. One that was seen in force has begun for good."""
    begun = [one for one in activations if one.cancelled_at is None and _has_begun(one, now)]
    return max(begun, key=lambda one: one.sequence, default=None)


def pending(activations: Sequence[Activation], now: datetime) -> Activation | None:
    """The activation that waits for its date; there is one at most."""
    waiting = (one for one in activations if one.cancelled_at is None and not _has_begun(one, now))
    return next(waiting, None)


def status_of(rule_set: RuleSet, activations: Sequence[Activation], now: datetime, needed: int) -> Status:
    """Where a set stands; `needed` approvals are enough."""
    own = [one for one in activations if one.rule_set_id == rule_set.id and one.cancelled_at is None]
    if own:
        current = in_force(activations, now)
        if current is not None and current.rule_set_id == rule_set.id:
            return "active"
        return "former" if any(_has_begun(one, now) for one in own) else "scheduled"
    if rule_set.submitted_at is None:
        return "draft"
    return "approved" if len(rule_set.approvals) >= needed else "submitted"


def check_is_draft(rule_set: RuleSet, revision: int) -> None:
    """Whether a set can still be changed, by who read its `revision`.

    Raises:
        Refusal: 409 `not_a_draft`, `changed_meanwhile`.

    """
    if rule_set.submitted_at is not None:
        raise Refusal(409, "not_a_draft", "This version is submitted: reopen it first, or draft another one.")
    _check_revision(rule_set, revision)


def check_may_reopen(rule_set: RuleSet, activations: Sequence[Activation]) -> None:
    """Whether a set can become a draft again.

    Raises:
        Refusal: 409 `not_submitted`, `activated`.

    """
    if rule_set.submitted_at is None:
        raise Refusal(409, "not_submitted", "This version is a draft already.")
    if any(one.rule_set_id == rule_set.id and one.cancelled_at is None for one in activations):
        raise Refusal(409, "activated", "This version is activated and stays as it is: draft another one.")


def check_may_approve(rule_set: RuleSet, member_id: str, revision: int) -> None:
    """Whether somebody's approval counts: once for each person. The author may be one of those who approve.

    Raises:
        Refusal: 409 `not_submitted`, `changed_meanwhile`, `approved_already`.

    """
    if rule_set.submitted_at is None:
        raise Refusal(409, "not_submitted", "This version is a draft: submit it first.")
    _check_revision(rule_set, revision)
    if any(approval.member_id == member_id for approval in rule_set.approvals):
        raise Refusal(409, "approved_already", "You have approved this version; somebody else must, too.")


def check_may_activate(
    rule_set: RuleSet, activations: Sequence[Activation], starts_at: datetime, now: datetime, needed: int
) -> None:
    """Whether a set may be put in force from `starts_at` on: approved as what follows the one that is in force now.

    Raises:
        Refusal: 409 `not_approved`, `activated`, `activation_pending`, `rules_changed`; 422 `in_the_past`.

    """
    if any(one.rule_set_id == rule_set.id and one.cancelled_at is None for one in activations):
        raise Refusal(409, "activated", "This version is activated already.")
    if rule_set.submitted_at is None or len(rule_set.approvals) < needed:
        missing = needed - len(rule_set.approvals)
        raise Refusal(409, "not_approved", f"This version needs the approval of {missing} more people.")
    check_follows(rule_set.base_id, activations, now)
    if starts_at < now:
        raise Refusal(422, "in_the_past", "A version cannot be put in force in the past: leave the time out for now.")


def check_follows(base_id: str | None, activations: Sequence[Activation], now: datetime) -> None:
    """Whether nothing was activated since somebody looked at what is in force, which was `base_id`.

    Raises:
        Refusal: 409 `activation_pending`, `rules_changed`.

    """
    waiting = pending(activations, now)
    if waiting is not None:
        when = waiting.starts_at.isoformat()
        raise Refusal(409, "activation_pending", f"Another version begins at {when}: cancel that, or wait for it.")
    current = in_force(activations, now)
    if (None if current is None else current.rule_set_id) != base_id:
        text = "Another version was activated meanwhile: look at what differs from it, and submit or ask again."
        raise Refusal(409, "rules_changed", text)


def check_may_restore(former_id: str, activations: Sequence[Activation], now: datetime) -> None:
    """Whether a set can be activated again: it was in force once, and is not now.

    Raises:
        Refusal: 409 `never_active`, `active_already`.

    """
    own = [one for one in activations if one.rule_set_id == former_id and one.cancelled_at is None]
    if not any(_has_begun(one, now) for one in own):
        raise Refusal(409, "never_active", "This version was never in force: submit and activate it instead.")
    current = in_force(activations, now)
    if current is not None and current.rule_set_id == former_id:
        raise Refusal(409, "active_already", "This version is in force.")


def check_lets_operator_in(rulebook: Rulebook, home: Tenant, starts_at: datetime) -> None:
    """Whether the operator's own people can go on working under these rules, from `starts_at` on for ever.

    Raises:
        Refusal: 422 `locks_operator_out` with the rule that would.

    """
    for verb in _OWN_VERBS:
        for moment, decision in rulebook.from_then_on(question_of(home, verb, starts_at)):
            if decision.decision == "deny":
                text = f"These rules would deny the operator's own organisation to {verb} from {moment.isoformat()} on."
                raise Refusal(422, "locks_operator_out", text, rule=decision.rule, offers=decision.offers)


def _has_begun(activation: Activation, now: datetime) -> bool:
    return activation.began_at is not None or activation.starts_at <= now


def _check_revision(rule_set: RuleSet, revision: int) -> None:
    if rule_set.revision != revision:
        raise Refusal(409, "changed_meanwhile", f"This version is at revision {rule_set.revision}: read it again.")

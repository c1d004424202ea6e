"""Decisions about withdrawals: which stage when, who is affected, what rules stop, who may choose what."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterable
from datetime import datetime

from meetinghouse.market.model import Rule, Rules
from meetinghouse.market.places import clean_place, within
from meetinghouse.market.withdrawal_model import Affected, Choice, Fate, Plan, Scope, Stage, Withdrawal
from meetinghouse.people.model import Tenant
from meetinghouse.security.refusal import Refusal

_LANGUAGES = ("en", "zh-CN", "zh-TW")
# What spreadsheets take for a formula (OWASP, CSV injection).
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
_REPORT = (
    "tenant",
    "name",
    "country",
    "former_partner",
    "partner",
    "told_at",
    "choice",
    "chosen_at",
    "moved_at",
    "fate",
)


def check_plan(plan: Plan, known_partners: Collection[str]) -> None:
    """Whether a plan can be carried out.

    Raises:
        Refusal: 422 `invalid_withdrawal` with what is wrong.

    """
    faults = []
    if not plan.notice_at < plan.stop_at <= plan.end_at:
        faults.append("The dates must follow each other: notice_at, then stop_at, then end_at.")
    faults += [f"There is no partner {code!r}." for code in plan.successors if code not in known_partners]
    if plan.default is not None and plan.default not in plan.successors:
        faults.append("default must be one of the successors.")
    if set(plan.successors) & set(plan.scope.partners):
        faults.append("A partner that the withdrawal is about cannot be a successor.")
    faults += [
        f"{code!r} is no country or region of ISO 3166." for code in plan.scope.countries if not clean_place(code)
    ]
    if not plan.verbs or "join" in plan.verbs:
        faults.append("verbs are at least one, and not join: links go on to work.")
    if plan.message and any(not plan.message.get(language, "").strip() for language in _LANGUAGES):
        faults.append(f"message needs a sentence in each of {', '.join(_LANGUAGES)}.")
    if faults:
        raise Refusal(422, "invalid_withdrawal", " ".join(faults))


def check_may_change(withdrawal: Withdrawal, revision: int, now: datetime) -> None:
    """Whether a plan can be changed or called off: nobody was told yet.

    Raises:
        Refusal: 409 `announced`, `changed_meanwhile`.

    """
    if stage_of(withdrawal, now) != "planned":
        raise Refusal(409, "announced", "This withdrawal is announced or called off: its dates stand.")
    if withdrawal.revision != revision:
        raise Refusal(409, "changed_meanwhile", f"The plan is at revision {withdrawal.revision}: read it again.")


def check_may_choose(withdrawal: Withdrawal, choice: Choice, partner: str | None, now: datetime) -> None:
    """Whether a tenant may choose so, from the notice until the end.

    Raises:
        Refusal: 409 `not_open`; 422 `invalid_choice`.

    """
    if stage_of(withdrawal, now) not in {"announced", "stopped"}:
        raise Refusal(409, "not_open", "There is nothing to choose: the withdrawal has not begun, or is over.")
    if (choice == "successor") is (partner is None):
        raise Refusal(422, "invalid_choice", "Name a partner with `successor`, and none with `export`.")
    if partner is not None and partner not in withdrawal.plan.successors:
        offered = ", ".join(withdrawal.plan.successors) or "nobody"
        raise Refusal(422, "invalid_choice", f"{partner!r} is not offered; there are: {offered}.")


def stage_of(withdrawal: Withdrawal, now: datetime) -> Stage:
    """Where a withdrawal stands by its dates. What was told to people stays told, whatever the clock says."""
    if withdrawal.cancelled_at is not None:
        return "cancelled"
    if withdrawal.ended_at is not None:
        return "ended"
    if withdrawal.told_at is None and now < withdrawal.plan.notice_at:
        return "planned"
    return "announced" if now < withdrawal.plan.stop_at else "stopped"


def is_affected(tenant: Tenant, scope: Scope) -> bool:
    """Whether a withdrawal is about a tenant."""
    place = tenant.subdivision or tenant.country
    countries = {clean_place(code) for code in scope.countries}
    return (
        (not countries or (place is not None and not countries.isdisjoint(within(place))))
        and (not scope.kinds or tenant.kind in scope.kinds)
        and (not scope.channels or tenant.channel in scope.channels)
        and (not scope.plans or tenant.plan in scope.plans)
        and (not scope.partners or tenant.partner in scope.partners)
    )


def stopping(withdrawal: Withdrawal, active: Rules) -> Rules:
    """The active rules with one before them that stops the plan's verbs from its date on and offers the successors."""
    plan, scope = withdrawal.plan, withdrawal.plan.scope
    stop = Rule(
        id=f"withdrawal-{withdrawal.id}",
        verbs=plan.verbs,
        decision="deny",
        start=plan.stop_at,
        countries=scope.countries,
        kinds=scope.kinds,
        channels=scope.channels,
        plans=scope.plans,
        partners=scope.partners,
        offers=plan.successors,
        message=plan.message,
    )
    others = tuple(rule for rule in active.rules if rule.id != stop.id)
    return Rules(rules=(stop, *others), groups=active.groups)


def fate_of(*, told: bool, choice: Choice | None, moved_at: datetime | None) -> Fate:
    """What became of a tenant."""
    if choice == "export":
        return "exports"
    if moved_at is not None:
        return "moved" if choice == "successor" else "assigned"
    return "unanswered" if told else "untold"


def report_csv(affected: Iterable[Affected]) -> str:
    """A line a tenant, for spreadsheets: what would be read there as a formula gets an apostrophe before it."""
    out = io.StringIO()
    lines = csv.writer(out)
    lines.writerow(_REPORT)
    for one in affected:
        moments = [None if at is None else at.isoformat() for at in (one.told_at, one.chosen_at, one.moved_at)]
        told_at, chosen_at, moved_at = moments
        row = (
            one.tenant_id,
            one.name,
            one.country,
            one.former,
            one.partner,
            told_at,
            one.choice,
            chosen_at,
            moved_at,
            one.fate,
        )
        lines.writerow([_harmless(value or "") for value in row])
    return out.getvalue()


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell

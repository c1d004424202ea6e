"""Decisions about people: who may do what to whom, and what an account's data must look like."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from meetinghouse.people.model import Actor, LinkKind, Member, Role, Scope, SignIn, Status
from meetinghouse.people.settings import PeopleSettings
from meetinghouse.security.refusal import Refusal

_EMAIL = re.compile(r"[^\s@<>\"(),:;\[\]\\]{1,64}@[^\s@.<>\"(),:;\[\]\\]+(\.[^\s@.<>\"(),:;\[\]\\]+)*")
_EMAIL_CHARACTERS = 254
_RANK = {Role.OWNER: 2, Role.ADMIN: 1, Role.MEMBER: 0}


def clean_email(text: str) -> str:
    """The address in the one spelling that accounts are looked up by.

    Raises:
        Refusal: 422 `invalid_email`.

    """
    email = text.strip().lower()
    if len(email) > _EMAIL_CHARACTERS or not _EMAIL.fullmatch(email):
        raise Refusal(422, "invalid_email", "That is not an email address.")
    return email


def check_may_manage(actor: Actor, target: Member | None, *, new_role: Role | None = None) -> Member:
    """Whether `actor` may change `target` (and give it `new_role`); returns the target.

    Administrators manage administrators and members; only owners touch owners.

    Raises:
        Refusal: 403 `missing_scope`, whether there is a target or not; 404 `not_found`, 403 `not_allowed`.

    """
    actor.must(Scope.MEMBERS_WRITE)
    if target is None or target.tenant_id != actor.tenant_id or target.status is Status.REMOVED:
        raise Refusal(404, "not_found", "There is no such member.")
    check_may_give(actor, target.role)
    if new_role is not None:
        check_may_give(actor, new_role)
    return target


def check_may_give(actor: Actor, role: Role) -> None:
    """Whether `actor` may make somebody `role`.

    Raises:
        Refusal: 403 `not_allowed`.

    """
    actor.must(Scope.MEMBERS_WRITE)
    if actor.role is Role.MEMBER or _RANK[role] > _RANK[actor.role]:
        raise Refusal(403, "not_allowed", "Your role does not allow this.")


def check_not_last_owner(target: Member, owners: int) -> None:
    """Keep at least one active owner.

    Raises:
        Refusal: 409 `last_owner`.

    """
    if target.role is Role.OWNER and target.status is Status.ACTIVE and owners <= 1:
        raise Refusal(409, "last_owner", "This is the only owner: make somebody else an owner first.")


def link_lifetime(kind: LinkKind, settings: PeopleSettings) -> timedelta:
    """How long a one-time link may be used."""
    hours = {
        LinkKind.OWNER: settings.owner_link_hours,
        LinkKind.INVITATION: settings.invitation_hours,
        LinkKind.RESET: settings.reset_hours,
    }
    return timedelta(hours=hours[kind])


def is_sign_in_over(sign_in: SignIn, now: datetime, settings: PeopleSettings) -> bool:
    """Whether a sign-in has ended by its age or by not being used."""
    return now >= min(sign_in.expires_at, sign_in.last_seen_at + timedelta(hours=settings.sign_in_idle_hours))

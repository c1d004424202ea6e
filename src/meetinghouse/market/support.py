"""Support grants: what a tenant lets a partner's or the operator's staff read, why and until when. No clock, no database."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from enum import StrEnum

from msgspec import Struct

from meetinghouse.security.refusal import Refusal


class Area(StrEnum):
    """What a grant may open. Nothing here leads into a meeting, nor to a way of signing in as somebody."""

    MEMBERS = "members"
    AUDIT = "audit"


class GrantState(StrEnum):
    """Where a grant stands."""

    ASKED = "asked"
    GIVEN = "given"
    OVER = "over"


class Grant(Struct, frozen=True, kw_only=True):
    """A tenant's consent, or that somebody asks for it (`given_at` is None). `partner_id` None is the operator itself."""

    id: str
    tenant_id: str
    partner_id: str | None
    areas: tuple[Area, ...]
    reason: str
    hours: int
    made_at: datetime
    made_by: str
    given_at: datetime | None
    ends_at: datetime | None
    ended_at: datetime | None


def state_of(grant: Grant, at: datetime) -> GrantState:
    """Where it stands at a moment."""
    if grant.ended_at is not None or (grant.ends_at is not None and grant.ends_at <= at):
        return GrantState.OVER
    return GrantState.ASKED if grant.given_at is None else GrantState.GIVEN


def end_of(hours: int, given_at: datetime) -> datetime:
    """When a grant that is given then ends by itself."""
    return given_at + timedelta(hours=hours)


def check_ask(areas: Collection[Area], reason: str, hours: int, most_hours: int) -> tuple[tuple[Area, ...], str]:
    """The areas and the reason of a new grant, in the one spelling.

    Raises:
        Refusal: 422 `grant_incomplete` or `grant_too_long`.

    """
    why = " ".join(reason.split())
    if not areas or not why:
        raise Refusal(422, "grant_incomplete", "Say what support may read, at least one area, and give a reason.")
    if not 1 <= hours <= most_hours:
        raise Refusal(
            422, "grant_too_long", f"A support grant lasts 1 to {most_hours} hours: give another when it ends."
        )
    return tuple(sorted(set(areas))), why


def check_open(grant: Grant, at: datetime) -> Grant:
    """Whether it can still be given.

    Raises:
        Refusal: 409 `grant_closed`.

    """
    if state_of(grant, at) is not GrantState.ASKED:
        raise Refusal(409, "grant_closed", "This grant was given or ended before: give a new one.")
    return grant

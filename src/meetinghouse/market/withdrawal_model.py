"""The values of a withdrawal from a market."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from msgspec import Struct

from meetinghouse.market.model import Channel, TenantKind, Verb

Choice = Literal["successor", "export"]
Stage = Literal["planned", "announced", "stopped", "ended", "cancelled"]
# What became of a tenant: with a successor, by its own choice or as the plan says for who does not choose; taking its data
# away; told and silent; not told yet.
Fate = Literal["moved", "assigned", "exports", "unanswered", "untold"]


class Scope(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Whom a withdrawal is about, as a rule says it; an empty tuple is any."""

    countries: tuple[str, ...] = ()
    kinds: tuple[TenantKind, ...] = ()
    channels: tuple[Channel, ...] = ()
    plans: tuple[str, ...] = ()
    partners: tuple[str, ...] = ()


class Plan(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What shall happen when: notice, then the stop of `verbs` by rules, then the end of choosing.

    `successors` are partners (codes) who are offered. `default` is the one of them to whom who has not chosen moves at the end;
    without it they stay. `message` says why, by language tag.
    """

    name: str
    scope: Scope
    notice_at: datetime
    stop_at: datetime
    end_at: datetime
    verbs: tuple[Verb, ...] = ("register", "buy", "upgrade")
    successors: tuple[str, ...] = ()
    default: str | None = None
    message: dict[str, str] = {}


class Withdrawal(Struct, frozen=True, kw_only=True):
    """A plan that is carried out. `told_at` and `ended_at` are when all were told, and when the last fate was settled."""

    id: str
    plan: Plan
    revision: int
    created_at: datetime
    created_by: str
    told_at: datetime | None = None
    ended_at: datetime | None = None
    cancelled_at: datetime | None = None


class Affected(Struct, frozen=True, kw_only=True):
    """A tenant that a withdrawal is about. `former` and `partner` are codes: through whom it bought, and now does."""

    tenant_id: str
    name: str
    country: str | None
    former: str | None
    partner: str | None
    told_at: datetime
    choice: Choice | None
    chosen_at: datetime | None
    moved_at: datetime | None
    fate: Fate

"""The values of market rules."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, get_args

from msgspec import Struct

Verb = Literal["register", "host", "join", "buy", "upgrade", "renew", "support"]
Effect = Literal["allow", "deny"]
TenantKind = Literal["personal", "enterprise"]
Channel = Literal["direct", "online", "partner"]

VERBS: tuple[Verb, ...] = get_args(Verb)
KINDS: tuple[TenantKind, ...] = get_args(TenantKind)
CHANNELS: tuple[Channel, ...] = get_args(Channel)


class Rule(Struct, frozen=True, kw_only=True, omit_defaults=True, rename={"start": "from", "end": "until"}):
    """One line of a rule set: what it is about and what it decides.

    An empty tuple is any. `start` and `end` are half-open. `countries` are ISO 3166-1 or -2 codes or names of groups. `message`
    is a sentence by language tag; `offers` are partners whom to ask instead.
    """

    id: str
    verbs: tuple[Verb, ...]
    decision: Effect
    start: datetime | None = None
    end: datetime | None = None
    countries: tuple[str, ...] = ()
    kinds: tuple[TenantKind, ...] = ()
    channels: tuple[Channel, ...] = ()
    plans: tuple[str, ...] = ()
    partners: tuple[str, ...] = ()
    offers: tuple[str, ...] = ()
    message: dict[str, str] = {}


class Rules(Struct, frozen=True, kw_only=True):
    """Rules in order, of which the first that is about a question decides it, and the groups that they name."""

    rules: tuple[Rule, ...] = ()
    groups: dict[str, tuple[str, ...]] = {}


class Approval(Struct, frozen=True):
    """Somebody's yes to a set as it was submitted."""

    member_id: str
    at: datetime


class RuleSet(Struct, frozen=True, kw_only=True):
    """What is known of a version of the rules, without the rules themselves.

    It can be changed until it is submitted; `revision` counts the changes, so that nobody agrees to what they did not read.
    `base_id` is the set that it is to follow, as it was when it was submitted. `restores_id` is the earlier set of which it
    is a copy, after a rollback.
    """

    id: str
    version: int
    name: str
    revision: int
    created_at: datetime
    author_id: str | None = None
    base_id: str | None = None
    submitted_at: datetime | None = None
    restores_id: str | None = None
    approvals: tuple[Approval, ...] = ()


class Activation(Struct, frozen=True, kw_only=True):
    """A set put in force from `starts_at` on. The later `sequence` stands above the earlier.

    `began_at` is when it was first seen in force, and then it is, whatever the clock is set to afterwards.
    """

    id: str
    sequence: int
    rule_set_id: str
    starts_at: datetime
    created_at: datetime
    created_by: str | None
    began_at: datetime | None = None
    cancelled_at: datetime | None = None


class Question(Struct, frozen=True, kw_only=True):
    """Who wants to do what, when. An attribute that is not given matches only rules that do not name it.

    `country` is the billing address's country or region: an ISO 3166-1 code, or an ISO 3166-2 code of a part of one.
    """

    verb: Verb
    at: datetime
    country: str | None = None
    kind: TenantKind | None = None
    channel: Channel | None = None
    plan: str | None = None
    partner: str | None = None


class Decision(Struct, frozen=True, kw_only=True):
    """An answer, with the id of the rule that gave it."""

    decision: Effect
    rule: str
    offers: tuple[str, ...] = ()
    message: dict[str, str] = {}


class KeptDecision(Struct, kw_only=True):
    """An answer that was given to a tenant by `rule` of the set with this version (0: without a set), or `count` like it.

    The first was given `at`, the last one at `last_at`. `counted`: this row counts all such answers of an hour.
    """

    id: str
    tenant_id: str
    verb: Verb
    decision: Effect
    rule: str
    version: int
    at: datetime
    last_at: datetime
    count: int
    counted: bool

"""Partners, plans and tenants: their values, and the decisions about them. No clock, no database, no await."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

from meetinghouse.market.model import Channel, TenantKind
from meetinghouse.market.places import clean_place
from meetinghouse.people.model import Actor, Organisation, Scope, TenantStatus
from meetinghouse.security.lookalikes import skeleton
from meetinghouse.security.refusal import Refusal

PartnerKind = Literal["oem", "reseller"]
# The operator sells through at most so many partners that stand above one another.
TIERS = 3
_CODE = re.compile(r"[a-z0-9](-?[a-z0-9]){1,31}")
_SUBDIVISION = re.compile(r"[A-Z]{2}-[A-Z0-9]{1,3}")


class Entitlements(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a plan gives. None is without a limit of the plan's own.

    `seats`: members at a time, invited ones included; `participants` of one meeting at a time; `minutes` of one session;
    `recording_hours` that are kept; `regions` by their id.
    """

    host: bool = True
    seats: Annotated[int, Meta(ge=1)] | None = None
    participants: Annotated[int, Meta(ge=1)] | None = None
    minutes: Annotated[int, Meta(ge=1)] | None = None
    recording_hours: Annotated[int, Meta(ge=0)] | None = None
    regions: tuple[str, ...] | None = None


class Plan(Struct, frozen=True, kw_only=True):
    """What tenants subscribe to; `code` is what market rules call it."""

    code: str
    name: str
    entitlements: Entitlements
    created_at: datetime


class Partner(Struct, frozen=True, kw_only=True):
    """A company that sells or runs the service; `code` is what market rules call it, `tenant_id` the home of its staff."""

    id: str
    code: str
    name: str
    kind: PartnerKind
    parent_id: str | None
    tenant_id: str
    created_at: datetime
    ended_at: datetime | None


class TenantRow(Struct, frozen=True, kw_only=True):
    """A tenant as who administers it sees it: nothing that its members say or plan. `partner` and `plan` are codes."""

    id: str
    name: str
    kind: TenantKind
    channel: Channel
    country: str | None
    subdivision: str | None
    plan: str
    partner: str | None
    status: TenantStatus
    members: int
    created_at: datetime


class Reach(Struct, frozen=True, kw_only=True):
    """Whose administration data somebody may see and change.

    The operator's staff: everybody's. A partner's staff: what is sold by `below`, which is their own partner (`own`) and
    those below it. `actor` is how a tenant's audit log names them.
    """

    actor: str
    everything: bool
    own: str | None
    below: frozenset[str]

    def has(self, partner_id: str | None) -> bool:
        """Whether a tenant of this partner (None: of the operator itself) is within it."""
        return self.everything or (partner_id is not None and partner_id in self.below)


def reach_of(actor: Actor, scope: Scope, partners: Mapping[str, Partner]) -> Reach:
    """How far `actor` may use `scope`; `partners` are all, by id.

    Raises:
        Refusal: 404 `not_found`: who may not is told that there is nothing.

    """
    actor.must(scope)
    if actor.organisation is Organisation.OPERATOR:
        return Reach(actor=f"operator:{actor.member_id}", everything=True, own=None, below=frozenset(partners))
    own = next((one for one in partners.values() if one.tenant_id == actor.tenant_id and one.ended_at is None), None)
    if own is None:
        raise absent()
    below = frozenset(one for one in partners if own.id in _chain(one, partners))
    return Reach(actor=f"{own.code}:{actor.member_id}", everything=False, own=own.id, below=below)


def absent() -> Refusal:
    """What a denial looks like: as if there were nothing."""
    return Refusal(404, "not_found", "There is nothing here.")


def check_code(code: str, taken: Collection[str]) -> str:
    """A new partner's or plan's code, if nobody can take it for one of those there are.

    Raises:
        Refusal: 422 `invalid_code`; 409 `code_taken` or `code_looks_alike`.

    """
    if _CODE.fullmatch(code) is None:
        message = "A code is 2 to 32 small letters and digits, with single dashes between them."
        raise Refusal(422, "invalid_code", message)
    if code in taken:
        raise Refusal(409, "code_taken", f"There is a {code!r} already.")
    alike = next((one for one in taken if skeleton(one) == skeleton(code)), None)
    if alike is not None:
        raise Refusal(409, "code_looks_alike", f"{code!r} looks like {alike!r}, which there is already.")
    return code


def check_parent(partner_id: str | None, parent_id: str | None, partners: Mapping[str, Partner]) -> None:
    """Whether a partner (None: a new one) may stand below `parent_id` (None: the operator).

    Raises:
        Refusal: 409 `partner_cycle` or `too_many_tiers`.

    """
    above = [] if parent_id is None else _chain(parent_id, partners)
    if partner_id is not None and partner_id in above:
        raise Refusal(409, "partner_cycle", "A partner cannot stand below itself.")
    height = 1 if partner_id is None else _height(partner_id, partners)
    if len(above) + height > TIERS:
        raise Refusal(409, "too_many_tiers", f"Partners stand above one another in at most {TIERS} tiers.")


def check_address(country: str | None, subdivision: str | None) -> tuple[str | None, str | None]:
    """A billing address's country or region and its part, in the one spelling.

    Raises:
        Refusal: 422 `invalid_country` or `invalid_subdivision`.

    """
    place = None if country is None else clean_place(country)
    if country is not None and (place is None or "-" in place):
        raise Refusal(422, "invalid_country", f"{country!r} is no country or region: write a code of ISO 3166-1.")
    if subdivision is None:
        return place, None
    part = subdivision.strip().upper()
    if place is None or _SUBDIVISION.fullmatch(part) is None or part[:2] != place or clean_place(part) != part:
        message = f"{subdivision!r} is no part of that country or region: write a code of ISO 3166-2, such as US-CA."
        raise Refusal(422, "invalid_subdivision", message)
    return place, part


def check_channel(channel: Channel, partner: str | None) -> None:
    """A tenant that a partner sells to is in the channel `partner`, and no other one is.

    Raises:
        Refusal: 422 `invalid_channel`.

    """
    if (channel == "partner") != (partner is not None):
        message = "The channel is `partner` for a tenant that has a partner, and `direct` or `online` for one without."
        raise Refusal(422, "invalid_channel", message)


def check_may_host(status: TenantStatus, entitlements: Entitlements) -> None:
    """Whether meetings of a tenant may be made and begin.

    Raises:
        Refusal: 403 `tenant_suspended` or `plan_refused`.

    """
    if status is not TenantStatus.ACTIVE:
        raise Refusal(403, "tenant_suspended", "This organisation is suspended: it hosts no meetings now.")
    if not entitlements.host:
        raise Refusal(403, "plan_refused", "The plan of this organisation does not include hosting meetings.")


def check_may_be_joined(status: TenantStatus, entitlements: Entitlements, region: str) -> None:
    """Whether people may join meetings of a tenant in a region.

    Raises:
        Refusal: 403 `tenant_ended` or `plan_refused`.

    """
    if status is TenantStatus.ENDED:
        raise Refusal(403, "tenant_ended", "The host's organisation is no longer served here.")
    if entitlements.regions is not None and region not in entitlements.regions:
        message = f"The plan of the host's organisation does not include the region {region}."
        raise Refusal(403, "plan_refused", message)


def _chain(partner_id: str, partners: Mapping[str, Partner]) -> list[str]:
    """The partner and those above it."""
    found: list[str] = []
    above: str | None = partner_id
    while above is not None and above not in found:
        found.append(above)
        above = partners[above].parent_id
    return found


def _height(partner_id: str, partners: Mapping[str, Partner]) -> int:
    """How many tiers the partner and those below it make."""
    return max(_chain(one, partners).index(partner_id) + 1 for one in partners if partner_id in _chain(one, partners))

"""The decision where a participant is served. Nothing widens it: no policy, no placement."""

from __future__ import annotations

from meetinghouse.regions.model import Placement, Places, Policy, Region
from meetinghouse.security.refusal import Refusal


def place(policy: Policy | None, region: Region) -> Placement:
    """Serve a participant in `region`, if the host tenant's policy permits media, attachment and signalling there.

    Raises:
        Refusal: 403 `no_policy` or `no_permitted_region`, with the policy's id as the rule.

    """
    if policy is None:
        raise Refusal(403, "no_policy", "The host's organisation has no residency policy, so nothing may be placed.")
    for places in (policy.media, policy.attach or policy.media, policy.signalling or policy.media):
        if not _permits(places, region):
            message = f"The policy {policy.id} of the host's organisation does not permit the region {region.id}."
            raise Refusal(403, "no_permitted_region", message, rule=policy.id)
    return Placement(region.id, policy.id)


def _permits(places: Places, region: Region) -> bool:
    names = {"*", region.id, f"operator:{region.operator}"} | ({region.jurisdiction} if region.jurisdiction else set())
    return not names & set(places.deny) and bool(names & set(places.allow))

"""What people tells the others over the bus."""

from __future__ import annotations

import msgspec

from meetinghouse.bus.local import Bus

# A member's account was disabled or removed: whatever they are in the middle of ends.
MEMBER_OUT = "people.member_out"


class MemberOut(msgspec.Struct, frozen=True):
    """Who may do nothing any more."""

    tenant_id: str
    member_id: str


async def tell_member_out(bus: Bus, tenant_id: str, member_id: str) -> None:
    """Say it, after the commit."""
    await bus.publish(MEMBER_OUT, msgspec.json.encode(MemberOut(tenant_id, member_id)))

"""Every limit on rates and sizes, in one place; each is a key of the section `limits`.

A rate is written `count/interval`, for example `"20/10m"`: at most 20 in any 10 minutes (a sliding window).
"""

from __future__ import annotations

import re

import msgspec

_RATE = re.compile(r"(\d+)/(\d+)([smhd])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


class Rate(msgspec.Struct, frozen=True):
    """At most `count` in any `seconds`."""

    count: int
    seconds: int

    @classmethod
    def parse(cls, text: str) -> Rate:
        """Read `"20/10m"`.

        Raises:
            ValueError: with the sentence that says what to write.

        """
        match = _RATE.fullmatch(text)
        if match is None or not int(match[1]) or not int(match[2]):
            message = f'{text!r} is not a rate: write a count and an interval such as "20/10m" (units s, m, h, d)'
            raise ValueError(message)
        return cls(count=int(match[1]), seconds=int(match[2]) * _SECONDS[match[3]])

    def __str__(self) -> str:
        return f"{self.count}/{self.seconds}s"


class Limits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The limits and their defaults. Higher costs protection, lower costs patience."""

    # Guessing (interfaces.md fixes the first three together: 20 wrong tries in 10 minutes).
    guesses_per_number: Rate = Rate(20, 600)
    guesses_per_address: Rate = Rate(20, 600)
    # A school or an office behind one address block mistypes more than one person does: raise it there.
    guesses_per_network: Rate = Rate(20, 600)

    # Signing in: failures only. A person who forgot tries five passwords; a stuffed list tries thousands.
    sign_ins_per_account: Rate = Rate(10, 900)
    sign_ins_per_address: Rate = Rate(30, 900)
    links_per_address: Rate = Rate(30, 900)

    # Requests that cost the server something, by who makes them.
    writes_per_member: Rate = Rate(600, 60)
    # One tenant's answers to repeat keys must not fill the disk.
    idempotency_seconds: int = 86_400

    # Sizes.
    body_bytes: int = 1_048_576
    list_items: int = 100
    # Points of one line of a quality page: more than a screen shows is merged.
    quality_points: int = 240
    signalling_message_bytes: int = 524_288
    offer_bytes: int = 262_144

    # Signalling: a person at full speed makes a few messages a second; a layout change makes a burst.
    signalling_messages: Rate = Rate(200, 10)
    signalling_hello_seconds: int = 10
    # Unsent events of a slow receiver; then it is closed and comes back to a snapshot.
    signalling_queue_messages: int = 2_000
    chat_messages: Rate = Rate(30, 30)
    reactions: Rate = Rate(20, 10)

    # People.
    participants_per_meeting: int = 500
    # Pictures that anybody gets at a time: those that come first in their view.
    pictures_per_participant: int = 25
    lobby_per_meeting: int = 200
    # Watchers of WHEP beside the people; each costs what somebody in the meeting costs who only receives.
    watches_per_meeting: int = 1_000
    # One ticket opens several watches: higher lets a leaked one cost more, lower slows a wall of screens that comes back.
    offers_per_ticket: Rate = Rate(3_000, 60)
    meetings_per_member: int = 10_000
    tokens_per_member: int = 100
    passkeys_per_member: int = 20

    # TURN's relayed addresses: two files each. A browser makes one a network interface and connection.
    turn_allocations: int = 1_000
    turn_allocations_per_participant: int = 12

    # Distinct keys that are remembered per limit; the longest unused is forgotten first.
    remembered_keys: int = 50_000

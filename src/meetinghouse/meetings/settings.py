"""What an operator may set about meetings; sizes and rates are in the section `limits`."""

from __future__ import annotations

from msgspec import Struct


class MeetingsSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The section `meetings`."""

    # How long a place is kept for somebody whose connection broke. Lower clears ghosts sooner; higher survives longer outages
    # (a phone call, a server that restarts).
    return_seconds: float = 40
    # How long a meeting that everybody was lost from stays open for their return (a laptop that slept, a broken line).
    abandoned_seconds: float = 900
    # How often clients ping; browsers cannot see WebSocket pings, so this is how they notice a dead network.
    heartbeat_seconds: int = 10
    # Default and longest life of a ticket that an API caller makes.
    ticket_seconds: int = 300
    ticket_seconds_max: int = 86_400
    # How long a reload or restart finds its way back at most.
    resume_seconds: int = 86_400
    # How much time one sample of somebody's quality covers: lower shows short trouble more sharply and stores more.
    quality_seconds: int = 10
    # How long samples are kept.
    quality_days: int = 30

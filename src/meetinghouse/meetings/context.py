"""What the actions of meetings work with, gathered so that each takes one argument for it."""

from __future__ import annotations

from dataclasses import dataclass

from meetinghouse.db.clock import Clock
from meetinghouse.db.engine import Database
from meetinghouse.meetings.sessions import Sessions
from meetinghouse.meetings.settings import MeetingsSettings
from meetinghouse.regions.model import Region
from meetinghouse.security.houses import Houses
from meetinghouse.security.keyring import Keyring
from meetinghouse.security.limiter import Limiter
from meetinghouse.security.limits import Limits


@dataclass(frozen=True, kw_only=True)
class Meetings:
    """The services and settings of this feature; one value for the whole server, so that injecting it costs nothing."""

    db: Database
    keys: Keyring
    clock: Clock
    limiter: Limiter
    limits: Limits
    settings: MeetingsSettings
    sessions: Sessions
    houses: Houses
    region: Region

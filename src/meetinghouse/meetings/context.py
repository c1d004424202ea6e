"""What the actions of meetings work with, gathered so that each takes one argument for it."""

from __future__ import annotations

from dataclasses import dataclass

from litestar.di import NamedDependency

from meetinghouse.db.clock import Clock
from meetinghouse.db.engine import Database
from meetinghouse.meetings.sessions import Sessions
from meetinghouse.meetings.settings import MeetingsSettings
from meetinghouse.regions.model import Region
from meetinghouse.security.keyring import Keyring
from meetinghouse.security.limiter import Limiter
from meetinghouse.security.limits import Limits


@dataclass(frozen=True, kw_only=True)
class Meetings:
    """The services and settings of this feature."""

    db: Database
    keys: Keyring
    clock: Clock
    limiter: Limiter
    limits: Limits
    settings: MeetingsSettings
    sessions: Sessions
    public_url: str
    region: Region


async def provide_meetings(  # noqa: PLR0913, PLR0917 (each is a service, injected by its name)
    db: NamedDependency[Database],
    keys: NamedDependency[Keyring],
    clock: NamedDependency[Clock],
    limiter: NamedDependency[Limiter],
    limits: NamedDependency[Limits],
    meetings_settings: NamedDependency[MeetingsSettings],
    region: NamedDependency[Region],
    sessions: NamedDependency[Sessions],
    public_url: NamedDependency[str],
) -> Meetings:
    """The dependency `meetings`."""
    return Meetings(
        db=db,
        keys=keys,
        clock=clock,
        limiter=limiter,
        limits=limits,
        settings=meetings_settings,
        sessions=sessions,
        public_url=public_url,
        region=region,
    )

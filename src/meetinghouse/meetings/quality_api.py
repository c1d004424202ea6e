"""What hosts and administrators read about how their sessions went; `routes` go below `/api/v1`."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from msgspec import Struct

from meetinghouse.meetings import actions, live_tables, quality_tables
from meetinghouse.meetings.context import Meetings
from meetinghouse.meetings.messages import Role
from meetinghouse.meetings.model import Attendance, Session
from meetinghouse.meetings.quality import Cause, Sample, Verdict, is_everybodys, thinned, verdicts
from meetinghouse.meetings.trace import trace_of
from meetinghouse.people.model import Actor
from meetinghouse.people.wire import Page
from meetinghouse.security.refusal import Refusal

_ITEMS = 20


class SessionView(Struct, frozen=True, kw_only=True):
    """One holding of a meeting."""

    id: str
    started_at: datetime
    ended_at: datetime | None


class Series(Struct, frozen=True, kw_only=True):
    """Lines of a plot: one entry of each list a sample, oldest first. Losses are shares, 0…1."""

    at: list[datetime]
    rtt_ms: list[int | None]
    up_bps: list[int]
    up_loss: list[float]
    down_bps: list[int]
    down_loss: list[float]
    estimate_bps: list[int]
    frozen_ms: list[int]
    concealed_ms: list[int]


class VerdictView(Struct, frozen=True, kw_only=True):
    """What hindered somebody longest, from when to when; `cause` null when nothing was worth saying.

    `worst` is the largest share lost (0…1) or the longest round trip (milliseconds), where the cause has such a number.
    """

    cause: Cause | None
    since: datetime | None
    until: datetime | None
    bad_seconds: int
    seconds: int
    worst: float | None
    frozen_ms: int
    concealed_ms: int


class ParticipantQuality(Struct, frozen=True, kw_only=True):
    """How it went for one participant. No samples: their media never came, or is kept no longer."""

    id: str
    name: str
    role: Role
    joined_at: datetime
    left_at: datetime | None
    verdict: VerdictView
    series: Series


class SessionQuality(Struct, frozen=True, kw_only=True):
    """How a session went. `everybodys`: most people had the same trouble at the same time."""

    session: SessionView
    participants: list[ParticipantQuality]
    troubled: int
    everybodys: bool


@get("/meetings/{meeting_id:str}/sessions")
async def list_sessions(
    meetings: NamedDependency[Meetings],
    actor: NamedDependency[Actor],
    meeting_id: FromPath[str],
    cursor: FromQuery[str] = "",
    limit: FromQuery[int] = _ITEMS,
) -> Page[SessionView]:
    """When a meeting was held, the last time first."""
    meeting = await actions.find(meetings, actor, meeting_id)
    limit = max(1, min(limit, meetings.limits.list_items))
    async with meetings.db.read(actor.tenant_id) as connection:
        found = await quality_tables.sessions_of(connection, meeting.id, cursor or None, limit + 1)
    following = found[limit - 1][0].id if len(found) > limit else None
    return Page([_session_view(*one) for one in found[:limit]], following)


@get("/meetings/{meeting_id:str}/sessions/{session_id:str}/quality")
async def session_quality(
    meetings: NamedDependency[Meetings],
    actor: NamedDependency[Actor],
    meeting_id: FromPath[str],
    session_id: FromPath[str],
) -> SessionQuality:
    """How a session went for everybody who was in it."""
    session, ended_at, people = await _found(meetings, actor, meeting_id, session_id)
    samples: dict[str, list[Sample]] = {person.id: [] for person in people}
    for record in await meetings.sessions.quality.records(session.id):
        for who, theirs in record.samples.items():
            if who in samples:
                samples[who].extend(theirs)
    found = verdicts(samples)
    return SessionQuality(
        session=_session_view(session, ended_at),
        participants=[
            ParticipantQuality(
                id=person.id,
                name=person.name,
                role=person.role,
                joined_at=person.joined_at or person.asked_at,
                left_at=person.left_at,
                verdict=_verdict_view(found[person.id]),
                series=_series(thinned(samples[person.id], meetings.limits.quality_points)),
            )
            for person in people
        ],
        troubled=sum(verdict.cause is not None for verdict in found.values()),
        everybodys=is_everybodys(found.values()),
    )


@get("/meetings/{meeting_id:str}/sessions/{session_id:str}/trace")
async def session_trace(
    meetings: NamedDependency[Meetings],
    actor: NamedDependency[Actor],
    meeting_id: FromPath[str],
    session_id: FromPath[str],
) -> Response[bytes]:
    """A session on a time line, in the Trace Event Format that Perfetto opens."""
    session, ended_at, people = await _found(meetings, actor, meeting_id, session_id)
    records = await meetings.sessions.quality.records(session.id)
    trace = trace_of(people, records, ended_at or meetings.clock.now())
    name = f'attachment; filename="session-{session.id}.json"'
    return Response(msgspec.json.encode(trace), media_type="application/json", headers={"Content-Disposition": name})


async def _found(
    meetings: Meetings, actor: Actor, meeting_id: str, session_id: str
) -> tuple[Session, datetime | None, list[Attendance]]:
    """A session, when it ended, and who was in it."""
    meeting = await actions.find(meetings, actor, meeting_id)
    async with meetings.db.read(actor.tenant_id) as connection:
        found = await quality_tables.session_of(connection, meeting.id, session_id)
        if found is None:
            raise Refusal(404, "not_found", "This meeting has no such session.")
        people = await live_tables.attendances_of(connection, session_id)
    return *found, [person for person in people if person.joined_at is not None]


def _session_view(session: Session, ended_at: datetime | None) -> SessionView:
    return SessionView(id=session.id, started_at=session.started_at, ended_at=ended_at)


def _verdict_view(verdict: Verdict) -> VerdictView:
    return VerdictView(
        cause=verdict.cause,
        since=None if verdict.since is None else _moment(verdict.since),
        until=None if verdict.until is None else _moment(verdict.until),
        bad_seconds=verdict.bad_seconds,
        seconds=verdict.seconds,
        worst=verdict.worst,
        frozen_ms=verdict.frozen_ms,
        concealed_ms=verdict.concealed_ms,
    )


def _series(samples: list[Sample]) -> Series:
    return Series(
        at=[_moment(one.at) for one in samples],
        rtt_ms=[one.rtt_ms for one in samples],
        up_bps=[one.up_bps for one in samples],
        up_loss=[one.up_loss for one in samples],
        down_bps=[one.down_bps for one in samples],
        down_loss=[one.down_loss for one in samples],
        estimate_bps=[one.estimate_bps for one in samples],
        frozen_ms=[one.frozen_ms for one in samples],
        concealed_ms=[one.concealed_ms for one in samples],
    )


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


routes = [list_sessions, session_quality, session_trace]

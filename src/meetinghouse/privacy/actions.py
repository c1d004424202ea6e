"""A person's data: told, and erased."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from msgspec import Struct
from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from meetinghouse.meetings.live_tables import participants, sessions
from meetinghouse.meetings.quality import Sample
from meetinghouse.meetings.quality_tables import of_session
from meetinghouse.meetings.tables import meetings
from meetinghouse.people import tables as people_tables
from meetinghouse.people.context import People
from meetinghouse.people.model import Actor, Role, Scope
from meetinghouse.people.news import tell_member_out
from meetinghouse.people.rules import check_may_give, check_not_last_owner
from meetinghouse.people.tables import members
from meetinghouse.privacy.holdings import Person, holdings
from meetinghouse.security.refusal import Refusal

_MEASURED = "How well your connection was; without your name it is kept for meetings.quality_days."


class Section(Struct, frozen=True):
    """One kind of data: what it is, what an erasure does with it, and all there is of it."""

    kind: str
    about: str
    erasure: str
    rows: list[dict[str, Any]]


class Export(Struct, frozen=True):
    """Everything that is kept about a person."""

    person: str
    tenant: str
    made_at: datetime
    sections: list[Section]


async def do_export(people: People, actor: Actor, member_id: str) -> Export:
    """Tell everything that is kept about a person; that it was told stands in the organisation's audit log.

    Raises:
        Refusal: 403, 404.

    """
    now = people.clock.now()
    async with people.db.write(actor.tenant_id) as write:
        person = await _the_person(write.connection, actor, member_id)
        await people_tables.insert_audit(
            write.connection, actor.tenant_id, now, actor.member_id, "export_person", person.id, {}
        )
    sections = []
    async with people.db.read(actor.tenant_id) as connection:
        for one in holdings():
            rows = (await connection.execute(one.rows(person))).mappings()
            sections.append(Section(one.kind, one.about, one.erasure, [dict(row) for row in rows]))
        sections.append(Section("measurements", _MEASURED, "made nobody's", await _measured(connection, person)))
    return Export(person.id, person.tenant_id, now, sections)


async def do_erase(people: People, actor: Actor, member_id: str) -> None:
    """Erase a person: all of it or, when it is refused, nothing. What stays leads to an id, and the id to nobody.

    Raises:
        Refusal: 403, 404; 409 `last_owner`, or `in_meeting` while they are in a meeting or one of theirs is held.

    """
    async with people.db.write(actor.tenant_id) as write:
        connection = write.connection
        person = await _the_person(connection, actor, member_id)
        member = await people_tables.member(connection, person.id)
        if member is not None:
            check_not_last_owner(member, await people_tables.count_active_owners(connection, actor.tenant_id))
        await _check_in_no_meeting(connection, person)
        for one in holdings():
            if one.erasure == "removed":
                await connection.execute(delete(one.table).where(one.whose(person)))
            elif one.left is not None:
                await connection.execute(update(one.table).where(one.whose(person)).values(**one.left))
        await people_tables.insert_audit(
            connection, actor.tenant_id, people.clock.now(), actor.member_id, "erase_person", person.id, {}
        )
    await tell_member_out(people.bus, actor.tenant_id, person.id)


def check_own(actor: Actor, email: str, typed: str) -> None:
    """Whether somebody means it who would erase their own account: signed in, their address typed.

    Raises:
        Refusal: 403 `not_allowed`; 422 `not_confirmed`.

    """
    if actor.via != "session":
        raise Refusal(403, "not_allowed", "Sign in to do this; a token cannot.")
    if typed.strip().lower() != email:
        raise Refusal(422, "not_confirmed", "Write your own email address as `email`: this cannot be undone.")


async def _the_person(connection: AsyncConnection, actor: Actor, member_id: str) -> Person:
    """Oneself, or somebody whom one manages; those too whose account was removed before."""
    if member_id != actor.member_id:
        actor.must(Scope.MEMBERS_WRITE)
    columns = (members.c.id, members.c.tenant_id, members.c.email, members.c.role)
    query = select(*columns).where(members.c.id == member_id, members.c.tenant_id == actor.tenant_id)
    row = (await connection.execute(query)).one_or_none()
    if row is None:
        raise Refusal(404, "not_found", "There is no such member.")
    if member_id != actor.member_id:
        check_may_give(actor, Role(row.role))
    return Person(row.id, row.tenant_id, row.email)


async def _check_in_no_meeting(connection: AsyncConnection, person: Person) -> None:
    """What is held is in memory, and would be written down again."""
    is_in = (participants.c.member_id == person.id) & participants.c.left_at.is_(None)
    query = (
        select(sessions.c.id)
        .join(meetings, meetings.c.id == sessions.c.meeting_id)
        .outerjoin(participants, (participants.c.session_id == sessions.c.id) & is_in)
        .where(sessions.c.ended_at.is_(None))
        .where((meetings.c.host_id == person.id) | participants.c.id.is_not(None))
        .limit(1)
    )
    if (await connection.execute(query)).first() is not None:
        detail = "They are in a meeting, or one of theirs is held: end it, or disable the account, and try again."
        raise Refusal(409, "in_meeting", detail)


async def _measured(connection: AsyncConnection, person: Person) -> list[dict[str, Any]]:
    query = select(participants.c.id, participants.c.session_id).where(participants.c.member_id == person.id)
    found = []
    for row in (await connection.execute(query)).all():
        samples: list[Sample] = [
            sample
            for record in await of_session(connection, row.session_id)
            for sample in record.samples.get(row.id, [])
        ]
        if samples:
            rows = [{name: getattr(one, name) for name in Sample.__struct_fields__} for one in samples]
            found.append({"session_id": row.session_id, "samples": rows})
    return found

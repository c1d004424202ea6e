"""A person's data over HTTP: for themself, and for who administers their organisation."""

from __future__ import annotations

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Struct

from meetinghouse.people.context import People
from meetinghouse.people.model import Actor
from meetinghouse.people.profile import the_member
from meetinghouse.people.wire import Email
from meetinghouse.privacy import actions
from meetinghouse.privacy.actions import Export

_FILE = {"content-disposition": 'attachment; filename="personal-data.json"'}


class Confirmation(Struct, frozen=True, forbid_unknown_fields=True):
    """One's own address, typed by who means it."""

    email: Email


@get("/me/export")
async def export_me(people: NamedDependency[People], actor: NamedDependency[Actor]) -> Response[Export]:
    """Everything that is kept about oneself."""
    return Response(await actions.do_export(people, actor, actor.member_id), headers=_FILE)


@post("/me/erasure", status_code=204)
async def erase_me(
    people: NamedDependency[People], actor: NamedDependency[Actor], data: JSONBody[Confirmation]
) -> None:
    """Erase one's account and everything that is kept about oneself; it cannot be undone."""
    member, _, _ = await the_member(people, actor)
    actions.check_own(actor, member.email or "", data.email)
    await actions.do_erase(people, actor, actor.member_id)


@get("/members/{member_id:str}/export")
async def export_member(
    people: NamedDependency[People], actor: NamedDependency[Actor], member_id: FromPath[str]
) -> Response[Export]:
    """Everything that is kept about a member, or about somebody who was one."""
    return Response(await actions.do_export(people, actor, member_id), headers=_FILE)


@post("/members/{member_id:str}/erasure", status_code=204)
async def erase_member(
    people: NamedDependency[People], actor: NamedDependency[Actor], member_id: FromPath[str]
) -> None:
    """Erase everything that is kept about a member, or about somebody who was one; it cannot be undone."""
    await actions.do_erase(people, actor, member_id)


routes = [export_me, erase_me, export_member, erase_member]

"""What is kept about a person is told whole and erased whole, on either database; what is over is deleted in time."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, insert, select

from accounts import Owner, browser, enrol, signed_in_owner
from conftest import SetClock, StartServer
from meetinghouse.app.server import Running
from meetinghouse.db.schema import metadata
from meetinghouse.db.tenancy import Across
from meetinghouse.mail.tables import mails
from meetinghouse.meetings.live_tables import messages, participants, sessions
from meetinghouse.meetings.quality_tables import quality
from meetinghouse.people.credential_tables import identities, passkeys, sign_ins
from meetinghouse.people.tables import idempotent_answers, members
from organisations import ask

_NAME, _EMAIL = "Zebulon Quux", "zebulon@quux.example"
# What stands somewhere of this person alone.
_TRACES = (
    _NAME,
    _EMAIL,
    "quux-agent",
    "quux-key",
    "quux-subject",
    "quux-title",
    "quux-wrote",
    "quux-token",
)


async def _dump(running: Running) -> str:
    """Every table of the database as text."""
    found = []
    async with running.services.db.read(Across.UPKEEP) as connection:
        for table in metadata.tables.values():
            rows = await connection.exec_driver_sql(f"SELECT * FROM {table.name}")  # noqa: S608 (our own names)
            found += [repr(tuple(row)) for row in rows]
    return "\n".join(found)


async def _add(running: Running, *rows: tuple[Any, dict[str, Any]]) -> None:
    async with running.services.db.write(Across.UPKEEP) as write:
        for table, values in rows:
            await write.connection.execute(insert(table).values(**values))


async def _count(running: Running, table: Any) -> int:  # noqa: ANN401 (a table)
    async with running.services.db.read(Across.UPKEEP) as connection:
        return int((await connection.execute(select(func.count()).select_from(table))).scalar_one())


async def _leave_traces(running: Running, owner: Owner, zeb: Owner) -> None:
    """Everything that leaves something, in a meeting of somebody else as well."""
    now, tenant, me = running.services.clock.now(), zeb.me["tenant"]["id"], zeb.me["id"]
    await ask(zeb, "POST", "/meetings", 201, title="quux-title")
    await ask(zeb, "POST", "/tokens", 201, name="quux-token", scopes=["meetings:read"], expires_in_seconds=900)
    meeting = await ask(owner, "POST", "/meetings", 201, title="Of the owner")
    own = {"tenant_id": tenant, "member_id": me, "created_at": now}
    stay: dict[str, Any] = {
        "tenant_id": tenant,
        "session_id": "s1",
        "role": "guest",
        "presence": "left",
        "publish": True,
        "subscribe": True,
        "resume_expires_at": now,
        "asked_at": now,
        "sources": [],
        "left_at": now,
    }
    line = {"tenant_id": tenant, "session_id": "s1", "sent_at": now, "key": "k"}
    times = {"started_at": now, "ended_at": now}
    seen = {"last_seen_at": now, "expires_at": now + timedelta(days=1)}
    to_one = {"to_id": "p1", "to_name": _NAME, "text": "to one", "sequence": 2}
    samples = {"p1": [[1, 10, 20, 0, 0.0, 0, 0.0, 0, 0, 0, 0, 0, 0, "none"]]}
    mail = {"subject": "s", "body": "", "created_at": now, "tries": 1}
    await _add(
        running,
        (sessions, {"id": "s1", "tenant_id": tenant, "meeting_id": meeting["id"], "sequence_reserved": 0, **times}),
        (participants, {"id": "p1", "member_id": me, "name": _NAME, "resume_mark": b"1", **stay}),
        (participants, {"id": "p2", "member_id": owner.me["id"], "name": "Ana", "resume_mark": b"2", **stay}),
        (messages, {"id": "m1", "sender_id": "p1", "sender_name": _NAME, "text": "quux-wrote", "sequence": 1, **line}),
        (messages, {"id": "m2", "sender_id": "p2", "sender_name": "Ana", **to_one, **line}),
        (quality, {"id": "q1", "tenant_id": tenant, "session_id": "s1", "at": now, "record": {"samples": samples}}),
        (passkeys, {"id": "k1", "credential_id": b"c", "public_key": b"k", "sign_count": 0, "name": "quux-key", **own}),
        (identities, {"id": "i1", "issuer": "https://id.example", "subject": "quux-subject", **own}),
        (sign_ins, {"id": "x1", "secret_mark": b"x", "client": "quux-agent", "second_factor": False, **seen, **own}),
        (mails, {"id": "e1", "key": "e1", "recipient": _EMAIL, **mail}),
    )


@pytest.fixture
def clock() -> SetClock:
    """It stands until a test moves it."""
    return SetClock()


@pytest.fixture
async def running(start_server: StartServer, clock: SetClock) -> AsyncIterator[Running]:
    """A server that deletes two rows at a time."""
    async with start_server(clock=clock, privacy={"rows_at_once": 2, "history_days": 30}) as started:
        yield started


@pytest.fixture
async def ana(running: Running) -> AsyncIterator[Owner]:
    """The owner."""
    async with signed_in_owner(running) as owner:
        yield owner


@pytest.fixture
async def zeb(running: Running, ana: Owner) -> AsyncIterator[Owner]:
    """A member, whose name nobody else has."""
    invited = await ask(ana, "POST", "/members", 201, email=_EMAIL)
    async with browser(running) as http:
        yield Owner(http, await enrol(http, invited["link"], name=_NAME))


async def test_an_export_tells_everything_and_an_erasure_leaves_nothing(
    running: Running, ana: Owner, zeb: Owner
) -> None:
    await _leave_traces(running, ana, zeb)
    before = await _dump(running)
    export = (await zeb.http.get("/api/v1/me/export")).json()
    assert (await ask(ana, "GET", f"/members/{zeb.me['id']}/export"))["person"] == export["person"] == zeb.me["id"]
    told = str(export)
    for trace in _TRACES:
        assert trace in before, trace
        assert trace in told, trace
    rows = {section["kind"]: section["rows"] for section in export["sections"]}
    assert [row["text"] for row in rows["messages received"]] == ["to one"]
    assert rows["measurements"][0]["samples"][0]["rtt_ms"] == 20
    assert all(section["about"] and section["erasure"] for section in export["sections"])
    assert not {"password_hash", "secret_mark", "resume_mark", "public_key"} & set(_keys(export))

    await ask(zeb, "POST", "/me/erasure", 422, email="other@example.org")
    answer = await zeb.http.post("/api/v1/me/erasure", json={"email": _EMAIL})
    assert answer.status_code == 204, answer.text
    after = await _dump(running)
    assert [trace for trace in _TRACES if trace in after] == []
    assert (await zeb.http.get("/api/v1/me")).status_code == 401
    assert "to one" in after
    entries = (await ask(ana, "GET", "/audit"))["items"]
    assert (entries[0]["action"], entries[0]["actor"], entries[0]["subject"]) == ("erase_person", *[zeb.me["id"]] * 2)
    empty = {
        section["kind"]: section["rows"]
        for section in (await ask(ana, "GET", f"/members/{zeb.me['id']}/export"))["sections"]
    }
    assert {kind for kind, found in empty.items() if found} == {"account", "audit"}


async def test_an_erasure_is_whole_or_nothing_and_denials_are_absences(
    running: Running, ana: Owner, zeb: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _leave_traces(running, ana, zeb)
    for path in (f"/members/{ana.me['id']}", "/members/nobody"):
        await ask(zeb, "GET", f"{path}/export", 403)
        await ask(zeb, "POST", f"{path}/erasure", 403)
        await ask(ana, "GET", "/members/nobody/export", 404)
    assert (await ask(ana, "POST", "/me/erasure", 409, email=ana.me["email"]))["code"] == "last_owner"
    async with running.services.db.write(Across.UPKEEP) as write:
        await write.connection.execute(sessions.update().values(ended_at=None))
        await write.connection.execute(participants.update().values(left_at=None))
    assert (await ask(ana, "POST", f"/members/{zeb.me['id']}/erasure", 409))["code"] == "in_meeting"
    async with running.services.db.write(Across.UPKEEP) as write:
        await write.connection.execute(sessions.update().values(ended_at=running.services.clock.now()))
    before = await _dump(running)

    async def broken(*_: object) -> None:
        raise RuntimeError

    with monkeypatch.context() as patch:
        patch.setattr("meetinghouse.people.tables.insert_audit", broken)
        assert await _erased(ana, zeb) == 500
    assert await _dump(running) == before
    await ana.http.delete(f"/api/v1/members/{zeb.me['id']}")
    assert "quux-wrote" in await _dump(running)
    assert await _erased(ana, zeb) == 204
    after = await _dump(running)
    assert [trace for trace in _TRACES if trace in after] == []


async def test_what_is_over_is_deleted_in_batches_and_the_rest_stays(
    running: Running, clock: SetClock, ana: Owner, zeb: Owner
) -> None:
    await _leave_traces(running, ana, zeb)
    services = running.services
    old = services.clock.now() - timedelta(days=100)
    mail = {"recipient": "r", "subject": "s", "body": "", "created_at": old, "tries": 1}
    await _add(
        running,
        *(
            (mails, {"id": f"o{one}", "key": f"o{one}", "next_at": old if one == 0 else None, **mail})
            for one in range(6)
        ),
        (idempotent_answers, {"mark": b"m", "request_mark": b"r", "answer": b"a", "expires_at": old}),
    )
    assert await services.retention.do_round() == 6
    assert await services.retention.do_round() == 0
    assert await _count(running, mails) == 2
    assert await _count(running, sessions) == await _count(running, quality) == 1
    clock.advance(31 * 86_400)
    await services.retention.do_round()
    assert [await _count(running, table) for table in (sessions, participants, messages, quality, sign_ins)] == [0] * 5
    assert await _count(running, members) == 2


async def _erased(by: Owner, who: Owner) -> int:
    """The status of an administrator's erasure."""
    return (await by.http.post(f"/api/v1/members/{who.me['id']}/erasure")).status_code


def _keys(value: Any) -> list[str]:  # noqa: ANN401 (JSON)
    if isinstance(value, dict):
        return [*value, *(key for one in value.values() for key in _keys(one))]
    return [key for one in value for key in _keys(one)] if isinstance(value, list) else []

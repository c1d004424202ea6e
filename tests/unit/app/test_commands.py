"""The commands: what they print, and how they refuse."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import socket
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import structlog

import databases
from accounts import Owner, browser, enrol
from meetinghouse.app.announce import leave_note
from meetinghouse.app.server import Running
from meetinghouse.cli import main


@dataclass(frozen=True)
class Done:
    """A command that has ended."""

    status: int | str | None
    out: str
    err: str


Command = Callable[..., Done]


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Iterator[Command]:
    """Runs the program in this process: `command("token", "create", MEETINGHOUSE_TOKEN="…")`."""
    for name in [name for name in os.environ if name.startswith("MEETINGHOUSE_")]:
        monkeypatch.delenv(name)

    def run(*arguments: str, **environment: str) -> Done:
        capsys.readouterr()
        environment.setdefault("MEETINGHOUSE_DATABASE__URL", databases.url_for(tmp_path))
        with monkeypatch.context() as patch:
            patch.setattr(sys, "argv", ["meetinghouse", *arguments])
            for name, value in environment.items():
                patch.setenv(name, value)
            with pytest.raises(SystemExit) as left:
                main()
        return Done(left.value.code, *capsys.readouterr())

    root = logging.getLogger()
    handlers, level, structured = root.handlers[:], root.level, structlog.get_config()
    yield run
    root.handlers, root.level = handlers, level
    structlog.configure(**structured)


async def test_commands_work_beside_a_running_server(server: Running, command: Command) -> None:
    config = server.services.config
    data = str(config.data_directory)
    leave_note(config.data_directory, server)
    done = await asyncio.to_thread(command, "token", "create", "--owner", "--data", data, "--json")
    made = json.loads(done.out)
    assert set(made) == {"token", "expires_at", "scopes"}
    environment = {"MEETINGHOUSE_TOKEN": made["token"]}
    asked = ["token", "create", "--server", server.url, "--owner", "--scope", "meetings:read", "--expires", "5m"]
    assert json.loads((await asyncio.to_thread(command, *asked, **environment)).out)["scopes"] == ["meetings:read"]
    asked = ["meeting", "create", "--server", server.url, "--title", "Standup", "--no-lobby", "--no-passcode", "--json"]
    meeting = json.loads((await asyncio.to_thread(command, *asked, **environment)).out)
    assert (meeting["title"], meeting["passcode"], meeting["settings"]["lobby"]) == ("Standup", None, False)
    drain = ["drain", "--server", server.url]
    assert (await asyncio.to_thread(command, *drain, "--wait", **environment)).out == "draining, 0 held\n"
    assert (await asyncio.to_thread(command, *drain, "--undo", **environment)).out == "takes meetings, 0 held\n"
    link = await asyncio.to_thread(command, "owner", "link", "--data", data)
    assert link.out.startswith(f"{server.url}/enrol#t=")
    examined = json.loads((await asyncio.to_thread(command, "doctor", "--data", data, "--json")).out)
    checks = {finding["check"] for finding in examined["findings"]}
    assert {"data", "disk", "database", "web port", "media port", "NAT", "time"} <= checks


def test_a_token_can_be_made_before_the_first_start(command: Command, tmp_path: Path) -> None:
    done = command("token", "create", "--owner", "--data", str(tmp_path / "new"), "--expires", "90s", "--json")
    assert done.status == 0
    assert json.loads(done.out)["token"].startswith("mht_")


def test_refusals_are_a_sentence_and_exit_1(command: Command, tmp_path: Path) -> None:
    data = str(tmp_path / "data")
    blocked = tmp_path / "file"
    blocked.write_text("")
    absent = str(tmp_path / "absent.toml")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused = [
            (["serve", "--listen", f"127.0.0.1:{port}", "--data", data], [f"listen on 127.0.0.1:{port}", "--listen"]),
            (["serve", "--listen", "127.0.0.1:0", "--data", str(blocked / "below")], ["data directory", "--data"]),
            (["serve", "--config", absent, "--data", data], ["absent.toml cannot be read"]),
            (["meeting", "create", "--server", "http://127.0.0.1:1"], ["MEETINGHOUSE_TOKEN"]),
            (["token", "create", "--member", "nobody@example.org", "--data", data], ["no member"]),
        ]
        for arguments, sentence in refused:
            done = command(*arguments)
            assert done.status == 1, arguments
            assert all(part in done.err for part in sentence), done.err
            assert "Traceback" not in done.err


def test_a_server_that_is_not_there_is_a_sentence(command: Command) -> None:
    done = command("meeting", "create", "--server", "http://127.0.0.1:1", MEETINGHOUSE_TOKEN="mht_x")
    assert done.status == 1
    assert "does not answer" in done.err
    assert "mht_x" not in done.err


@pytest.mark.parametrize(
    "arguments",
    [
        ["serve", "--no-such-option"],
        ["serve", "--roles", "web"],
        ["token", "create"],
        ["token", "create", "--owner", "--expires", "soon"],
        ["token", "create", "--owner", "--scope", "everything"],
        ["no-such-command"],
        ["market", "check", "--verb", "sell", "--at", "2020-08-23"],
        ["market", "check", "--verb", "buy", "--at", "soon"],
        ["market", "check", "--verb", "buy", "--at", "2020-08-23", "--country", "Mars"],
        ["market", "check", "--verb", "buy", "--at", "2020-08-23", "--rules", "absent.toml"],
    ],
)
def test_wrong_usage_exits_2(command: Command, tmp_path: Path, arguments: list[str]) -> None:
    done = command(*arguments, MEETINGHOUSE_DATA=str(tmp_path))
    assert done.status == 2
    assert done.out + done.err


def test_rules_are_asked_linted_and_compared(command: Command, tmp_path: Path) -> None:
    closing = '[[rule]]\nid = "closed"\nfrom = 2020-08-23\nverbs = ["buy"]\ncountries = ["CN"]\ndecision = "deny"\n'
    rest = '[[rule]]\nid = "rest"\nverbs = ["buy", "host"]\ndecision = "allow"\n'
    first, second, wrong = tmp_path / "first.toml", tmp_path / "second.toml", tmp_path / "wrong.toml"
    first.write_text("version = 1\n" + closing + rest)
    second.write_text("version = 1\n" + rest + closing)
    wrong.write_text("version = 1\n" + closing.replace("buy", "sell"))
    asked = ["market", "check", "--verb", "buy", "--country", "CN", "--json"]
    before = command(*asked, "--rules", str(first), "--at", "2020-08-22")
    assert (before.status, json.loads(before.out)["rule"]) == (0, "rest")
    after = command(*asked, "--rules", str(first), "--at", "2020-08-23")
    assert (after.status, json.loads(after.out)) == (
        1,
        {"decision": "deny", "rule": "closed", "offers": [], "message": {}},
    )
    refused = command(*asked, "--rules", str(wrong), "--at", "2020-08-23")
    assert (refused.status, "wrong.toml: line 5: 'sell'" in refused.err) == (2, True)
    assert command("market", "lint", str(first)).status == 0
    linted = command("market", "lint", str(second))
    assert (linted.status, linted.out.startswith("closed: never decides")) == (1, True)
    assert command("market", "diff", str(first), str(second)).out.split()[0] == "moved"


async def test_the_active_rules_are_asked_on_the_data_and_on_the_server(
    server: Running, command: Command, tmp_path: Path
) -> None:
    data = str(server.services.config.data_directory)
    made = json.loads((await asyncio.to_thread(command, "token", "create", "--owner", "--data", data)).out)
    asked = ["market", "check", "--verb", "host", "--at", "2026-01-01"]
    for where in (["--data", data], ["--server", server.url]):
        done = await asyncio.to_thread(command, *asked, *where, MEETINGHOUSE_TOKEN=made["token"])
        assert (done.status, json.loads(done.out)["rule"]) == (0, "initial-allow")
    drafted = tmp_path / "drafted.toml"
    drafted.write_text('version = 1\n[[rule]]\nid = "only"\nverbs = ["join", "host"]\ndecision = "allow"\n')
    asked = ["market", "simulate", "--rules", str(drafted), "--at", "2026-01-01"]
    for where in (["--data", data], ["--server", server.url]):
        done = await asyncio.to_thread(command, *asked, *where, MEETINGHOUSE_TOKEN=made["token"])
        assert (done.status, "1 lose upgrade by default (was initial-allow)" in done.out) == (0, True)


@pytest.mark.parametrize("by", ["data", "server"])
async def test_a_file_of_rules_is_put_in_force_by_two_people(
    server: Running, owner: Owner, command: Command, tmp_path: Path, by: str
) -> None:
    data = str(server.services.config.data_directory)
    invited = (await owner.http.post("/api/v1/members", json={"email": "bo@example.org", "role": "admin"})).json()
    async with browser(server) as http:
        await enrol(http, invited["link"])
    tokens = {}
    for member in ("ana@example.org", "bo@example.org"):
        made = await asyncio.to_thread(command, "token", "create", "--member", member, "--data", data)
        tokens[member] = json.loads(made.out)["token"]

    async def market(member: str, *arguments: str) -> Done:
        where = ["--data", data, "--member", member] if by == "data" else ["--server", server.url]
        return await asyncio.to_thread(
            command, "market", *arguments, *where, "--json", MEETINGHOUSE_TOKEN=tokens[member]
        )

    drafted = tmp_path / "drafted.toml"
    drafted.write_text(
        'version = 1\n[[rule]]\nid = "all"\nverbs = ["join", "host", "register", "support"]\ndecision = "allow"\n'
    )
    ana, bo = tokens
    made = json.loads((await market(ana, "draft", str(drafted), "--name", "Plain")).out)
    assert (made["version"], made["name"]) == (2, "Plain")
    assert (await market(ana, "submit", "2")).status == 0
    assert (await market(ana, "approve", "2")).status == 0
    refused = await market(ana, "activate", "2")
    assert (refused.status, "1 more" in refused.err) == (1, True)
    assert (await market(bo, "approve", "2")).status == 0
    assert (await market(bo, "activate", "2")).status == 0
    assert (await market(bo, "activate", "3")).status == 1
    listed = json.loads((await market(ana, "sets")).out)["items"]
    assert [(one["version"], one["status"]) for one in listed] == [(2, "active"), (1, "former")]
    assert (await market(ana, "restore", "1", "--instead-of", "2")).status == 0
    asked = ["check", "--verb", "buy", "--at", "2026-01-01"]
    assert (
        json.loads((await asyncio.to_thread(command, "market", *asked, "--data", data)).out)["rule"] == "initial-allow"
    )


async def test_what_is_kept_of_a_person_is_told_and_erased(server: Running, owner: Owner, command: Command) -> None:
    invited = (await owner.http.post("/api/v1/members", json={"email": "bo@example.org"})).json()["member"]["id"]
    made = await asyncio.to_thread(
        command, "token", "create", "--owner", "--data", str(server.services.config.data_directory)
    )
    token = json.loads(made.out)["token"]

    async def person(*arguments: str) -> Done:
        where = ["--server", server.url]
        return await asyncio.to_thread(command, "person", *arguments, *where, MEETINGHOUSE_TOKEN=token)

    assert "bo@example.org" in (await person("export", invited)).out
    unsure = await person("erase", invited)
    assert (unsure.status, "--yes" in unsure.err) == (2, True)
    assert (await person("erase", invited, "--yes")).status == 0
    assert "bo@example.org" not in (await person("export", invited)).out
    assert (await person("export", "nobody")).status == 1


def test_the_effective_configuration_is_shown(command: Command, tmp_path: Path) -> None:
    file = tmp_path / "meetinghouse.toml"
    file.write_text('[server]\nlisten = "127.0.0.1:9000"\n')
    environment = {"MEETINGHOUSE_LIMITS__CHAT_MESSAGES": "5/1m", "MEETINGHOUSE_DATA": str(tmp_path)}
    shown = json.loads(command("config", "show", "--config", str(file), "--json", **environment).out)
    assert shown["server"]["listen"] == "127.0.0.1:9000"
    assert shown["limits"]["chat_messages"] == "5/60s"
    assert shown["data"]["directory"] == str(tmp_path)

"""What a server says on its terminal once it answers, and the note that it leaves for commands beside it."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import msgspec

from meetinghouse.app.local import lan_urls
from meetinghouse.app.server import Running, write_ready_file
from meetinghouse.people.enrolment import NewLink, has_active_owner, make_owner_link

_NOTE = "server.json"
_DEFAULT_URL = "http://localhost:8080"


class Announcement(msgspec.Struct, frozen=True, kw_only=True):
    """What newcomers need next."""

    url: str
    lan_urls: list[str]
    owner_link: str | None
    owner_link_expires_at: datetime | None


async def announcement(running: Running) -> Announcement:
    """The URL, and while no owner has enrolled the link to do so."""
    services = running.services
    link: NewLink | None = None
    if not await has_active_owner(services.db):
        settings = services.config.people
        link = await make_owner_link(services.db, services.keys, settings, running.url, services.clock.now())
    return Announcement(
        url=running.url,
        lan_urls=lan_urls(running.url, services.listen_address),
        owner_link=link.link if link else None,
        owner_link_expires_at=link.expires_at if link else None,
    )


def announcement_text(said: Announcement, data: Path) -> str:
    """The same for a person."""
    lines = [f"Meetinghouse 会堂 is ready at {said.url}"]
    lines += [f"  in this network: {url}" for url in said.lan_urls if url != said.url]
    if said.owner_link:
        lines += [
            "",
            "  Become the owner (open once, within a day):",
            f"    {said.owner_link}",
            "  then press “New meeting”.",
        ]
    else:
        lines += ["", "  Sign in and press “New meeting”."]
    lines += [
        "",
        "  Or from a terminal:",
        f"    meetinghouse token create --owner --data {data}     (put its token into MEETINGHOUSE_TOKEN)",
        f"    meetinghouse meeting create --server {said.url}",
    ]
    return "\n".join(lines)


def leave_note(data: Path, running: Running) -> None:
    """Write down where this server is, for `owner link`."""
    write_ready_file(data / _NOTE, running.ready_file())


def noted_url(data: Path) -> str:
    """Where the data's server is or last was."""
    try:
        return str(json.loads((data / _NOTE).read_text("utf-8"))["url"])
    except (OSError, ValueError, KeyError, TypeError):
        return _DEFAULT_URL

"""`meetinghouse person …`: what is kept about somebody, told or erased."""

from __future__ import annotations

from typing import Annotated

from cyclopts import App, Parameter

from meetinghouse.cli_options import UsageError, print_json, token_from_environment

_Running = Annotated[str, Parameter(help="The URL of a running server; the token comes from $MEETINGHOUSE_TOKEN.")]
_Member = Annotated[str, Parameter(help="The id of a member, as `GET /api/v1/members` gives it.")]

person_app = App(name="person", help="What is kept about somebody.")


@person_app.command
def export(member: _Member, *, server: _Running) -> None:
    """Print everything that is kept about a member as JSON."""
    from meetinghouse.app.client import get

    print_json(get(server, f"/members/{member}/export", token_from_environment()))


@person_app.command
def erase(
    member: _Member,
    *,
    server: _Running,
    yes: Annotated[bool, Parameter(negative="", help="You mean it: it cannot be undone.")] = False,
) -> None:
    """Erase everything that is kept about a member."""
    from meetinghouse.app.client import post

    if not yes:
        raise UsageError("This cannot be undone: give --yes if you mean it.")
    post(server, f"/members/{member}/erasure", token_from_environment(), {})
    print(f"erased {member}")

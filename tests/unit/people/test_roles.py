"""Permissions are data, and the page that lists them is like it."""

from __future__ import annotations

from pathlib import Path

from meetinghouse.people.model import Organisation, Role, Scope
from meetinghouse.people.roles import PERMISSIONS, scopes_of

PAGE = Path(__file__).resolve().parents[3] / "docs" / "operate" / "roles.md"


def test_the_page_lists_every_permission_as_it_is() -> None:
    rows = [line for line in PAGE.read_text("utf-8").splitlines() if line.startswith("| `")]
    assert rows == [
        f"| `{one.scope}` | {', '.join(one.roles)} | {', '.join(one.organisations)} | {one.allows} |"
        for one in PERMISSIONS
    ]


def test_every_scope_is_somebodys_and_a_better_role_lacks_nothing_that_a_lesser_has() -> None:
    assert {one.scope for one in PERMISSIONS} == set(Scope)
    for organisation in Organisation:
        member, admin, owner = (scopes_of(role, organisation) for role in (Role.MEMBER, Role.ADMIN, Role.OWNER))
        assert member <= admin <= owner
    assert scopes_of(Role.OWNER, Organisation.OPERATOR) == set(Scope)

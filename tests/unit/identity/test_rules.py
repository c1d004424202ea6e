"""Who comes in by a provider, and as what: decisions about values."""

from __future__ import annotations

from typing import Any

import pytest

from meetinghouse.identity.model import Claims, Provider
from meetinghouse.identity.rules import check_newcomer, role_of
from meetinghouse.people.model import Role
from meetinghouse.security.refusal import Refusal

OWN = frozenset({"harbour.example"})


def _provider(**more: Any) -> Provider:  # noqa: ANN401 (its fields)
    return Provider(tenant_id="t", issuer="https://login.example", client_id="c", secret=None, **more)


def _claims(email: str | None = "Ben@Harbour.example", *, verified: bool = True, **everything: Any) -> Claims:  # noqa: ANN401 (JSON)
    return Claims(
        issuer="https://login.example",
        subject="s",
        email=email,
        is_email_verified=verified,
        name="Ben",
        everything=everything,
    )


def _code(provider: Provider, claims: Claims, domains: frozenset[str] = OWN) -> str:
    """The code by which somebody is refused who is no member yet; their address if they are not."""
    try:
        return check_newcomer(provider, claims, None, is_linked=False, domains=domains)
    except Refusal as refusal:
        return refusal.code


def test_who_is_no_member_becomes_one_only_with_a_verified_address_of_a_proved_domain() -> None:
    open_to_all = _provider(makes_members=True)
    assert _code(open_to_all, _claims()) == "ben@harbour.example"
    assert _code(_provider(), _claims()) == "not_a_member"
    for email in ("ben@other.example", "ben@x.harbour.example", "ben@xharbour.example"):
        assert _code(open_to_all, _claims(email)) == "not_a_member"
    assert _code(open_to_all, _claims(), frozenset()) == "not_a_member"
    assert _code(open_to_all, _claims(verified=False)) == "email_unverified"
    assert _code(open_to_all, _claims(None)) == "email_unverified"
    assert _code(_provider(makes_members=True, trusts_email=True), _claims(verified=False)) == "ben@harbour.example"


@pytest.mark.parametrize(
    ("claim", "said", "role"),
    [
        ("groups", {"groups": ["all", "bosses"]}, Role.ADMIN),
        ("groups", {"groups": "bosses"}, Role.ADMIN),
        ("groups", {"groups": ["all"]}, Role.MEMBER),
        ("groups", {"groups": {"bosses": 1}}, Role.MEMBER),
        ("groups", {}, Role.MEMBER),
        ("realm.roles", {"realm": {"roles": ["bosses"]}}, Role.ADMIN),
        ("realm.roles", {"realm.roles": ["bosses"]}, Role.ADMIN),
        ("realm.roles", {"realm": "bosses"}, Role.MEMBER),
    ],
)
def test_roles_follow_a_claim(claim: str, said: dict[str, Any], role: Role) -> None:
    provider = _provider(role_claim=claim, admin_values=("bosses",))
    assert {role_of(provider, _claims(**said), before) for before in (Role.MEMBER, Role.ADMIN)} == {role}


def test_owners_stay_and_without_a_claim_everybody_does() -> None:
    assert role_of(_provider(role_claim="groups", admin_values=("x",)), _claims(groups=[]), Role.OWNER) is Role.OWNER
    assert role_of(_provider(admin_values=("x",)), _claims(groups=["x"]), Role.MEMBER) is Role.MEMBER
    assert role_of(_provider(), _claims(), Role.ADMIN) is Role.ADMIN

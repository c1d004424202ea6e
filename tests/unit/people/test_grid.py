"""Every call of the API, as everybody: who lacks its permission or is of another organisation finds what strangers find."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from accounts import Owner, browser, enrol
from meetinghouse.app.server import Running
from meetinghouse.people.model import Organisation, Role, Scope
from meetinghouse.people.roles import scopes_of
from organisations import ask, partner_staff, tenant_owner

_DESCRIBED = json.loads((Path(__file__).resolve().parents[3] / "protocol" / "openapi.json").read_text("utf-8"))
_METHODS = {"get", "put", "post", "patch", "delete"}

# What each call needs: a permission, a sign-in (`self`), or nothing (`anybody`). Whoever adds a call adds its line.
_GRID = """
    admin               GET    /audit
    admin               GET    /billing/books
    admin               POST   /billing/books
    admin               POST   /billing/books/csv
    admin               GET    /billing/books/{book_id}
    admin               GET    /billing/orders
    admin               POST   /billing/orders
    admin               POST   /billing/payments
    admin               POST   /billing/payments/csv
    admin               DELETE /billing/receiver
    admin               GET    /billing/receiver
    admin               PUT    /billing/receiver
    admin               POST   /billing/reversals
    admin               GET    /billing/statements
    admin               GET    /billing/statements.csv
    admin               GET    /billing/subscriptions
    anybody             GET    /branding
    brand               POST   /brands/palette
    brand               DELETE /brands/{tenant_id}
    brand               GET    /brands/{tenant_id}
    brand               PUT    /brands/{tenant_id}
    hosts               PUT    /brands/{tenant_id}/hosts
    brand               DELETE /brands/{tenant_id}/pictures/{kind}
    brand               GET    /brands/{tenant_id}/pictures/{kind}
    brand               PUT    /brands/{tenant_id}/pictures/{kind}
    anybody             POST   /enrolments
    anybody             POST   /enrolments/look
    anybody             POST   /enrolments/passkey/options
    identity            GET    /identity
    identity            DELETE /identity/provider
    identity            PUT    /identity/provider
    identity            PATCH  /identity/scim/groups/{group_id}
    identity            POST   /identity/scim/tokens
    identity            DELETE /identity/scim/tokens/{token_id}
    identity            PUT    /identity/second-factor
    anybody             POST   /join
    anybody             GET    /local
    market              GET    /market/activations
    market              POST   /market/activations/{activation_id}/cancel
    admin               GET    /market/decisions
    market              GET    /market/rules
    market              POST   /market/rules
    market              GET    /market/rules/active
    market              GET    /market/rules/{set_id}
    market              PATCH  /market/rules/{set_id}
    market              POST   /market/rules/{set_id}/activate
    market              POST   /market/rules/{set_id}/approve
    market              GET    /market/rules/{set_id}/differences
    market              GET    /market/rules/{set_id}/findings
    market              POST   /market/rules/{set_id}/reopen
    market              POST   /market/rules/{set_id}/restore
    market              POST   /market/rules/{set_id}/submit
    market              POST   /market/simulations
    admin               GET    /market/withdrawals
    admin               POST   /market/withdrawals
    admin               POST   /market/withdrawals/advance
    admin               PATCH  /market/withdrawals/{withdrawal_id}
    admin               POST   /market/withdrawals/{withdrawal_id}/cancel
    admin               POST   /market/withdrawals/{withdrawal_id}/moves
    admin               POST   /market/withdrawals/{withdrawal_id}/rules
    admin               GET    /market/withdrawals/{withdrawal_id}/tenants
    self                GET    /me
    self                PATCH  /me
    self                GET    /me/calendar
    self                POST   /me/erasure
    self                GET    /me/export
    self                POST   /me/passkeys
    self                POST   /me/passkeys/options
    self                DELETE /me/passkeys/{passkey_id}
    meetings:read       GET    /meetings
    meetings:write      POST   /meetings
    meetings:write      POST   /meetings/personal
    meetings:write      DELETE /meetings/{meeting_id}
    meetings:read       GET    /meetings/{meeting_id}
    meetings:write      PATCH  /meetings/{meeting_id}
    meetings:read       GET    /meetings/{meeting_id}/calendar.ics
    meetings:write      POST   /meetings/{meeting_id}/end
    meetings:read       GET    /meetings/{meeting_id}/invitation
    meetings:read       GET    /meetings/{meeting_id}/occurrences
    meetings:read       GET    /meetings/{meeting_id}/participants
    participants:admit  POST   /meetings/{meeting_id}/participants/{participant_id}/admit
    participants:admit  POST   /meetings/{meeting_id}/participants/{participant_id}/mute
    participants:admit  POST   /meetings/{meeting_id}/participants/{participant_id}/remove
    meetings:read       GET    /meetings/{meeting_id}/sessions
    meetings:read       GET    /meetings/{meeting_id}/sessions/{session_id}/quality
    meetings:read       GET    /meetings/{meeting_id}/sessions/{session_id}/trace
    meetings:write      POST   /meetings/{meeting_id}/tickets
    members:read        GET    /members
    members:write       POST   /members
    members:write       DELETE /members/{member_id}
    members:write       PATCH  /members/{member_id}
    members:write       POST   /members/{member_id}/erasure
    members:write       GET    /members/{member_id}/export
    members:write       POST   /members/{member_id}/reset
    node                GET    /node
    node                POST   /node/drain
    tenants:read        GET    /partners
    partners:write      POST   /partners
    partners:write      PATCH  /partners/{code}
    tenants:read        GET    /plans
    plans:write         PUT    /plans/{code}
    admin               GET    /regions
    admin               GET    /regions/policy
    anybody             DELETE /session
    anybody             POST   /session
    anybody             POST   /session/organisation
    anybody             POST   /session/organisation/answer
    anybody             POST   /session/passkey
    anybody             POST   /session/passkey/options
    self                POST   /session/second-factor
    self                POST   /session/second-factor/options
    self                GET    /sessions
    self                DELETE /sessions/{sign_in_id}
    admin               GET    /support/access
    admin               POST   /support/access
    admin               POST   /support/access/{grant_id}/end
    admin               POST   /support/access/{grant_id}/give
    support             GET    /support/grants
    support             POST   /support/grants
    support             GET    /support/grants/{grant_id}/audit
    support             POST   /support/grants/{grant_id}/end
    support             GET    /support/grants/{grant_id}/members
    tenants:read        GET    /tenants
    tenants:write       POST   /tenants
    tenants:read        GET    /tenants/{tenant_id}
    tenants:write       PATCH  /tenants/{tenant_id}
    tenants:write       POST   /tenants/{tenant_id}/owner-link
    self                GET    /tokens
    self                POST   /tokens
    self                DELETE /tokens/{token_id}
    anybody             GET    /version
    admin               GET    /withdrawals
    admin               POST   /withdrawals/{withdrawal_id}/choice
"""

# Permissions that reach into other organisations; all others end at one's own.
_REACHING = {
    Scope.TENANTS_READ,
    Scope.TENANTS_WRITE,
    Scope.PARTNERS_WRITE,
    Scope.PLANS_WRITE,
    Scope.BRAND,
    Scope.HOSTS,
    Scope.SUPPORT,
    Scope.MARKET,
    Scope.NODE,
}


@dataclass(frozen=True)
class _Call:
    needs: str
    method: str
    path: str

    def at(self, ids: dict[str, str]) -> str:
        """Its address with these in it."""
        return "/api/v1" + self.path.format_map(ids)


@dataclass(frozen=True)
class _Who:
    """Somebody, of one of the organisations below."""

    name: str
    http: httpx2.AsyncClient
    role: Role | None = None
    organisation: Organisation | None = None

    def may(self, needs: str) -> bool:
        """Whether their role has what a call needs."""
        if needs == "anybody" or self.role is None or self.organisation is None:
            return needs == "anybody"
        return needs == "self" or needs in scopes_of(self.role, self.organisation)


def _calls() -> Iterator[_Call]:
    for line in _GRID.split("\n"):
        if line:
            yield _Call(*line.split())


def test_every_call_says_what_it_needs() -> None:
    described = _DESCRIBED["paths"]
    there = {
        (method.upper(), path.removeprefix("/api/v1"))
        for path, of in described.items()
        for method in of.keys() & _METHODS
    }
    listed = [(call.method, call.path) for call in _calls()]
    assert len(listed) == len(set(listed))
    assert set(listed) == there
    assert {call.needs for call in _calls()} - {"anybody", "self"} <= set(Scope)


@asynccontextmanager
async def _everybody(server: Running, operator: Owner) -> AsyncIterator[tuple[list[_Who], dict[str, str]]]:
    """People of all roles of an operator, two partners and two tenants; and what belongs to the first partner's tenant."""
    async with AsyncExitStack() as stack:
        everybody = [_Who("nobody", await stack.enter_async_context(browser(server)))]

        async def staff(owner: Owner, house: str, organisation: Organisation) -> None:
            everybody.append(_Who(f"{house} owner", owner.http, Role.OWNER, organisation))
            for role in (Role.ADMIN, Role.MEMBER):
                invited = await ask(owner, "POST", "/members", 201, email=f"{role}@{house}.example", role=role)
                http = await stack.enter_async_context(browser(server))
                await enrol(http, invited["link"])
                everybody.append(_Who(f"{house} {role}", http, role, organisation))

        bizconf = await stack.enter_async_context(partner_staff(server, operator, "bizconf"))
        zhumu = await stack.enter_async_context(partner_staff(server, operator, "zhumu"))
        harbour = await stack.enter_async_context(tenant_owner(server, bizconf, "Harbour"))
        mill = await stack.enter_async_context(tenant_owner(server, zhumu, "Mill"))
        await staff(operator, "operator", Organisation.OPERATOR)
        await staff(bizconf, "bizconf", Organisation.PARTNER)
        await staff(zhumu, "zhumu", Organisation.PARTNER)
        await staff(harbour, "harbour", Organisation.TENANT)
        await staff(mill, "mill", Organisation.TENANT)
        yield everybody, await _belongings(harbour)


async def _belongings(owner: Owner) -> dict[str, str]:
    """Ids of what an organisation has, by the name that addresses give them."""
    meeting = await ask(owner, "POST", "/meetings", 201, title="Board")
    token = await ask(owner, "POST", "/tokens", 201, name="Mine", scopes=["meetings:read"])
    grant = await ask(owner, "POST", "/support/access", 201, areas=["members", "audit"], reason="Look", hours=1)
    [sign_in, *_] = (await ask(owner, "GET", "/sessions"))["items"]
    return {
        "tenant_id": owner.me["tenant"]["id"],
        "member_id": owner.me["id"],
        "meeting_id": meeting["id"],
        "token_id": token["id"],
        "grant_id": grant["id"],
        "sign_in_id": sign_in["id"],
        "code": "bizconf",
        "kind": "logo",
    }


class _Ids(dict[str, str]):
    """Ids in addresses; of what nobody has where there is none."""

    def __missing__(self, name: str) -> str:
        return "nothing"


def _example(schema: dict[str, Any]) -> Any:  # noqa: ANN401 (JSON)
    """The least that a schema takes: what a call is sent is looked at before who sends it."""
    if reference := schema.get("$ref"):
        return _example(_DESCRIBED["components"]["schemas"][reference.rpartition("/")[2]])
    if choices := schema.get("oneOf", schema.get("anyOf")):
        return _example(choices[0])
    if values := schema.get("enum"):
        return values[0]
    if schema.get("type") == "object":
        return {name: _example(schema["properties"][name]) for name in schema.get("required", ())}
    dates = {"date-time": "2030-01-01T00:00:00Z", "date": "2030-01-01"}
    plain = {"array": [], "integer": schema.get("minimum", 1), "boolean": True}
    return plain.get(schema.get("type", ""), dates.get(schema.get("format", ""), "x"))


def _request(call: _Call) -> dict[str, Any]:
    """What a call is sent."""
    described = _DESCRIBED["paths"]["/api/v1" + call.path][call.method.lower()]
    asked = [one for one in described.get("parameters", ()) if one["in"] == "query" and one["required"]]
    sent: dict[str, Any] = {"params": {one["name"]: _example(one["schema"]) for one in asked}}
    if call.path.endswith("/csv"):
        return {**sent, "content": "", "headers": {"content-type": "text/csv"}}
    if content := described.get("requestBody", {}).get("content"):
        return {**sent, "json": _example(content["application/json"]["schema"])}
    return sent if call.method in ("GET", "DELETE") else {**sent, "json": {}}


async def _answer(who: _Who, call: _Call, ids: dict[str, str]) -> tuple[int, str]:
    answer = await who.http.request(call.method, call.at(_Ids(ids)), **_request(call))
    said = answer.json() if answer.content and "json" in answer.headers["content-type"] else None
    return answer.status_code, str(said.get("code", "")) if isinstance(said, dict) else ""


async def _faults(who: _Who, call: _Call, ids: dict[str, str]) -> Iterator[str]:
    """What is wrong with what somebody is answered who asks for what is the harbour's."""
    absent = {name: value if name == "kind" else value[:-6] + "zzzzzz" for name, value in ids.items()}
    is_home = who.name.startswith("harbour") or (
        call.needs in _REACHING and who.name.split()[0] in ("operator", "bizconf")
    )
    found: list[str] = []
    if who.may(call.needs):
        if call.needs in ("anybody", "self") or "{" not in call.path or is_home:
            if call.method == "GET" and who.role is not None:
                _, code = await _answer(who, call, ids)
                if code in ("not_signed_in", "missing_scope"):
                    found.append(f"{who.name} may not {call.method} {call.path}: {code}")
            return iter(found)
        wanted = {404}
    else:
        wanted = {401} if who.role is None else {403, 404}
    there = await _answer(who, call, ids)
    nowhere = await _answer(who, call, absent) if "{" in call.path else there
    if there[0] not in wanted:
        found.append(f"{who.name}, {call.method} {call.path}: {there}")
    if there != nowhere:
        found.append(f"{who.name}, {call.method} {call.path}: {there}, and where there is nothing {nowhere}")
    return iter(found)


async def test_who_lacks_a_permission_or_is_of_another_organisation_finds_nothing(
    server: Running, owner: Owner
) -> None:
    async with _everybody(server, owner) as (everybody, ids):
        faults = [fault for call in _calls() for who in everybody for fault in await _faults(who, call, ids)]
    assert faults == []

"""Members and groups kept by the organisation's own system (SCIM 2.0), as its programs call."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest
import pytest_asyncio

from accounts import browser, enrol, http_client
from houses import House
from organisations import ask, tenant_owner

pytestmark = [pytest.mark.database, pytest.mark.asyncio(loop_scope="session")]
_NUMBERS = itertools.count()
_URN = "urn:ietf:params:scim:schemas:core:2.0"
_PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


@dataclass
class Directory:
    """A program of the organisation that keeps its members."""

    http: httpx2.AsyncClient
    token_id: str

    async def call(self, method: str, path: str, expect: int = 200, body: Any = None) -> dict[str, Any]:  # noqa: ANN401 (JSON)
        """The answer to a call, which must have this status."""
        headers = {"content-type": "application/scim+json"}
        answer = await self.http.request(method, path, json=body, headers=headers if body is not None else {})
        assert answer.status_code == expect, answer.text
        if not answer.content:
            return {}
        assert answer.headers["content-type"] == "application/scim+json"
        said: dict[str, Any] = answer.json()
        return said

    async def add(self, login: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401 (JSON)
        """Somebody new, at an address that nobody has."""
        email = f"{login}@{next(_NUMBERS)}.scim.example"
        body = {"schemas": [f"{_URN}:User"], "userName": email, "active": True, **more}
        return await self.call("POST", "/Users", 201, body)

    async def change(self, path: str, *operations: dict[str, Any], expect: int = 200) -> dict[str, Any]:
        """Apply operations."""
        return await self.call("PATCH", path, expect, {"schemas": [_PATCH], "Operations": list(operations)})

    async def names(self, filter_: str, kind: str = "Users") -> list[str]:
        """The names that a filter gives."""
        answer = await self.http.get(f"/{kind}", params={"filter": filter_})
        assert answer.status_code == 200, answer.text
        return [one["displayName"] for one in answer.json().get("Resources", [])]


@pytest_asyncio.fixture(loop_scope="session")
async def directory(house: House) -> AsyncIterator[Directory]:
    made = await ask(house.owner, "POST", "/identity/scim/tokens", 201, name="Directory")
    url = (await ask(house.owner, "GET", "/identity"))["scim"]["url"]
    async with http_client(base_url=url, headers={"authorization": f"Bearer {made['token']}"}) as http:
        yield Directory(http, made["id"])


async def test_a_user_is_added_found_changed_and_removed(house: House, directory: Directory) -> None:
    made = await directory.add("ben", externalId="e-1", name={"givenName": "Ben", "familyName": "Li"}, title="Clerk")
    assert (made["displayName"], made["active"], made["externalId"]) == ("Ben Li", True, "e-1")
    path = f"/Users/{made['id']}"
    assert made["meta"]["location"].endswith(f"/scim/v2{path}")
    assert (await directory.call("GET", path))["userName"] == made["userName"]
    again = {"schemas": [f"{_URN}:User"], "userName": made["userName"].upper()}
    assert (await directory.call("POST", "/Users", 409, again))["scimType"] == "uniqueness"
    other = await directory.add("chen", displayName="Chen", externalId="E-1")
    for wanted, names in (
        (f'userName eq "{made["userName"].upper()}"', ["Ben Li"]),
        ('externalId eq "e-1"', ["Ben Li"]),
        ('externalId eq "e-1" and active eq true', ["Ben Li"]),
        ('externalId eq "e-1" and active eq false', []),
        ('displayName sw "ch" or externalId eq "e-1"', ["Ben Li", "Chen"]),
        ("externalId pr and not (active eq false)", ["Ben Li", "Chen"]),
        ('displayName co "%"', []),
    ):
        assert await directory.names(wanted) == names, wanted
    replaced = {"schemas": [f"{_URN}:User"], "userName": made["userName"], "displayName": "Benjamin"}
    after = await directory.call("PUT", path, 200, replaced)
    assert (after["displayName"], after.get("externalId"), after["active"]) == ("Benjamin", None, True)
    after = await directory.change(path, {"op": "replace", "value": {"externalId": "e-2", "displayName": "B"}})
    assert (after["externalId"], after["displayName"]) == ("e-2", "B")
    work = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department"
    await directory.change(path, {"op": "add", "path": work, "value": "Port"})
    assert (await directory.change(path, {"op": "add", "path": "externalId", "value": "E-1"}, expect=409))[
        "status"
    ] == "409"
    await directory.call("DELETE", path, 204)
    for method in ("GET", "DELETE"):
        assert (await directory.call(method, path, 404))["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]
    assert await directory.names('externalId eq "e-2"') == []
    log = (await ask(house.owner, "GET", "/audit?limit=100"))["items"]
    acts = [one["action"] for one in log if one["actor"] == f"scim:{directory.token_id}"]
    assert acts[:2] == ["remove_member", "change_member"]
    assert acts.count("add_member") == 2
    assert other["userName"] not in str(log)


async def test_who_is_deactivated_is_out_at_once_and_comes_back(house: House, directory: Directory) -> None:
    made = await directory.add("ben")
    path = f"/Users/{made['id']}"
    async with browser(house.running) as http, browser(house.running) as by_provider:
        link = await ask(house.owner, "POST", f"/members/{made['id']}/reset", 201)
        await enrol(http, link["link"])
        token = (await http.post("/api/v1/tokens", json={})).json()["token"]
        # As Entra ID writes it.
        after = await directory.change(path, {"op": "Replace", "path": "active", "value": "False"})
        assert after["active"] is False
        assert (await http.get("/api/v1/me")).status_code == 401
        answer = await http.get("/api/v1/me", headers={"authorization": f"Bearer {token}"})
        assert answer.status_code == 401
        answer = await house.comes(by_provider, email=made["userName"])
        assert answer.json()["code"] == "account_disabled"
        await directory.change(path, {"op": "replace", "value": {"active": True}})
        assert (await house.comes(by_provider, email=made["userName"])).json()["id"] == made["id"]
    # Somebody who never came in is invited as before, and comes in by the provider.
    late = await directory.add("late", active=False)
    await directory.change(f"/Users/{late['id']}", {"op": "replace", "path": "active", "value": True})
    async with browser(house.running) as http:
        me = (await house.comes(http, email=late["userName"], sub="s-late")).json()
        assert me["personal_meeting_id"]


async def test_seats_and_the_last_owner_bind(house: House, directory: Directory) -> None:
    await ask(house.operator, "PUT", "/plans/two", name="Two", entitlements={"seats": 2})
    await ask(house.operator, "PATCH", f"/tenants/{house.owner.me['tenant']['id']}", plan="two")
    first = await directory.add("ben")
    full = {"schemas": [f"{_URN}:User"], "userName": "full@scim.example"}
    assert "seats" in (await directory.call("POST", "/Users", 409, full))["detail"]
    await directory.call("POST", "/Users", 201, {**full, "active": False})
    await directory.change(f"/Users/{first['id']}", {"op": "replace", "path": "active", "value": False})
    await directory.add("chen")
    await directory.change(f"/Users/{first['id']}", {"op": "replace", "path": "active", "value": True}, expect=409)
    owner = f"/Users/{house.owner.me['id']}"
    await directory.change(owner, {"op": "replace", "path": "active", "value": False}, expect=409)
    await directory.call("DELETE", owner, 409)


async def test_groups_make_administrators_where_an_owner_says_so(house: House, directory: Directory) -> None:
    ben, chen = await directory.add("ben", displayName="Ben"), await directory.add("chen", displayName="Chen")
    body = {
        "schemas": [f"{_URN}:Group"],
        "displayName": "Chiefs",
        "externalId": "g-1",
        "members": [{"value": ben["id"]}],
    }
    made = await directory.call("POST", "/Groups", 201, body)
    path = f"/Groups/{made['id']}"
    assert await directory.names('displayName eq "chiefs" and externalId eq "g-1"', "Groups") == ["Chiefs"]

    async def roles() -> dict[str, str]:
        items = (await ask(house.owner, "GET", "/members"))["items"]
        return {one["name"]: one["role"] for one in items if one["id"] in {ben["id"], chen["id"], house.owner.me["id"]}}

    owner = house.owner.me["name"]
    assert await roles() == {"Ben": "member", "Chen": "member", owner: "owner"}
    shown = await ask(house.owner, "PATCH", f"/identity/scim/groups/{made['id']}", makes_admins=True)
    assert shown["scim"]["groups"] == [{"id": made["id"], "name": "Chiefs", "members": 1, "makes_admins": True}]
    assert await roles() == {"Ben": "admin", "Chen": "member", owner: "owner"}
    await directory.change(
        path,
        {"op": "Add", "path": "members", "value": [{"value": chen["id"]}]},
        {"op": "remove", "path": f'members[value eq "{ben["id"]}"]'},
    )
    assert await roles() == {"Ben": "member", "Chen": "admin", owner: "owner"}
    assert [one["value"] for one in (await directory.call("GET", path))["members"]] == [chen["id"]]
    lists = await directory.http.get("/Groups", params={"excludedAttributes": "members"})
    assert "members" not in lists.json()["Resources"][0]
    # Nobody from elsewhere comes in by being named.
    await directory.change(
        path, {"op": "add", "path": "members", "value": [{"value": house.operator.me["id"]}]}, expect=400
    )
    await directory.call("PUT", path, 200, {**body, "displayName": "Heads", "members": []})
    assert await roles() == {"Ben": "member", "Chen": "member", owner: "owner"}
    await directory.call("DELETE", path, 204)
    await directory.call("GET", path, 404)


async def test_a_token_is_its_tenants_alone_and_good_for_nothing_else(house: House, directory: Directory) -> None:
    mine = await directory.add("ben")
    async with tenant_owner(
        house.running, house.operator, "Other", owner_email=f"o@{next(_NUMBERS)}.other.example"
    ) as other:
        theirs = other.me["id"]
        for method, body in (("GET", None), ("DELETE", None), ("PUT", {"userName": "a@b.example"})):
            await directory.call(method, f"/Users/{theirs}", 404, body)
        await directory.change(f"/Users/{theirs}", {"op": "replace", "path": "active", "value": False}, expect=404)
        assert await directory.names(f'id eq "{theirs}"') == []
        assert len(await directory.names("id pr")) == 2
        made = await ask(other, "POST", "/identity/scim/tokens", 201)
        headers = {"authorization": f"Bearer {made['token']}"}
        assert (await directory.http.get(f"/Users/{mine['id']}", headers=headers)).status_code == 404
        assert (await other.http.delete(f"/api/v1/identity/scim/tokens/{directory.token_id}")).status_code == 404
    api = f"{house.running.url}/api/v1/members"
    assert (await directory.http.get(api)).status_code == 401
    own = (await ask(house.owner, "POST", "/tokens", 201))["token"]
    for refused in ({"authorization": f"Bearer {own}"}, {"authorization": ""}, {"authorization": "Basic YTpi"}):
        answer = await directory.http.get("/Users", headers=refused)
        assert (answer.status_code, answer.json()["status"]) == (401, "401")
        assert answer.headers["www-authenticate"].startswith("Bearer")
    assert (await house.owner.http.get(f"{house.running.url}/scim/v2/Users")).status_code == 401
    assert (await house.owner.http.delete(f"/api/v1/identity/scim/tokens/{directory.token_id}")).status_code == 204
    await directory.call("GET", "/Users", 401)


async def test_pages_and_descriptions(directory: Directory) -> None:
    for name in ("a", "b", "c"):
        await directory.add(name)
    page = await directory.call("GET", "/Users?startIndex=2&count=2")
    assert (page["totalResults"], page["startIndex"], page["itemsPerPage"], len(page["Resources"])) == (4, 2, 2, 2)
    rest = await directory.call("GET", "/Users?startIndex=4&count=500")
    assert len(rest["Resources"]) == 1
    assert (await directory.call("GET", "/Users?count=0"))["totalResults"] == 4
    assert (await directory.call("GET", "/ServiceProviderConfig"))["patch"] == {"supported": True}
    types = await directory.call("GET", "/ResourceTypes")
    assert {one["endpoint"] for one in types["Resources"]} == {"/Users", "/Groups"}
    assert (await directory.call("GET", "/ResourceTypes/User"))["name"] == "User"
    assert (await directory.call("GET", "/Schemas"))["totalResults"] == 3
    assert (await directory.call("GET", f"/Schemas/{_URN}:Group"))["name"] == "Group"
    await directory.call("GET", "/Schemas/none", 404)


async def test_what_cannot_be_is_refused(directory: Directory) -> None:
    user, group = [f"{_URN}:User"], [f"{_URN}:Group"]
    bodies: tuple[tuple[str, str, Any, str], ...] = (
        ("GET", "/Users?filter=userName%20eq", None, "invalidFilter"),
        ("GET", "/Users?filter=title%20eq%20%22x%22", None, "invalidFilter"),
        ("GET", "/Users?filter=active%20gt%20true", None, "invalidFilter"),
        ("GET", "/Users?startIndex=x", None, "invalidValue"),
        ("POST", "/Users", {"schemas": user, "userName": "no address"}, "invalidValue"),
        ("POST", "/Users", {"schemas": user}, "invalidValue"),
        ("POST", "/Users", {"schemas": user, "userName": "a@b.example", "active": "perhaps"}, "invalidValue"),
        ("POST", "/Users", [], "invalidSyntax"),
        ("POST", "/Groups", {"schemas": group, "displayName": "\u202e"}, "invalidValue"),
    )
    for method, path, body, kind in bodies:
        assert (await directory.call(method, path, 400, body)).get("scimType") == kind, (path, body)

"""Rules are tried on the tenants there are: who loses what, from when, by which rule."""

from __future__ import annotations

from typing import Any

from sqlalchemy import insert

from accounts import Owner
from meetinghouse.app.server import Running
from meetinghouse.db.tenancy import Across
from meetinghouse.market.reading import raw_of, read_rules
from meetinghouse.people.tables import tenants

RULES = read_rules("""\
version = 1
[[rule]]
id = "no-direct-upgrade"
from = 2020-08-23
countries = ["CN"]
channels = ["direct"]
verbs = ["upgrade"]
decision = "deny"
offers = ["bizconf"]
message = { en = "Ask a partner." }
[[rule]]
id = "rest"
verbs = ["register", "host", "join", "buy", "upgrade", "renew", "support"]
decision = "allow"
""")


async def _add_tenants(running: Running, count: int, **values: Any) -> None:  # noqa: ANN401 (column values)
    async with running.services.db.write(Across.UPKEEP) as write:
        operator = (await write.connection.exec_driver_sql("SELECT id FROM operators")).scalar_one()
        fixed = {
            "operator_id": operator,
            "name": "Harbour",
            "kind": "enterprise",
            "created_at": running.services.clock.now(),
        }
        key = "-".join(map(str, values.values()))
        rows = [{"id": f"zz-{key}-{number}", **fixed, **values} for number in range(count)]
        await write.connection.execute(insert(tenants), rows)


async def test_it_says_how_many_lose_what_and_whom_they_are_offered(server: Running, owner: Owner) -> None:
    await _add_tenants(server, 5, country="CN", channel="direct")
    await _add_tenants(server, 2, country="CN-GD", channel="direct")
    await _add_tenants(server, 3, country="HK", channel="direct")
    await _add_tenants(server, 4, country="CN", channel="partner")
    ask = {"rules": raw_of(RULES), "at": "2020-08-23T00:00:00Z"}
    answer = (await owner.http.post("/api/v1/market/simulations", json=ask)).json()
    assert answer["tenants"] == 15
    (change,) = answer["changes"]
    assert (change["tenants"], change["verb"], change["becomes"]) == (7, "upgrade", "deny")
    assert (change["rule"], change["was_rule"], change["offers"]) == ("no-direct-upgrade", "initial-allow", ["bizconf"])
    assert [(group["example"]["country"], group["tenants"]) for group in change["of"]] == [("CN", 5), ("CN-GD", 2)]
    ask["at"] = "2020-08-22T23:59:59Z"
    assert (await owner.http.post("/api/v1/market/simulations", json=ask)).json()["changes"] == []


async def test_what_cannot_be_tried_is_said(server: Running, owner: Owner) -> None:
    del server
    raw = raw_of(RULES)
    raw["rule"][0]["verbs"] = ["sell"]
    answer = await owner.http.post("/api/v1/market/simulations", json={"rules": raw, "at": "2020-08-23T00:00:00Z"})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_rules")
    assert "'sell'" in answer.json()["detail"]
    for moment in ("soon", "2020-08-23T00:00:00"):
        assert (await owner.http.post("/api/v1/market/simulations", json={"at": moment})).status_code == 400


async def test_plans_and_parts_of_countries_are_told_apart(server: Running, owner: Owner) -> None:
    await _add_tenants(server, 2, country="US", channel="online", subdivision="US-CA")
    await _add_tenants(server, 3, country="US", channel="online")
    raw = raw_of(RULES)
    raw["rule"][0] |= {"countries": ["US-CA"], "channels": ["online"], "plans": ["standard"]}
    answer = (
        await owner.http.post("/api/v1/market/simulations", json={"rules": raw, "at": "2020-08-23T00:00:00Z"})
    ).json()
    (change,) = answer["changes"]
    assert (change["tenants"], change["of"][0]["example"]["subdivision"]) == (2, "US-CA")
    raw["rule"][0]["plans"] = ["free"]
    answer = (
        await owner.http.post("/api/v1/market/simulations", json={"rules": raw, "at": "2020-08-23T00:00:00Z"})
    ).json()
    assert answer["changes"] == []

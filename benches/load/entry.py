"""What it takes to get in: `make bench ARGS=entry`. Joins by WHEP, our server on one core: HTTP, SDP, ICE, DTLS, media.

- 50 joins a second over 20 rooms, each for 2 s: until the answer, the end of DTLS, the first packet, the first key frame.
- The same in one room, where joins share key frames.
- 200 joins a second over 20 rooms: CPU of the server for each, with its leaving; the little that is forwarded meanwhile is
  measured without joins and taken off. The control plane's part of a browser's join, with signalling, is `control/joins.py`.
"""

from __future__ import annotations

import os
import platform
import sys
import time
from typing import Any

from peers import unstolen
from servers import ours

from load import built, cores

ROOMS = 20
SECONDS = 10
# Little enough that joins are what costs: ten pictures a second.
STYLE = ["--packets-per-second", "10", "--stay", "2", "--seconds", str(SECONDS)]
AIMED_P50_MS, AIMED_P95_MS, AIMED_CPU_MS = 150, 300, 5


def main() -> int:
    """Run the three."""
    program = str(built())
    server_core, client_core = cores()
    if client_core is not None:
        os.sched_setaffinity(0, {client_core})
    print(
        f"Joins by WHEP; Linux {platform.release()}, load {os.getloadavg()[0]:.1f}; {time.strftime('%Y-%m-%d %H:%M')}"
    )

    def churn(rooms: int, rate: float) -> dict[str, Any]:
        words = ["churn", "--publishers", str(rooms), "--watchers", str(rooms), "--joins-per-second", str(rate)]
        with ours(server_core, rooms, apart=True) as target:
            return unstolen(program, target, [*words, *STYLE])

    told(f"50 joins/s over {ROOMS} rooms", churn(ROOMS, 50))
    told("50 joins/s in one room", churn(1, 50))
    busy, idle = churn(ROOMS, 200), churn(ROOMS, 0.1)
    told(f"200 joins/s over {ROOMS} rooms", busy)
    spent, alone = (found["server"]["cpu_seconds"] for found in (busy, idle))
    count = max(1, busy["joins"])
    print(
        f"  CPU of the server for a join: {1000 * (spent - alone) / count:.2f} ms of {count} joins (aimed at {AIMED_CPU_MS})"
    )
    print(f"  without joins the rooms take {1000 * alone / SECONDS:.0f} ms a second")
    return 0


def told(what: str, found: dict[str, Any]) -> None:
    """One line for each step."""
    joins = found["join_ms"]
    sides = f"server {_share(found['server'])}, clients {_share(found['client'])}"
    print(f"{what}: {found['joins']} came in, {found['joins_failed']} did not; {sides}")
    for name, step in joins.items():
        if step is not None:
            aim = f" (aimed at {AIMED_P50_MS}, {AIMED_P95_MS})" if name == "first_frame" else ""
            print(f"  {name.replace('_', ' '):12} p50 {step['p50']:6.1f} ms, p95 {step['p95']:6.1f} ms{aim}")
    void = "; VOID: the machine was taken away" if found.get("void") else ""
    print(f"  waited {100 * found['share_waited']:.0f} %{void}", flush=True)


def _share(side: dict[str, float]) -> str:
    return f"{100 * side['share_of_core']:.0f} %"


if __name__ == "__main__":
    sys.exit(main())

"""What one forwarded packet costs the engine: runs `crates/sfu-io/benches/forwarding` and prints its numbers.

`python benches/engine/forwarding.py [--seconds N] [--rounds N]`; `benches/run.py` calls `measure`.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import TypedDict

ROOT = Path(__file__).resolve().parents[2]
COMMAND = ("cargo", "bench", "--locked", "--quiet", "-p", "sfu-io", "--bench", "forwarding", "--")


class Row(TypedDict):
    """One scenario. Costs are CPU time of the engine's thread for one delivered packet."""

    scenario: str
    us_per_packet_median: float
    us_per_packet_least: float
    packets_per_second: float
    share_lost: float
    share_unread_by_clients: float
    share_unread_by_engine: float
    kb_per_person: float
    share_of_core: float


def measure(*arguments: str) -> list[Row]:
    """Run every scenario (about a minute) and return its numbers. Raises `CalledProcessError` when one fails."""
    command = [*COMMAND, "--json", *arguments]
    done = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    rows: list[Row] = json.loads(done.stdout.strip().splitlines()[-1])
    return rows


def main() -> int:
    """Print a table and how it was made."""
    print("Engine: CPU time of its thread per delivered packet, loopback, receive to send, SRTP AES-GCM")
    print(
        f"  {' '.join([*COMMAND, *sys.argv[1:]])}; {os.cpu_count()} cores, {platform.machine()}, {platform.release()}"
    )
    rows = measure(*sys.argv[1:])
    for row in rows:
        print(
            f"  {row['scenario']:32} {row['us_per_packet_median']:6.2f} µs median "
            f"{row['us_per_packet_least']:6.2f} µs least {row['packets_per_second']:8.0f} packets/s "
            f"{100 * row['share_lost']:5.2f} % lost ({100 * row['share_unread_by_clients']:.2f} % in clients' sockets, "
            f"{100 * row['share_unread_by_engine']:.2f} % in the engine's) {100 * row['share_of_core']:4.0f} % of a core"
        )
    print("  Lost in clients' sockets: the benchmark's own readers came too late, as they do on a busy machine.")
    # The first has the machine's memory to itself; later ones use again what it left.
    print(
        f"  memory for a person in {rows[0]['scenario']!r}: {rows[0]['kb_per_person']:.0f} kB, its test client included"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())

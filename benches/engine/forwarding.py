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
    for row in measure(*sys.argv[1:]):
        print(
            f"  {row['scenario']:32} {row['us_per_packet_median']:6.2f} µs median "
            f"{row['us_per_packet_least']:6.2f} µs least {row['packets_per_second']:8.0f} packets/s "
            f"{100 * row['share_lost']:5.2f} % lost {100 * row['share_of_core']:4.0f} % of a core"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())

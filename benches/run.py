"""Every benchmark, one after another: each is a program of its own that prints how it was run.

`make bench [ARGS="joins"]` runs all or those named. `make load` is another program: `load/load.py`.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
from pathlib import Path

BENCHES = Path(__file__).resolve().parent
PROGRAMS = {
    "start": ["control/start.py"],
    "joins": ["control/joins.py"],
    "channel": ["control/channel.py"],
    "guessing": ["control/guessing.py"],
    "billing": ["control/billing.py"],
    "engine": ["engine/forwarding.py"],
    "overload": ["load/overload.py"],
    "entry": ["load/entry.py"],
}


def main() -> int:
    """Run them; the worst exit code is ours."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*PROGRAMS, []], help="which (default: all)")
    asked = parser.parse_args()
    steal = next((line for line in Path("/proc/stat").read_text("utf-8").splitlines() if line.startswith("cpu ")), "")
    print(f"{platform.node()}: {os.cpu_count()} cores, {platform.machine()}, Linux {platform.release()}")
    commands = [PROGRAMS[name] for name in asked.names or PROGRAMS]
    codes = []
    for program, *arguments in commands:
        print(flush=True)
        codes.append(subprocess.run([sys.executable, str(BENCHES / program), *arguments], check=False).returncode)
    after = next((line for line in Path("/proc/stat").read_text("utf-8").splitlines() if line.startswith("cpu ")), "")
    stolen = _share_stolen(steal, after)
    print(f"\nTime that the machine was taken away (steal) meanwhile: {100 * stolen:.1f} %")
    return max(codes)


def _share_stolen(before: str, after: str) -> float:
    old, new = ([int(field) for field in line.split()[1:9]] for line in (before, after))
    spent = [late - early for early, late in zip(old, new, strict=True)]
    return spent[7] / max(1, sum(spent))


if __name__ == "__main__":
    sys.exit(main())

"""Writes every generated file of the project, or with `--check` fails when one is stale.

Each generator is a program of its own that understands `--check`; this is their list.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

TOOLS = Path(__file__).resolve().parent
GENERATORS = ("generate_protocol.py", "generate_openapi.py", "generate_stub.py")


def main() -> int:
    """Run all, so that one `make generate` mends everything at once."""
    codes = [
        subprocess.run([sys.executable, str(TOOLS / name), *sys.argv[1:]], check=False).returncode
        for name in GENERATORS
    ]
    return max(codes)


if __name__ == "__main__":
    sys.exit(main())

"""Fails when the wheel lacks the engine or the web client: an absent folder is packed silently.

Usage: check_wheel.py DIRECTORY
"""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

NEEDED = ("meetinghouse/app/static/index.html", "meetinghouse/media/_native.")


def main() -> int:
    """Look into the newest wheel of the directory."""
    wheels = sorted(Path(sys.argv[1]).glob("meetinghouse-*.whl"), key=lambda path: path.stat().st_mtime)
    if not wheels:
        sys.stderr.write(f"no wheel in {sys.argv[1]}\n")
        return 1
    names = zipfile.ZipFile(wheels[-1]).namelist()
    lacking = [needed for needed in NEEDED if not any(name.startswith(needed) for name in names)]
    for needed in lacking:
        sys.stderr.write(f"{wheels[-1].name} lacks {needed}*: run `make install` first.\n")
    sys.stdout.write(f"{wheels[-1]}\n" if not lacking else "")
    return int(bool(lacking))


if __name__ == "__main__":
    sys.exit(main())

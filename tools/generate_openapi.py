"""Writes `protocol/openapi.json`, the HTTP API as the server describes itself. `--check` only compares."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from meetinghouse.app.server import openapi_schema

PATH = Path(__file__).resolve().parent.parent / "protocol" / "openapi.json"


def main() -> int:
    """Write, or check."""
    text = json.dumps(openapi_schema(), indent=2, ensure_ascii=False, sort_keys=True) + "\n"
    if PATH.exists() and PATH.read_text("utf-8") == text:
        return 0
    if "--check" in sys.argv[1:]:
        sys.stderr.write("protocol/openapi.json is stale: run `make generate`.\n")
        return 1
    PATH.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())

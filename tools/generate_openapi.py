"""Writes `protocol/openapi.json`: the HTTP API as a running server describes it. `--check` only compares."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

PATH = Path(__file__).resolve().parent.parent / "protocol" / "openapi.json"
START_SECONDS = 60


def described() -> str:
    """What a server of its own, on a free port and an empty folder, says of its API."""
    with tempfile.TemporaryDirectory() as folder:
        ready = Path(folder) / "ready.json"
        command = [sys.executable, "-m", "meetinghouse", "serve", "--data", folder, "--ready-file", str(ready)]
        server = subprocess.Popen(
            [*command, "--listen", "127.0.0.1:0", "--media", "127.0.0.1:0"], stdout=subprocess.DEVNULL
        )
        try:
            deadline = time.monotonic() + START_SECONDS
            while not ready.exists():
                if server.poll() is not None or time.monotonic() > deadline:
                    raise SystemExit("The server did not start: run `meetinghouse serve` to see why.")
                time.sleep(0.05)
            url = json.loads(ready.read_text("utf-8"))["url"]
            with urllib.request.urlopen(f"{url}/api/v1/openapi.json", timeout=START_SECONDS) as answer:  # noqa: S310 (loopback)
                document = json.load(answer)
        finally:
            server.terminate()
            server.wait()
    document["info"]["version"] = "1"  # of the API, so that a release changes no generated file
    return json.dumps(document, indent=2, ensure_ascii=False, sort_keys=True) + "\n"


def main() -> int:
    """Write, or check."""
    text = described()
    if PATH.exists() and PATH.read_text("utf-8") == text:
        return 0
    if "--check" in sys.argv[1:]:
        sys.stderr.write("protocol/openapi.json is stale: run `make generate`.\n")
        return 1
    PATH.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())

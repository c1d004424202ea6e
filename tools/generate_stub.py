"""Writes the stub of the engine's module from the module itself, or with `--check` fails when it is stale.

The check asks twice: the stub is generated again, and mypy's `stubtest` compares it with the module as imported.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STUB = ROOT / "src" / "meetinghouse" / "media" / "_native.pyi"
MODULE = "meetinghouse.media._native"


def generate() -> str:
    """Build the module with the profile of `make install`, so that nothing is built twice, and read its stub."""
    maturin = str(Path(sys.executable).with_name("maturin"))
    with tempfile.TemporaryDirectory() as folder:
        command = [maturin, "generate-stubs", "--quiet", "--profile", "release", "--locked", "--out", folder]
        built = subprocess.run(command, cwd=ROOT, check=False, stderr=subprocess.PIPE, text=True)
        if built.returncode:
            sys.exit(built.stderr)
        return (Path(folder) / "meetinghouse" / "media" / "_native.pyi").read_text("utf-8")


def main() -> int:
    """Write or check."""
    text = generate()
    if "--check" not in sys.argv[1:]:
        STUB.write_text(text, "utf-8")
        return 0
    if text != STUB.read_text("utf-8"):
        sys.stderr.write(f"{STUB.relative_to(ROOT)} is stale: run `make generate`.\n")
        return 1
    paths = os.pathsep.join([str(ROOT / "src"), os.environ.get("MYPYPATH", "")])
    stubtest = [sys.executable, "-m", "mypy.stubtest", MODULE]
    checked = subprocess.run(
        stubtest, cwd=ROOT, check=False, env=os.environ | {"MYPYPATH": paths}, capture_output=True, text=True
    )
    if checked.returncode:
        sys.stderr.write(checked.stdout + checked.stderr)
    return checked.returncode


if __name__ == "__main__":
    sys.exit(main())

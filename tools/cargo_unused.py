"""Fails when a crate declares a dependency that none of its sources names."""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def unused(manifest: Path) -> list[str]:
    """Dependencies of one crate whose name stands in none of its Rust files."""
    data = tomllib.loads(manifest.read_text("utf-8"))
    text = "\n".join(path.read_text("utf-8") for path in manifest.parent.rglob("*.rs"))
    names = [
        name for table in ("dependencies", "dev-dependencies", "build-dependencies") for name in data.get(table, {})
    ]
    return [name for name in names if not re.search(rf"\b{name.replace('-', '_')}\b", text)]


def main() -> int:
    """Check every crate."""
    failed = False
    for manifest in sorted((ROOT / "crates").glob("*/Cargo.toml")):
        for name in unused(manifest):
            sys.stderr.write(f"{manifest.relative_to(ROOT)}: `{name}` is declared and not used: delete the line.\n")
            failed = True
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())

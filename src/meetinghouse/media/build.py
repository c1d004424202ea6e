"""Whether the compiled engine is the one of the sources beside it: a stale binary costs hours of looking elsewhere.

`crates/sfu-py/build.rs` computes the same digest when it compiles the module.
"""

from __future__ import annotations

import zlib
from pathlib import Path

from meetinghouse.media._native import SOURCE_DIGEST

_ROOT = Path(__file__).resolve().parents[3]
_FOLDERS = ("crates/sfu", "crates/sfu-io", "crates/sfu-py", "crates/turn", "crates/wire", "vendor/dimpl")


def source_digest(root: Path = _ROOT) -> str | None:
    """Return the CRC-32 of the Rust sources in the order of their paths; `None` outside a checkout."""
    if not (root / "crates").is_dir():
        return None
    files = [root / "Cargo.lock"]
    for folder in map(root.joinpath, _FOLDERS):
        files += [folder / "Cargo.toml", *folder.joinpath("src").rglob("*.rs")]
    digest = 0
    for name, path in sorted((path.relative_to(root).as_posix(), path) for path in files):
        digest = zlib.crc32(path.read_bytes(), zlib.crc32(name.encode(), digest))
    return f"{digest:08x}"


def is_stale(root: Path = _ROOT) -> bool:
    """Tell whether the sources have changed since the module was compiled."""
    return source_digest(root) not in {None, SOURCE_DIGEST}

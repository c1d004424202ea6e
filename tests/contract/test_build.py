"""The module under test is the one of these sources; `make install` builds it."""

from __future__ import annotations

import shutil
from pathlib import Path

from meetinghouse.media._native import SOURCE_DIGEST
from meetinghouse.media.build import is_stale, source_digest

ROOT = Path(__file__).resolve().parents[2]


def test_the_engine_was_built_from_these_sources() -> None:
    assert source_digest() == SOURCE_DIGEST


def test_a_changed_source_is_noticed(tmp_path: Path) -> None:
    for folder in ("crates", "vendor"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    shutil.copy(ROOT / "Cargo.lock", tmp_path)
    before = source_digest(tmp_path)
    assert before == source_digest()
    (tmp_path / "crates" / "sfu" / "src" / "new.rs").write_text("// more")
    assert source_digest(tmp_path) != before
    assert is_stale(tmp_path)


def test_an_installed_package_has_no_sources_to_compare(tmp_path: Path) -> None:
    assert source_digest(tmp_path) is None
    assert not is_stale(tmp_path)

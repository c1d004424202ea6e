"""What the documents name exists: files, functions of the walks, links, and make targets."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted(
    path
    for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("protocol/*.md")]
    if path.name != "CHANGELOG.md"
)
DEFINES = (
    r"\b(?:def|class|fn|struct|enum|trait|function|const|let|interface|type)\s+{name}\b|^\s*(?:async\s+)?{name}\s*\("
)


def names() -> list[tuple[Path, str, str]]:
    """Every `path::name` in backticks."""
    found = []
    for document in DOCUMENTS:
        for path, name in re.findall(r"`([\w./-]+\.(?:py|rs|tsx?))::([\w.]+)`", document.read_text("utf-8")):
            found.append((document, path, name))
    return found


@pytest.mark.parametrize(("document", "path", "name"), names(), ids=lambda value: getattr(value, "name", value))
def test_a_named_function_is_defined_where_the_document_says(document: Path, path: str, name: str) -> None:
    source = ROOT / path
    assert source.is_file(), f"{document.relative_to(ROOT)} names {path}, which does not exist"
    text = source.read_text("utf-8")
    for part in name.split("."):
        assert re.search(DEFINES.format(name=re.escape(part)), text, re.MULTILINE), f"{path} does not define {part}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", document.read_text("utf-8")):
        assert (document.parent / target).exists(), f"{document.relative_to(ROOT)} links to {target}"


def test_the_walks_name_their_functions() -> None:
    walks = {document.name for document, _, _ in names() if document.parent.name == "walks"}
    assert walks >= {"join.md", "packet.md"}


def test_make_help_lists_every_public_target() -> None:
    text = (ROOT / "Makefile").read_text("utf-8")
    public = {"install", "run", "test", "check", "bench", "load", "screenshots", "dist", "help"}
    listed = set(re.findall(r"^([a-z-]+):.*?## ", text, re.MULTILINE))
    assert public <= listed

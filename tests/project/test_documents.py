"""Documents point at what is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

DOCUMENTS = (
    "README.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "CHANGELOG.md",
    "docs/**/*.md",
    "deploy/*.md",
    "gpuworker/*.md",
)

LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")
PATH = re.compile(r"`((?:gazesite|portraits|gpuworker|static|templates|tests|docs|deploy)/[\w/.-]*)`")


def paths(repo: Path) -> list[Path]:
    return sorted(file for pattern in DOCUMENTS for file in repo.glob(pattern))


def test_every_link_leads_to_a_file(repo: Path) -> None:
    for document in paths(repo):
        targets = LINK.findall(document.read_text())
        assert [target for target in targets if not (document.parent / target).exists()] == [], document


@pytest.mark.parametrize("name", ["CONTRIBUTING.md", "docs/architecture.md", "docs/glossary.md"])
def test_every_path_in_the_map_is_there(repo: Path, name: str) -> None:
    named = PATH.findall((repo / name).read_text())
    assert named or name == "docs/glossary.md"
    assert [path for path in named if not (repo / path).exists()] == []


def test_the_map_names_every_room(repo: Path) -> None:
    named = {path.rstrip("/") for path in PATH.findall((repo / "CONTRIBUTING.md").read_text())}
    rooms = {
        f"{package}/{room.name}"
        for package in ("gazesite", "portraits", "gpuworker")
        for room in (repo / package).iterdir()
        if (room / "__init__.py").exists()
    }
    django = {
        "gazesite/formats",
        "gazesite/management",
        "portraits/management",
        "portraits/migrations",
        "portraits/templatetags",
    }
    assert rooms - named - django == set()

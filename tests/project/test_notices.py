"""THIRD_PARTY_NOTICES.md names exactly what pyproject.toml asks for, each with a licence."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest


def required(repo: Path) -> dict[str, set[str]]:
    """Package names by extra; the base install is the extra named ""."""
    project = tomllib.loads((repo / "pyproject.toml").read_text())["project"]
    groups = {"": project["dependencies"], **project["optional-dependencies"]}
    own = project["name"]
    return {extra: {name(line) for line in lines} - {own} for extra, lines in groups.items()}


def name(requirement: str) -> str:
    return re.match(r"[A-Za-z0-9._-]+", requirement)[0].lower()


def noticed(repo: Path) -> dict[str, dict[str, str]]:
    """Licence by package by extra, from the tables of packages."""
    tables: dict[str, dict[str, str]] = {}
    for section in (repo / "THIRD_PARTY_NOTICES.md").read_text().split("\n## ")[1:]:
        heading, _, body = section.partition("\n")
        if "| package |" in body:
            extra = re.search(r"\(extra `(\w+)`\)", heading)
            rows = [[cell.strip() for cell in line.split("|")] for line in body.splitlines() if line.startswith("| ")]
            tables[extra[1] if extra else ""] = {row[1]: row[2] for row in rows[1:]}
    return tables


def test_every_dependency_is_noticed_under_its_extra(repo: Path) -> None:
    assert {extra: set(rows) for extra, rows in noticed(repo).items()} == required(repo)


def test_every_notice_names_a_licence(repo: Path) -> None:
    for rows in noticed(repo).values():
        assert all(re.match(r"(MIT|BSD|Apache|LGPL|GPL)", licence) for licence in rows.values()), rows


def test_a_package_under_the_gpl_is_for_tests_only(repo: Path) -> None:
    extras = {extra for extra, rows in noticed(repo).items() for licence in rows.values() if licence.startswith("GPL")}
    assert extras == {"test"}


def test_every_package_of_npm_is_noticed(repo: Path) -> None:
    notices = (repo / "THIRD_PARTY_NOTICES.md").read_text().lower()
    packages = json.loads((repo / "package.json").read_text())
    assert [name for name in packages["devDependencies"] if name not in notices] == []
    assert "dependencies" not in packages


@pytest.mark.parametrize(
    "what", ["mediapipe 0.10.21", "gpuworker/vision/models/LICENSE", "NASA", "public domain", "GPL"]
)
def test_the_shipped_and_the_delicate_things_are_named(repo: Path, what: str) -> None:
    assert what in (repo / "THIRD_PARTY_NOTICES.md").read_text()


def test_the_notices_travel_with_the_package(repo: Path) -> None:
    project = tomllib.loads((repo / "pyproject.toml").read_text())["project"]
    assert {"LICENSE", "THIRD_PARTY_NOTICES.md", "gpuworker/vision/models/LICENSE"} <= set(project["license-files"])

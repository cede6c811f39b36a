"""The catalogue of cases: it names tests that exist, and every case that a test cites."""

from __future__ import annotations

import re
from pathlib import Path

import pytest


@pytest.fixture
def catalogue(repo: Path) -> str:
    return (repo / "docs" / "cases.md").read_text()


def test_every_file_that_the_catalogue_names_is_there(repo: Path, catalogue: str) -> None:
    named = set(re.findall(r"`(tests/[^`]+)`", catalogue))
    assert len(named) > 50
    assert sorted(name for name in named if not (repo / name).exists()) == []


def test_every_benchmark_that_the_catalogue_names_is_there(repo: Path, catalogue: str) -> None:
    named = set(re.findall(r"`make bench-([a-z]+)`", catalogue))
    assert named
    assert sorted(name for name in named if not (repo / "tests" / "bench" / f"{name}.py").exists()) == []


def test_every_case_that_a_test_cites_is_in_the_catalogue(repo: Path, catalogue: str) -> None:
    listed = {int(number) for number in re.findall(r"^\| (\d+) \|", catalogue, re.MULTILINE)}
    cited = {
        int(number)
        for file in (repo / "tests").rglob("test_*.py")
        for number in re.findall(r"test_case_0*(\d+)_", file.read_text())
    }
    assert cited
    assert cited - listed == set()

"""The page that answers the original's known issues names tests, and they exist."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def tests(repo: Path) -> set[str]:
    """Names of all test functions."""
    found = set()
    for file in (repo / "tests").rglob("test_*.py"):
        nodes = ast.walk(ast.parse(file.read_bytes()))
        found |= {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
    return {name for name in found if name.startswith("test_")}


def sections(repo: Path) -> dict[str, list[str]]:
    """Names of tests by heading."""
    parts = (repo / "deploy" / "KNOWN_ISSUES.md").read_text().split("\n## ")[1:]
    return {part.partition("\n")[0]: re.findall(r"^- `(test_\w+)`$", part, re.MULTILINE) for part in parts}


def test_all_four_issues_are_answered(repo: Path) -> None:
    headings = " ".join(sections(repo)).lower()
    assert len(sections(repo)) == 4
    assert [word for word in ("port", "sync", "shell steps", "downloads") if word not in headings] == []


def test_each_answer_is_shown_by_tests_that_exist(repo: Path, tests: set[str]) -> None:
    for heading, named in sections(repo).items():
        assert len(named) >= 3, heading
        assert [name for name in named if name not in tests] == [], heading

"""Programs that tests keep in strings for other processes: no type checker follows what they import."""

from __future__ import annotations

import ast
import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
IMPORT = re.compile(r"(?:^|[;\n])\s*from ((?:portraits|gazesite|gpuworker|tests)(?:\.\w+)*) import (\w+(?:, \w+)*)")


def imports() -> Iterator[tuple[str, str, str]]:
    """Where, from which module, and which name."""
    for file in sorted(TESTS.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                for module, names in IMPORT.findall(node.value):
                    yield from ((f"{file.name}:{node.lineno}", module, name) for name in names.split(", "))


def names_in(module: str) -> Iterator[str]:
    """Names that a module binds, read and not run: some modules import torch, which may be missing."""
    found = importlib.util.find_spec(module)
    if found is None or found.origin is None:
        return
    for node in ast.parse(Path(found.origin).read_text()).body:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                yield node.name
            case ast.Import() | ast.ImportFrom():
                yield from (each.asname or each.name for each in node.names)
            case ast.Assign() | ast.AnnAssign():
                yield from (each.id for each in ast.walk(node) if isinstance(each, ast.Name))


def is_there(module: str, name: str) -> bool:
    try:
        return name in names_in(module) or importlib.util.find_spec(f"{module}.{name}") is not None
    except ModuleNotFoundError:
        return False


@pytest.mark.parametrize(
    ("module", "name"),
    [("portraits.airlock", "open"), ("portraits.models", "Portrayal"), ("portraits.http", "visitor")],
)
def test_what_is_not_there_is_seen(module: str, name: str) -> None:
    assert not is_there(module, name)


def test_what_programs_in_strings_import_is_there() -> None:
    found = list(imports())
    assert len(found) > 10
    assert [each for each in found if not is_there(*each[1:])] == []

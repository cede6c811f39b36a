"""Programs that tests keep in strings for other processes: no type checker follows what they import."""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator
from pathlib import Path

TESTS = Path(__file__).parents[1]
IMPORT = re.compile(r"(?:^|[;\n])\s*from ((?:portraits|gazesite|gpuworker|tests)(?:\.\w+)*) import (\w+(?:, \w+)*)")


def imports() -> Iterator[tuple[str, str, str]]:
    """Where, from which module, and which name."""
    for file in sorted(TESTS.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                for module, names in IMPORT.findall(node.value):
                    yield from ((f"{file.name}:{node.lineno}", module, name) for name in names.split(", "))


def is_there(module: str, name: str) -> bool:
    try:
        if hasattr(importlib.import_module(module), name):
            return True
        importlib.import_module(f"{module}.{name}")
    except ModuleNotFoundError:
        return False
    return True


def test_what_programs_in_strings_import_is_there() -> None:
    found = list(imports())
    assert len(found) > 10
    assert [each for each in found if not is_there(*each[1:])] == []

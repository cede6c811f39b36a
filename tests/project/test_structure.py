"""The rules of the house that a linter does not know."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

# A file with such a name collects what has no home; name it after what it holds.
PACKAGES = ("gpuworker", "portraits", "gazesite")

MODULES_A_FOLDER = 15
"""One beside at most 14 others: more are read as a list and not as a room."""

HOMELESS = {"utils", "helpers", "managers", "services", "common"}


def test_no_file_is_named_after_nothing(files: list[Path]) -> None:
    assert [str(file) for file in files if file.stem in HOMELESS] == []


# Lists of addresses and the like, tested by whoever uses them: test_access.py, test_consumers.py, test_asgi.py.
DECLARATIONS = {"apps", "asgi_types", "routing", "urls"}


def mirrored(source: Path) -> Path:
    """Path of the test of a source file: the same folders below tests/."""
    return Path("tests") / source.parent / f"test_{source.stem.strip('_')}.py"


def test_every_source_file_has_its_test_at_the_mirrored_path(files: list[Path]) -> None:
    sources = [
        file
        for file in files
        if file.parts[0] in PACKAGES
        and file.suffix == ".py"
        and file.stem not in DECLARATIONS | {"__init__"}
        and "migrations" not in file.parts
    ]
    assert [str(source) for source in sources if mirrored(source) not in files] == []


def test_no_folder_hides_a_module_among_too_many(files: list[Path]) -> None:
    modules = [file for file in files if file.parts[0] in PACKAGES and file.suffix == ".py" and file.stem != "__init__"]
    crowds = Counter(str(module.parent) for module in modules)
    assert {folder: count for folder, count in crowds.items() if count > MODULES_A_FOLDER} == {}


TESTS_OF_SCRIPTS = {"gaze": "gaze", "site": "pages"}
"""Folder of tests/ by folder of static/."""


def test_every_script_has_its_test_at_the_mirrored_path(files: list[Path]) -> None:
    """In Node.js where it is pure, else in a browser. Bundles, *.min.js, are made of the others."""
    scripts = [file for file in files if file.parts[0] == "static" and file.suffixes == [".js"]]
    assert {script.parts[1] for script in scripts} == {*TESTS_OF_SCRIPTS}

    def is_tested(script: Path) -> bool:
        folder = Path("tests", TESTS_OF_SCRIPTS[script.parts[1]], *script.parts[2:-1])
        stem = script.stem.replace("-", "_")
        return bool({folder / f"{script.stem}.test.js", folder / f"test_{stem}.py"} & {*files})

    assert [str(script) for script in scripts if not is_tested(script)] == []


def test_every_test_of_javascript_has_its_script(files: list[Path]) -> None:
    folders = {tests: scripts for scripts, tests in TESTS_OF_SCRIPTS.items()}
    tests = [file for file in files if file.name.endswith(".test.js")]
    assert tests
    expected = {
        Path("static", folders[test.parts[1]], *test.parts[2:-1], test.name.replace(".test.js", ".js"))
        for test in tests
    }
    assert expected - {*files} == set()


def test_no_except_is_bare(files: list[Path], repo: Path) -> None:
    for file in (file for file in files if file.suffix == ".py"):
        handlers = [n for n in ast.walk(ast.parse((repo / file).read_bytes())) if isinstance(n, ast.ExceptHandler)]
        assert [f"{file}:{handler.lineno}" for handler in handlers if handler.type is None] == []


def test_commands_are_executable_where_they_are_scripts(files: list[Path], repo: Path) -> None:
    scripts = [file for file in files if (repo / file).read_bytes()[:2] == b"#!"]
    assert Path(".ci/run") in scripts
    assert [str(script) for script in scripts if not (repo / script).stat().st_mode & 0o100] == []

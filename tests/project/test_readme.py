"""Commands of README.md, CONTRIBUTING.md and docs/ are all run somewhere.

A block that opens with ```bash run is run here, line by line in one shell, in a fresh clone where
photo.jpg is the astronaut. Commands of every other ```bash or ```console block are in ELSEWHERE.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from gpuworker.errors import BY_CODE

# command: the file that runs it
ELSEWHERE = {
    "make run": "tests/project/test_run.py",
    "make test": ".ci/run",
    "make check": ".ci/run",
    "make lint": "Makefile",
}

FENCE = re.compile(r"^```(bash run|bash|console)[ \t]*\n(.*?)^```", re.MULTILINE | re.DOTALL)


def blocks(text: str) -> list[tuple[str, list[str]]]:
    """(kind, commands) of each fence: continuations joined, comments, prompts and output dropped."""
    found = []
    for kind, body in FENCE.findall(text):
        lines = re.sub(r"\s*\\\n\s*", " ", body).splitlines()
        if kind == "console":
            lines = [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]
        commands = [re.sub(r"\s+#.*$", "", line).strip() for line in lines]
        found.append((kind, [command for command in commands if command and not command.startswith("#")]))
    return found


def documents(repo: Path) -> list[Path]:
    return [repo / "README.md", repo / "CONTRIBUTING.md", *sorted((repo / "docs").rglob("*.md"))]


def commands_of(repo: Path) -> list[tuple[str, list[str]]]:
    return [block for document in documents(repo) for block in blocks(document.read_text())]


def test_commands_are_read_from_fences() -> None:
    run = "```bash run\n# first\nmake a  # why\n\n```\n"
    shown = "```console\n$ make b \\\n  C=1\nits output\n```\n"
    assert blocks(run + shown + "```json\n{}\n```\n") == [("bash run", ["make a"]), ("console", ["make b C=1"])]


def test_some_commands_are_run_here(repo: Path) -> None:
    assert any(kind == "bash run" and commands for kind, commands in commands_of(repo))


def test_nothing_waits_to_be_filled_in(repo: Path) -> None:
    unfinished = re.compile(r"^[A-Z]{5,}$|TODO|XXX", re.MULTILINE)
    assert [str(document) for document in documents(repo) if unfinished.search(document.read_text())] == []


def test_the_workers_page_names_every_exit_code(repo: Path) -> None:
    table = (repo / "docs" / "worker.md").read_text()
    codes = sorted(error.exit_code for error in BY_CODE.values())
    assert [code for code in codes if not re.search(rf"\b{code}\b", table)] == []


def test_the_elements_page_names_every_attribute(repo: Path) -> None:
    element = (repo / "static" / "gaze" / "element.js").read_text()
    lists = re.findall(r"(?:ATTRIBUTES|observedAttributes) = \[(.*?)\]", element)
    names = re.findall(r"'([a-z-]+)'", "".join(lists))
    assert len(names) >= 8
    assert [name for name in names if f"`{name}`" not in (repo / "docs" / "element.md").read_text()] == []


def test_every_other_command_is_run_elsewhere(repo: Path) -> None:
    told = {command for kind, commands in commands_of(repo) if kind != "bash run" for command in commands}
    assert told - set(ELSEWHERE) == set()


@pytest.mark.parametrize(("command", "file"), ELSEWHERE.items())
def test_the_file_that_is_said_to_run_a_command_runs_its_target(repo: Path, command: str, file: str) -> None:
    assert re.search(rf"\b{re.escape(command.split()[-1])}\b", (repo / file).read_text())


@pytest.mark.slow
def test_the_marked_commands_work_in_a_fresh_clone(repo: Path, clone: Path, astronaut: Path) -> None:
    (clone / "photo.jpg").write_bytes(astronaut.read_bytes())
    commands = [command for kind, group in commands_of(repo) if kind == "bash run" for command in group]
    script = "set -euxo pipefail\n" + "\n".join(commands)
    done = subprocess.run(
        ["bash", "-c", script], cwd=clone, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=900
    )
    assert done.returncode == 0, done.stdout + done.stderr

"""Each of the house's own checks is shown to bite: one planted fault makes it fail, its counterpart passes.

test_layering.py does the same for each import contract, test_javascript.py for the tests of the scripts.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests import javascript


def run(*command: str, cwd: Path, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=cwd, input=stdin, capture_output=True, text=True, timeout=300)


@pytest.fixture
def folder(repo: Path, tmp_path: Path) -> Path:
    """An empty folder with the tools' settings."""
    shutil.copy(repo / "pyproject.toml", tmp_path)
    return tmp_path


def test_ruff_bites(folder: Path) -> None:
    faults = {
        "F401": "import os\n",
        "E722": "try:\n    pass\nexcept:\n    pass\n",
        "T201": 'print("debug")\n',
        "BLE001": "try:\n    pass\nexcept Exception:\n    pass\n",
    }
    command = [sys.executable, "-m", "ruff", "check", "--no-cache", "--output-format=concise"]
    for rule, text in faults.items():
        (folder / f"{rule.lower()}.py").write_text(text)
    found = run(*command, cwd=folder)
    assert found.returncode == 1
    assert {rule for rule in faults if f"{rule.lower()}.py:" in found.stdout and f" {rule} " in found.stdout} == {
        *faults
    }
    for rule in faults:
        (folder / f"{rule.lower()}.py").write_text("x = 1\n")
    assert run(*command, cwd=folder).returncode == 0


def test_ruff_bites_on_layout(folder: Path) -> None:
    command = [sys.executable, "-m", "ruff", "format", "--no-cache", "--check", "module.py"]
    (folder / "module.py").write_text("x = ( 1,2 )\n")
    assert run(*command, cwd=folder).returncode == 1
    (folder / "module.py").write_text("x = (1, 2)\n")
    assert run(*command, cwd=folder).returncode == 0


@pytest.mark.slow
def test_mypy_bites(repo: Path, tmp_path: Path) -> None:
    module = tmp_path / "module.py"
    command = [sys.executable, "-m", "mypy", "--cache-dir", str(tmp_path / "cache"), str(module)]
    module.write_text("def double(value):\n    return 2 * value\n")
    found = run(*command, cwd=repo)
    assert (found.returncode, "no-untyped-def" in found.stdout) == (1, True), found.stdout + found.stderr
    module.write_text("def double(value: int) -> int:\n    return 2 * value\n")
    assert run(*command, cwd=repo).returncode == 0


def test_djlint_bites(folder: Path) -> None:
    faults = {
        "H025": "<div><p>Open</div>",
        "H029": '<form method="POST"></form>',
        "D004": '<img src="/static/site/demo.jpg" alt="">',
    }
    page = folder / "templates" / "page.html"
    page.parent.mkdir()
    command = [sys.executable, "-m", "djlint", "--lint", "--quiet", "templates"]
    page.write_text("\n".join(faults.values()) + "\n")
    found = run(*command, cwd=folder)
    assert (found.returncode, {rule for rule in faults if rule in found.stdout}) == (1, {*faults})
    page.write_text('<div><p>Closed</p></div>\n<img src="{% static \'site/demo.jpg\' %}" alt="">\n')
    assert run(*command, cwd=folder).returncode == 0


@pytest.mark.parametrize(
    ("file", "fine"),
    [
        ("static/site/fault.js", "addEventListener('load', () => {});"),
        ("tests/pages/fault.test.js", "process.exit();"),
    ],
)
def test_eslint_bites(repo: Path, npm_packages: Path, file: str, fine: str) -> None:
    faults = {
        "no-undef": "missing();",
        "no-unused-vars": "const unused = 1;",
        "eqeqeq": "export const same = globalThis.name == 1;",
        "no-eval": "eval('1');",
        "no-shadow": "const a = 1;\nexport const f = (a) => a;",
    }
    program = str(npm_packages / "eslint" / "bin" / "eslint.js")
    command = [javascript.NODE, program, "--stdin", "--stdin-filename", file]
    found = run(*command, cwd=repo, stdin="\n".join(faults.values()) + "\n")
    assert (found.returncode, {rule for rule in faults if rule in found.stdout}) == (1, {*faults})
    assert run(*command, cwd=repo, stdin=fine + "\n").returncode == 0


def test_typescript_bites(repo: Path, npm_packages: Path, tmp_path: Path) -> None:
    faults = {
        "TS7006": "export function double(value) { return 2 * value; }",
        "TS2531": "document.querySelector('p').remove();",
        "TS2345": "Number.parseFloat(1);",
    }
    settings = {"extends": str(repo / "tsconfig.json"), "include": ["static"]}
    (tmp_path / "tsconfig.json").write_text(json.dumps(settings))
    script = tmp_path / "static" / "fault.js"
    script.parent.mkdir()
    program = str(npm_packages / "typescript" / "bin" / "tsc")
    command = [javascript.NODE, program, "--project", str(tmp_path), "--pretty", "false"]
    script.write_text("\n".join(faults.values()) + "\n")
    found = run(*command, cwd=repo)
    assert found.returncode != 0
    assert {code for code in faults if code in found.stdout} == {*faults}, found.stdout
    script.write_text("document.querySelector('p')?.remove();\n")
    assert run(*command, cwd=repo).returncode == 0

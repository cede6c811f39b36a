"""The linters of the JavaScript where there is no npm or no network, and the lock file of their packages."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests import javascript


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A clone without node_modules, on a machine without npm."""
    (tmp_path / "package-lock.json").write_text("{}")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setattr(javascript, "CI", False)
    return tmp_path


def npm(folder: Path, script: str) -> None:
    program = folder / "bin" / "npm"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)


def test_without_npm_the_linters_are_left_out_with_one_line(empty: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert javascript.lint(empty) == 0
    assert capsys.readouterr().out == f"ESLint, TypeScript and the bundle's check are left out: {javascript.NO_NPM}\n"


def test_without_a_network_they_are_left_out_with_one_line(empty: Path, capsys: pytest.CaptureFixture[str]) -> None:
    npm(empty, "echo ENOTFOUND >&2; exit 1")
    assert javascript.lint(empty) == 0
    told = capsys.readouterr()
    assert told.out == f"ESLint, TypeScript and the bundle's check are left out: {javascript.NO_PACKAGES}\n"
    assert "ENOTFOUND" in told.err


def test_in_ci_their_absence_is_an_error(
    empty: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(javascript, "CI", True)
    assert javascript.lint(empty) == 1
    assert capsys.readouterr().err == f"ESLint, TypeScript and the bundle's check cannot run: {javascript.NO_NPM}\n"


def test_without_npm_no_bundle_is_written(empty: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert javascript.bundle(empty) == 1
    assert capsys.readouterr().err == f"The bundle cannot be written: {javascript.NO_NPM}\n"


def test_packages_that_are_there_are_not_installed_again(empty: Path) -> None:
    (empty / "node_modules").mkdir()
    (empty / "node_modules" / ".package-lock.json").touch()
    npm(empty, "exit 1")
    assert javascript.install(empty) == ""


def test_a_test_of_javascript_that_fails_fails_the_run(tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    file = tmp_path / "tests" / "sum.test.js"
    file.write_text("require('node:test').test('sum', () => { if (1 + 1 !== 2) throw new Error(); });")
    assert javascript.test(tmp_path) == 0
    file.write_text("require('node:test').test('sum', () => { throw new Error(); });")
    assert javascript.test(tmp_path) == 1


def test_the_lock_file_pins_every_package_and_names_no_registry(repo: Path) -> None:
    packages = json.loads((repo / "package.json").read_text())
    locked = json.loads((repo / "package-lock.json").read_text())["packages"]
    assert locked[""]["devDependencies"] == packages["devDependencies"]
    assert [name for name, entry in locked.items() if "resolved" in entry] == []
    assert [name for name, entry in locked.items() if name and "integrity" not in entry] == []


@pytest.fixture
def cloned(repo: Path, tmp_path: Path, npm_packages: Path) -> Path:
    """The element's sources, its bundler and the packages of npm."""
    shutil.copytree(repo / "static" / "gaze", tmp_path / "static" / "gaze")
    shutil.copytree(repo / "npm", tmp_path / "npm")
    shutil.copy(repo / "package.json", tmp_path)
    (tmp_path / "node_modules").symlink_to(npm_packages)
    return tmp_path


def test_a_bundle_that_is_not_what_its_sources_make_is_refused_until_it_is_written_anew(cloned: Path) -> None:
    bundler, failure = javascript.BUNDLER, cloned / "static" / "gaze" / "failure.js"
    assert javascript.node(cloned, bundler, "--check") == 0, "the committed bundle is stale: `make bundle`"
    failure.write_text(failure.read_text().replace("GazeFailure'", "OtherFailure'"))
    assert javascript.node(cloned, bundler, "--check") == 1
    assert javascript.node(cloned, bundler) == 0
    assert javascript.node(cloned, bundler, "--check") == 0
    (cloned / "static" / "gaze" / "gaze-tracker-gone.min.js").touch()
    assert javascript.node(cloned, bundler, "--check") == 1

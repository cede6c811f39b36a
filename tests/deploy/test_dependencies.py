"""An image installs what pyproject.toml asks for, in the versions that were tested."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name


def printed(repo: Path, *extras: str) -> list[Requirement]:
    command = [sys.executable, "deploy/dependencies.py", *extras]
    done = subprocess.run(command, cwd=repo, capture_output=True, text=True, check=True, timeout=60)
    return [Requirement(line) for line in done.stdout.splitlines()]


def names(requirements: list[Requirement]) -> set[str]:
    return {canonicalize_name(each.name) for each in requirements}


SITE = ["production", "sentry"]
LOCKS = {
    "constraints.txt": ["check"],
    "deploy/constraints-site.txt": SITE,
    "deploy/constraints-worker.txt": ["gpu", "serverless"],
}
"""Extras by lock file."""


def constraints(repo: Path, file: str = "deploy/constraints-site.txt") -> dict[str, list[Requirement]]:
    """Pins by package; a package may have one a Python."""
    pins: dict[str, list[Requirement]] = {}
    for line in (repo / file).read_text().splitlines():
        if not line.startswith("#"):
            pins.setdefault(canonicalize_name(Requirement(line).name), []).append(Requirement(line))
    return pins


def test_extras_include_what_they_build_on_and_never_the_project_itself(repo: Path) -> None:
    found = names(printed(repo, "production"))
    assert {"numpy", "django", "psycopg", "redis", "channels-redis"} <= found
    assert "gazesite" not in found


def test_each_is_printed_once(repo: Path) -> None:
    found = [str(each) for each in printed(repo, "production", "site", "sentry")]
    assert len(found) == len(set(found))


def test_an_unknown_extra_is_an_error(repo: Path) -> None:
    done = subprocess.run([sys.executable, "deploy/dependencies.py", "moon"], cwd=repo, capture_output=True, timeout=60)
    assert done.returncode != 0


@pytest.mark.parametrize("heavy", ["torch", "onnxruntime", "onnxruntime-gpu", "rembg", "starlette"])
def test_the_site_installs_nothing_that_only_the_gpu_worker_wants(repo: Path, heavy: str) -> None:
    assert heavy not in names(printed(repo, *SITE))
    assert heavy not in constraints(repo)


def test_the_worker_installs_nothing_of_the_site(repo: Path) -> None:
    site = tomllib.loads((repo / "pyproject.toml").read_text())["project"]["optional-dependencies"]["site"]
    own = names([Requirement(line) for line in site]) - {"httpx"}
    assert names(printed(repo, "gpu", "serverless")) & own == set()


@pytest.mark.parametrize("file", LOCKS)
def test_every_requirement_has_a_pinned_version_that_fits(repo: Path, file: str) -> None:
    pins = constraints(repo, file)
    wrong = [
        str(each)
        for each in printed(repo, *LOCKS[file])
        if not all(version(pin) in each.specifier for pin in pins.get(canonicalize_name(each.name), []))
        or canonicalize_name(each.name) not in pins
    ]
    assert wrong == []


@pytest.mark.parametrize("file", LOCKS)
def test_a_lock_file_pins_one_version_each_and_names_no_index(repo: Path, file: str) -> None:
    pins = [pin for found in constraints(repo, file).values() for pin in found]
    assert [str(pin) for pin in pins if len(pin.specifier) != 1 or not str(pin.specifier).startswith("==")] == []
    assert "//" not in (repo / file).read_text()


@pytest.mark.parametrize("file", ["deploy/constraints-site.txt", "deploy/constraints-worker.txt"])
def test_an_image_has_the_versions_that_the_tests_have(repo: Path, file: str) -> None:
    tested = constraints(repo, "constraints.txt")
    differing = [
        str(pin)
        for name, (pin,) in constraints(repo, file).items()
        if name in tested and version(pin) not in map(version, tested[name])
    ]
    assert differing == []


@pytest.mark.parametrize("image", ["site", "worker"])
def test_an_image_installs_what_is_locked(repo: Path, image: str) -> None:
    lock = f"deploy/constraints-{image}.txt"
    assert f'--constraint "$source/{lock}"' in (repo / "deploy" / f"install-{image}.sh").read_text()
    assert f" {lock} " in (repo / "deploy" / f"{image}.Dockerfile").read_text()


def version(pin: Requirement) -> str:
    return str(pin.specifier).removeprefix("==")

"""What an image installs is what pyproject.toml asks for, in the versions that were tested."""

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


def constraints(repo: Path) -> dict[str, str]:
    lines = (repo / "deploy" / "constraints-site.txt").read_text().splitlines()
    return {canonicalize_name(line.split("==")[0]): line.split("==")[1] for line in lines if not line.startswith("#")}


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


@pytest.mark.parametrize("heavy", ["torch", "onnxruntime", "onnxruntime-gpu", "rembg", "fastapi"])
def test_the_site_installs_nothing_that_only_the_gpu_worker_wants(repo: Path, heavy: str) -> None:
    assert heavy not in names(printed(repo, "production", "sentry"))
    assert heavy not in constraints(repo)


def test_the_worker_installs_nothing_of_the_site(repo: Path) -> None:
    site = tomllib.loads((repo / "pyproject.toml").read_text())["project"]["optional-dependencies"]["site"]
    own = names([Requirement(line) for line in site]) - {"httpx"}
    assert names(printed(repo, "gpu", "serverless")) & own == set()


def test_every_requirement_of_the_site_has_a_pinned_version_that_fits(repo: Path) -> None:
    pinned = constraints(repo)
    wrong = [
        str(each)
        for each in printed(repo, "production", "sentry")
        if pinned.get(canonicalize_name(each.name), "none") not in each.specifier
    ]
    assert wrong == []

"""CI and the hook before a commit run what a person runs by hand, and nothing else."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import yaml

WORKFLOW = ".github/workflows/ci.yml"


def test_the_workflow_runs_ci_run_and_installs_nothing_by_itself(repo: Path) -> None:
    (job,) = yaml.safe_load((repo / WORKFLOW).read_text())["jobs"].values()
    assert [step["run"] for step in job["steps"] if "run" in step] == [".ci/run"]
    used = [step["uses"].partition("@")[0] for step in job["steps"] if "uses" in step]
    assert used == ["actions/checkout", "actions/setup-python", "actions/setup-node"]


def test_the_workflow_is_one_that_github_takes(repo: Path) -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows", WORKFLOW]
    found = subprocess.run(command, cwd=repo, capture_output=True, text=True, timeout=120)
    assert found.returncode == 0, found.stdout


def test_the_hook_before_a_commit_is_make_lint(repo: Path) -> None:
    (source,) = yaml.safe_load((repo / ".pre-commit-config.yaml").read_text())["repos"]
    (hook,) = source["hooks"]
    assert (source["repo"], hook["language"], hook["entry"]) == ("local", "system", "make lint")
    assert hook["pass_filenames"] is False


def test_ci_run_is_make_test_and_then_make_check(repo: Path) -> None:
    lines = (repo / ".ci" / "run").read_text().splitlines()
    assert [line.split("<")[0].strip() for line in lines if line.startswith("make ")] == ["make test", "make check"]

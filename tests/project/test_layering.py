"""Imports run one way; the contracts in pyproject.toml hold, and each one bites."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGES = ("gazesite", "portraits", "gpuworker")


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60)


@pytest.fixture
def packages(repo: Path, tmp_path: Path) -> Path:
    """A copy to spoil, without the models, which are large and import nothing."""
    for name in PACKAGES:
        shutil.copytree(repo / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__", "*.tflite"))
    shutil.copy(repo / "pyproject.toml", tmp_path)
    return tmp_path


def test_the_contracts_hold(packages: Path) -> None:
    found = lint(packages)
    assert found.returncode == 0, found.stdout


@pytest.mark.parametrize(
    ("file", "line", "contract"),
    [
        ("gpuworker/grid.py", "import portraits", "the other way round"),
        ("portraits/__init__.py", "import gazesite", "the other way round"),
        ("gpuworker/render.py", "import django", "without the site"),
        ("gpuworker/faces.py", "import gpuworker.render", "Inside the worker"),
        ("gpuworker/jobs.py", "import gpuworker.app", "Inside the worker"),
        ("gpuworker/app.py", "import gpuworker.fleet.pod", "Inside the worker"),
        ("gpuworker/client.py", "import gpuworker.http_worker", "Inside the worker"),
        ("gpuworker/contract.py", "import numpy", "standard library only"),
        ("gpuworker/faces.py", "import torch", "may import torch"),
        ("gpuworker/engines/weights.py", "import torch", "may import torch"),
        ("gpuworker/faces.py", "import onnxruntime", "may import onnxruntime"),
        ("gpuworker/matting.py", "import rembg", "may import onnxruntime and rembg"),
        ("gpuworker/render.py", "import gpuworker.engines.liveportrait.engine", "before it is asked for"),
    ],
)
def test_a_forbidden_import_breaks_its_contract(packages: Path, file: str, line: str, contract: str) -> None:
    with (packages / file).open("a") as source:
        source.write(f"\n{line}\n")
    found = lint(packages)
    assert found.returncode != 0
    broken = [line for line in found.stdout.splitlines() if " BROKEN" in line]
    assert any(contract in line for line in broken), found.stdout

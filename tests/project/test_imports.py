"""The worker installs and runs alone: no Django, no torch, on no path."""

from __future__ import annotations

import json
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from gpuworker.contract import Manifest

TORCH_ENGINE = "gpuworker.engines.liveportrait."
"""The modules of the one engine that may import torch; nobody imports them before the engine is asked for."""
STRANGERS = ["channels", "daphne", "django", "dramatiq", "onnxruntime", "rembg", "torch"]

IMPORT_ALL = f"""
import importlib, pkgutil, sys

class Closed:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {STRANGERS}:
            raise ImportError(name + " is none of the worker's business")

sys.meta_path.insert(0, Closed())
import gpuworker
for module in pkgutil.walk_packages(gpuworker.__path__, "gpuworker."):
    if not module.name.startswith("{TORCH_ENGINE}"):
        importlib.import_module(module.name)
        print(module.name)
assert not set({STRANGERS}) & {{name.partition(".")[0] for name in sys.modules}}
"""


def import_all(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", IMPORT_ALL], cwd=folder, capture_output=True, text=True, timeout=120)


def test_every_module_of_the_worker_imports_where_the_site_is_not(repo: Path, files: list[Path]) -> None:
    found = import_all(repo)
    assert found.returncode == 0, found.stderr
    sources = [file.with_suffix("") for file in files if file.parts[0] == "gpuworker" and file.suffix == ".py"]
    modules = {".".join(source.parts).removesuffix(".__init__") for source in sources} - {"gpuworker"}
    of_torch = {name for name in modules if name.startswith(TORCH_ENGINE)}
    assert of_torch
    assert set(found.stdout.split()) == modules - of_torch


@pytest.mark.parametrize("stranger", STRANGERS)
def test_a_module_that_imports_a_stranger_is_caught(tmp_path: Path, stranger: str) -> None:
    (tmp_path / "gpuworker").mkdir()
    (tmp_path / "gpuworker" / "__init__.py").touch()
    (tmp_path / "gpuworker" / "leak.py").write_text(f"import {stranger}.something\n")
    found = import_all(tmp_path)
    assert found.returncode != 0
    assert f"{stranger} is none of the worker's business" in found.stderr


@pytest.mark.slow
def test_the_wheel_alone_renders_a_portrait_in_a_new_environment(clone: Path, astronaut: Path, tmp_path: Path) -> None:
    environment, out = tmp_path / "environment", tmp_path / "out"
    venv.create(environment, with_pip=True)
    python = str(environment / "bin" / "python")

    def run(*command: str) -> str:
        done = subprocess.run([python, "-m", *command], cwd=tmp_path, capture_output=True, text=True, timeout=540)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    run("pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", "wheels", str(clone))
    run("pip", "install", "--quiet", *map(str, (tmp_path / "wheels").glob("gazesite-*.whl")))
    installed = {package["name"].lower() for package in json.loads(run("pip", "list", "--format=json"))}
    run("gpuworker", "render", str(astronaut), str(out))

    assert "gazesite" in installed
    assert not installed & {*STRANGERS, "onnxruntime-gpu", "starlette"}
    assert {"index.html", "gaze-tracker.js", "manifest.json"} <= {file.name for file in out.iterdir()}
    manifest = Manifest.loads((out / "manifest.json").read_text())
    assert manifest.complete
    promised = [manifest.poster, *(name for level in manifest.levels for name in level.files)]
    assert [name for name in promised if not (out / name).stat().st_size] == []

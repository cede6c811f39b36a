"""Imports run one way: each contract in pyproject.toml bites. That they hold is for `make lint` to say."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGES = ("gazesite", "portraits", "gpuworker")

FORBIDDEN = [
    ("gpuworker/grid.py", "portraits", "the other way round"),
    ("portraits/__init__.py", "gazesite", "the other way round"),
    ("gpuworker/rendering/scheduler.py", "django", "without the site"),
    ("gpuworker/vision/faces.py", "gpuworker.rendering.scheduler", "Inside the worker"),
    ("gpuworker/server/job_queue.py", "gpuworker.server.app", "Inside the worker"),
    ("gpuworker/server/app.py", "gpuworker.fleet.pod_source", "Inside the worker"),
    ("gpuworker/workers/worker.py", "gpuworker.workers.http_client", "Inside the worker"),
    ("gpuworker/vision/matting_model.py", "gpuworker.engines", "Rooms of the worker"),
    ("gpuworker/images/__init__.py", "gpuworker.engines", "Rooms of the worker"),
    ("portraits/rendering/actors.py", "portraits.views.health", "Inside the app"),
    ("portraits/live/publisher.py", "portraits.rendering.actors", "Inside the app"),
    ("portraits/models/session.py", "portraits.accounts.groups", "Inside the app"),
    ("gazesite/observability/metrics.py", "gazesite.middleware.body_limits", "Inside the site"),
    ("gazesite/limits/body_pool.py", "gazesite.server.daphne_server", "Inside the site"),
    ("gpuworker/contract.py", "numpy", "standard library only"),
    ("gpuworker/vision/faces.py", "torch", "may import torch"),
    ("gpuworker/weights.py", "torch", "may import torch"),
    ("gpuworker/vision/faces.py", "onnxruntime", "may import onnxruntime"),
    ("gpuworker/vision/matting.py", "rembg", "may import onnxruntime and rembg"),
    ("gpuworker/rendering/scheduler.py", "gpuworker.engines.liveportrait.engine", "before it is asked for"),
    ("portraits/uploads/lifecycle.py", "portraits.readiness", "neither views nor readiness"),
    ("portraits/files/responses.py", "portraits.views.health", "neither views nor readiness"),
]
"""(file, what it must not import, the contract that says so)"""


@pytest.fixture(scope="module")
def broken(repo: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Report on each broken contract, by its name, in a copy that imports all that is forbidden."""
    folder = tmp_path_factory.mktemp("spoiled")
    for name in PACKAGES:  # without the models, which are large and import nothing
        shutil.copytree(repo / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "*.tflite"))
    shutil.copy(repo / "pyproject.toml", folder)
    for file, module, _ in FORBIDDEN:
        with (folder / file).open("a") as source:
            source.write(f"\nimport {module}\n")
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    found = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300)
    said = found.stdout.partition("Broken contracts")[2]
    sections = re.split(r"^(.+)\n-{5,}$", said, flags=re.MULTILINE)[1:]
    return dict(zip(sections[::2], sections[1::2], strict=True))


@pytest.mark.parametrize(("file", "module", "contract"), FORBIDDEN)
def test_a_forbidden_import_breaks_its_contract(broken: dict[str, str], file: str, module: str, contract: str) -> None:
    (said,) = [said for name, said in broken.items() if contract in name and named(said, file, module)]
    assert said


def named(said: str, file: str, module: str) -> bool:
    """Whether this import, and not only another one, is said to break the contract."""
    importer = file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    return re.search(rf"\b{re.escape(importer)} -> {re.escape(module)}\b", said) is not None

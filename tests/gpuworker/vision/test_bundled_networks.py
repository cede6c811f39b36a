"""The networks that come with the package: only the listed bytes are loaded, and without a word."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from gpuworker.vision import bundled_networks
from gpuworker.vision.bundled_networks import MODELS, NAMES, Network


def test_every_model_that_is_shipped_has_its_name() -> None:
    assert sorted(file.stem for file in MODELS.glob("*.tflite")) == sorted(NAMES)


def test_a_damaged_model_is_not_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(MODELS, tmp_path, dirs_exist_ok=True)
    file = tmp_path / "iris_landmark.tflite"
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.chmod(0o644)
    file.write_bytes(content)
    monkeypatch.setattr(bundled_networks, "MODELS", tmp_path)
    Network("face_landmark")
    with pytest.raises(RuntimeError, match=r"iris_landmark.tflite is damaged.*[0-9a-f]{64}.*d1744d2a"):
        Network("iris_landmark")


def test_a_network_is_loaded_once() -> None:
    assert bundled_networks.network("iris_landmark") is bundled_networks.network("iris_landmark")


def test_warming_loads_all_of_them_and_prints_nothing() -> None:
    script = "from gpuworker.vision import bundled_networks as networks; networks.warm(); "
    script += "networks.network.cache_info().currsize == 4 or exit(1)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_standard_error_is_heard_again_after_warming(capfd: pytest.CaptureFixture[str]) -> None:
    bundled_networks.warm()
    os.write(2, b"heard\n")
    assert capfd.readouterr().err == "heard\n"

"""The path of a matting network, on one of three weights: what is green is the person."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gpuworker import matting_model
from gpuworker.errors import BadRequest, WrongWeights
from gpuworker.framing import Portrait
from gpuworker.matting import remove_background
from gpuworker.matting_model import MattingModel

MODEL = Path(__file__).with_name("green_over_blue.onnx")
GREEN, BLUE = (60, 200, 60), (60, 60, 200)


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    """No model of an earlier test is kept."""
    matting_model._loaded.cache_clear()
    yield
    matting_model._loaded.cache_clear()


@pytest.fixture
def expected(monkeypatch: pytest.MonkeyPatch) -> None:
    """The stand-in's hash where the real file's is."""
    monkeypatch.setattr(matting_model, "MD5", hashlib.md5(MODEL.read_bytes()).hexdigest())


@pytest.fixture
def configured(expected: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GAZE_MATTING", str(MODEL))


def scene() -> np.ndarray:
    picture = np.full((240, 200, 3), BLUE, np.uint8)
    picture[60:200, 50:150] = GREEN
    return picture


def test_without_a_file_there_is_no_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GAZE_MATTING", raising=False)
    assert matting_model.configured() is None


def test_the_matte_has_the_pictures_size_and_shape(expected: None) -> None:
    matte = MattingModel(MODEL, "cpu").matte(scene())
    assert matte.shape == (240, 200)
    assert matte.dtype == np.float32
    assert matte[70:190, 60:140].min() > 0.95
    assert matte[:50].max() < 0.05


def test_a_configured_model_is_used_once_a_portrait_and_needs_no_advice(configured: None, framed: Portrait) -> None:
    picture = np.full_like(framed.picture, BLUE)
    picture[300:] = GREEN
    found, advice = remove_background(replace(framed, picture=picture))
    assert advice == ()
    assert found.alpha is not None
    assert found.alpha[400:].min() > 240
    assert found.alpha[:200].max() < 15
    model = matting_model.configured()
    assert model is not None
    assert model.inferences == 1


def test_another_file_is_refused_with_both_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GAZE_MATTING", str(MODEL))
    with pytest.raises(WrongWeights) as caught:
        matting_model.configured()
    assert hashlib.md5(MODEL.read_bytes()).hexdigest() in caught.value.sentence
    assert matting_model.MD5 in caught.value.sentence
    assert matting_model.NAME in caught.value.sentence


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(WrongWeights, match="cannot be read"):
        MattingModel(tmp_path / "none.onnx", "cpu")


def test_a_worker_with_a_gpu_never_falls_back_to_the_cpu(expected: None) -> None:
    """This machine's onnxruntime has no CUDA, as on a pod with the wrong package."""
    with pytest.raises(BadRequest, match="no CUDAExecutionProvider"):
        MattingModel(MODEL, "cuda")


def test_a_session_that_fell_back_silently_is_refused(expected: None, monkeypatch: pytest.MonkeyPatch) -> None:
    import onnxruntime

    plain = onnxruntime.InferenceSession
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: [matting_model.GPU, matting_model.CPU])
    monkeypatch.setattr(
        onnxruntime, "InferenceSession", lambda content, providers: plain(content, providers=[matting_model.CPU])
    )
    with pytest.raises(BadRequest, match="was to run on CUDAExecutionProvider, but runs on"):
        MattingModel(MODEL, "auto")


def test_without_onnxruntime_the_extra_is_named(expected: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(BadRequest, match="install the extra “gpu”"):
        MattingModel(MODEL, "cpu")

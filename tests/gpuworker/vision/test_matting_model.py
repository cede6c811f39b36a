"""The path of a matting network through rembg, on one of three weights: what is green is the person."""

from __future__ import annotations

import hashlib
import importlib.util
import socket
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gpuworker import weights
from gpuworker.errors import BadRequest, WrongWeights
from gpuworker.vision import matting_model
from gpuworker.vision.framing import FramedPortrait
from gpuworker.vision.matting import remove_background
from gpuworker.vision.matting_model import ON_THE_CPU, MattingModel
from gpuworker.weights import Checkpoint

MODEL = Path(__file__).with_name("green_over_blue.onnx")
GREEN, BLUE = (60, 200, 60), (60, 60, 200)
NEEDS_REMBG = pytest.mark.slow
"""rembg and onnxruntime come with the extra `check`."""


class Fetched(Exception):
    """Somebody reached for the network."""


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """No model of an earlier test is kept, none lies where rembg would look, and whoever asks the network fails."""

    def refuse(*args: object, **named: object) -> None:
        raise Fetched(args)

    if importlib.util.find_spec("pooch"):  # rembg brings it
        monkeypatch.setattr("pooch.retrieve", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    for name in ("GAZE_MATTING", "GAZE_WEIGHTS", "GAZE_DEVICE", "MODEL_CHECKSUM_DISABLED"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("REMBG_HOME", str(tmp_path / "of rembg"))
    monkeypatch.setenv("U2NET_HOME", str(tmp_path / "of rembg"))
    matting_model._loaded.cache_clear()
    yield
    matting_model._loaded.cache_clear()


@pytest.fixture
def expected(monkeypatch: pytest.MonkeyPatch) -> Checkpoint:
    """The stand-in where the real file is."""
    content = MODEL.read_bytes()
    stand_in = Checkpoint(weights.MATTING.path, len(content), hashlib.sha256(content).hexdigest())
    monkeypatch.setattr(weights, "MATTING", stand_in)
    return stand_in


@pytest.fixture
def configured(expected: Checkpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GAZE_MATTING", str(MODEL))
    monkeypatch.setenv("GAZE_DEVICE", "cpu")


@pytest.fixture
def pretended(monkeypatch: pytest.MonkeyPatch) -> None:
    """An onnxruntime that has CUDA, and falls back when a session is made: the driver is not there."""
    import onnxruntime

    plain = onnxruntime.InferenceSession
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: [matting_model.GPU, matting_model.CPU])
    monkeypatch.setattr(
        onnxruntime,
        "InferenceSession",
        lambda path, sess_options, providers: plain(path, sess_options=sess_options, providers=[matting_model.CPU]),
    )


def scene() -> np.ndarray:
    picture = np.full((240, 200, 3), BLUE, np.uint8)
    picture[60:200, 50:150] = GREEN
    return picture


def test_without_a_file_there_is_no_model(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert matting_model.configured() is None
    monkeypatch.setenv("GAZE_WEIGHTS", str(tmp_path))
    assert matting_model.configured() is None


@NEEDS_REMBG
def test_the_model_in_the_folder_of_weights_needs_no_setting_of_its_own(
    expected: Checkpoint, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / expected.path).write_bytes(MODEL.read_bytes())
    monkeypatch.setenv("GAZE_WEIGHTS", str(tmp_path))
    monkeypatch.setenv("GAZE_DEVICE", "cpu")
    assert matting_model.configured() is not None


@NEEDS_REMBG
def test_the_matte_has_the_pictures_size_and_shape(expected: Checkpoint) -> None:
    matte = MattingModel(MODEL, "cpu").matte(scene())
    assert matte.shape == (240, 200)
    assert matte.dtype == np.float32
    assert matte[70:190, 60:140].min() > 0.95
    assert matte[:50].max() < 0.05


@NEEDS_REMBG
def test_the_matte_is_rembgs_own(expected: Checkpoint) -> None:
    """Mean and deviation, 1024×1024, sigmoid, stretched to 0 … 1: by its predict, to the bit."""
    from PIL import Image
    from rembg.sessions.birefnet_portrait import BiRefNetSessionPortrait

    model = MattingModel(MODEL, "cpu")
    assert isinstance(model._session, BiRefNetSessionPortrait)
    assert model._session.is_local()
    (theirs,) = BiRefNetSessionPortrait.predict(model._session, Image.fromarray(scene()))
    assert (model.matte(scene()) * 255 == np.asarray(theirs)).all()
    assert {(0, 255)} == {theirs.getextrema()}


@NEEDS_REMBG
def test_a_picture_in_which_nobody_is_seen_becomes_transparent(expected: Checkpoint) -> None:
    assert MattingModel(MODEL, "cpu").matte(np.full((50, 40, 3), BLUE, np.uint8)).max() == 0


@NEEDS_REMBG
def test_a_configured_model_is_used_once_a_portrait(configured: None, framed: FramedPortrait) -> None:
    picture = np.full_like(framed.picture, BLUE)
    picture[300:] = GREEN
    found, _ = remove_background(replace(framed, picture=picture))
    assert found.alpha is not None
    assert found.alpha[400:].min() > 240
    assert found.alpha[:200].max() < 15
    model = matting_model.configured()
    assert model is not None
    assert model.inferences == 1


@NEEDS_REMBG
def test_the_cpu_is_used_only_when_asked_for_and_says_so(configured: None, framed: FramedPortrait) -> None:
    _, advice = remove_background(framed)
    assert advice == (ON_THE_CPU,)
    assert "birefnet-portrait on the CPU" in ON_THE_CPU


@NEEDS_REMBG
def test_nothing_is_ever_fetched(expected: Checkpoint, tmp_path: Path) -> None:
    MattingModel(MODEL, "cpu").matte(scene())  # `alone` lets nobody reach the network
    assert not (tmp_path / "of rembg").exists()


@NEEDS_REMBG
def test_rembgs_session_without_our_file_would_fetch_its_own() -> None:
    """What the test before this one is about: the alarm rings."""
    import onnxruntime
    from rembg.sessions.birefnet_portrait import BiRefNetSessionPortrait

    with pytest.raises(Fetched):
        BiRefNetSessionPortrait(matting_model.NAME, onnxruntime.SessionOptions(), providers=[matting_model.CPU])


@NEEDS_REMBG
def test_the_expected_file_is_the_one_that_rembg_would_fetch() -> None:
    from rembg.sessions.birefnet_portrait import BiRefNetSessionPortrait

    assert BiRefNetSessionPortrait.name() == matting_model.NAME
    with pytest.raises(Fetched) as caught:
        BiRefNetSessionPortrait.download_models()
    assert caught.value.args[0][0] == f"{weights.MATTING.mirror}/{weights.MATTING.path}"


def test_another_file_is_refused_with_both_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GAZE_MATTING", str(MODEL))
    with pytest.raises(WrongWeights) as caught:
        matting_model.configured()
    assert hashlib.sha256(MODEL.read_bytes()).hexdigest() in caught.value.sentence
    assert weights.MATTING.sha256 in caught.value.sentence
    assert "BiRefNet-portrait-epoch_150.onnx" in caught.value.sentence


def test_a_file_that_is_not_there_is_named_with_the_way_to_it(tmp_path: Path) -> None:
    with pytest.raises(WrongWeights, match=f"cannot be read.*fetch-weights --which matting --to {tmp_path}`"):
        MattingModel(tmp_path / "none.onnx", "cpu")


@NEEDS_REMBG
@pytest.mark.parametrize("device", ["cuda", "auto"])
def test_a_worker_never_falls_back_to_the_cpu(expected: Checkpoint, device: str) -> None:
    """This machine's onnxruntime has no CUDA, as on a pod with the wrong package."""
    with pytest.raises(BadRequest, match=r"no CUDAExecutionProvider: install onnxruntime-gpu .* GAZE_DEVICE=cpu"):
        MattingModel(MODEL, device)


@NEEDS_REMBG
@pytest.mark.parametrize("device", ["cuda", "auto"])
def test_a_session_that_fell_back_silently_is_refused(expected: Checkpoint, pretended: None, device: str) -> None:
    with (
        pytest.warns(RuntimeWarning, match="CUDAExecutionProvider was requested"),
        pytest.raises(BadRequest, match="was to run on CUDAExecutionProvider, but runs on CPUExecutionProvider"),
    ):
        MattingModel(MODEL, device)


@NEEDS_REMBG
def test_a_session_on_the_gpu_asks_for_it_alone_and_needs_no_advice(
    expected: Checkpoint, pretended: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    import onnxruntime

    made, asked = onnxruntime.InferenceSession, []

    def on_the_gpu(path: str, sess_options: object, providers: list[str]) -> object:
        asked.append((path, providers))
        session = made(path, sess_options, providers)
        session.get_providers = lambda: [matting_model.GPU, matting_model.CPU]
        return session

    monkeypatch.setattr(onnxruntime, "InferenceSession", on_the_gpu)
    assert MattingModel(MODEL, "auto").advice == ()
    assert asked == [(str(MODEL), [matting_model.GPU])]


def test_an_unknown_device_is_refused(expected: Checkpoint) -> None:
    with pytest.raises(BadRequest, match="no device “abacus”"):
        MattingModel(MODEL, "abacus")


@pytest.mark.parametrize("missing", ["onnxruntime", pytest.param("rembg", marks=NEEDS_REMBG)])
def test_without_its_packages_the_extra_is_named(
    expected: Checkpoint, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    for name in [each for each in sys.modules if each.partition(".")[0] == missing]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(BadRequest, match=f"needs rembg, and {missing}.* is missing: install the extra “gpu”"):
        MattingModel(MODEL, "cpu")

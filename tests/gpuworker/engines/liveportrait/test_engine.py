"""The engine with tiny seeded weights: what it shows is noise, but where, how many and how fast is real."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch

from gpuworker import cores, engines, environment, weights
from gpuworker.__main__ import main
from gpuworker.contract import Manifest
from gpuworker.engines.liveportrait import engine as engine_module
from gpuworker.engines.liveportrait.compilation.compiled import FrameFunction
from gpuworker.engines.liveportrait.compilation.compiled_runner import CompiledRunner
from gpuworker.engines.liveportrait.engine import SELF_CHECK_IMAGE, LivePortraitEngine
from gpuworker.engines.liveportrait.nets import architecture
from gpuworker.errors import BadRequest, GpuOutOfMemory, SelfCheckFailed, WrongWeights
from gpuworker.grid import DRAFT, NEUTRAL, Direction
from gpuworker.rendering import process_pool
from gpuworker.vision.framing import FramedPortrait
from tests.gpuworker.engines.liveportrait import checkpoints, seeded_child
from tests.gpuworker.engines.liveportrait.tiny import TINY

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Tiny seeded checkpoints, which the table and the sizes are made to expect."""
    where = tmp_path_factory.mktemp("weights")
    table = checkpoints.write(where, TINY)
    (where / seeded_child.TABLE).write_text(json.dumps({name: asdict(each) for name, each in table.items()}))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(architecture, "OFFICIAL", TINY)
        patch.setattr(cores, "usable", lambda: 1)  # tiny nets on several threads mostly wait
        patch.setattr(weights, "CHECKPOINTS", table)
        yield where


@pytest.fixture(scope="module")
def engine(folder: Path) -> LivePortraitEngine:
    return LivePortraitEngine("cpu", folder, checked=False)


@pytest.fixture(autouse=True)
def threads() -> Iterator[None]:
    """The engine takes every core; other tests go on with what they had."""
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def test_it_is_in_the_table() -> None:
    assert engines.ENGINES["liveportrait"].endswith("engine:LivePortraitEngine")
    assert LivePortraitEngine.name == "liveportrait"


def test_a_portrait_gives_frames_of_its_own_size_and_advice_about_the_time(
    engine: LivePortraitEngine, framed: FramedPortrait
) -> None:
    (advice,) = engine.set_portrait(framed)
    assert "Without a GPU a frame takes about" in advice
    assert "a draft of 25 frames" in advice
    frames = engine.render([NEUTRAL, Direction(15, 0), Direction(-15, 10)])
    assert frames.shape == (3, 512, 410, 3)
    assert frames.dtype == np.uint8
    assert engine.report["frames"] == 3
    assert engine.report["ms_a_frame"] > 0
    json.dumps(engine.report)


def test_the_same_direction_is_the_same_frame_and_another_is_another(
    engine: LivePortraitEngine, framed: FramedPortrait
) -> None:
    engine.set_portrait(framed)
    first = engine.render([Direction(15, -15), NEUTRAL])
    again = engine.render([NEUTRAL, Direction(15, -15)])
    assert np.abs(first.astype(int) - again[::-1]).max() <= 1
    assert np.abs(first[0].astype(int) - first[1]).max() > 10


def test_far_from_the_face_every_frame_is_the_photo(engine: LivePortraitEngine, framed: FramedPortrait) -> None:
    engine.set_portrait(framed)
    left, right = engine.render([Direction(-15, 0), Direction(15, 0)])
    assert (left[-40:] == right[-40:]).all()


def test_transparency_comes_out_as_a_fourth_channel(engine: LivePortraitEngine, framed: FramedPortrait) -> None:
    alpha = np.full(framed.picture.shape[:2], 255, np.uint8)
    alpha[:200] = 0
    engine.set_portrait(replace(framed, alpha=alpha))
    (frame,) = engine.render([NEUTRAL])
    assert frame.shape == (512, 410, 4)
    assert frame[-60:, :, 3].min() == 255
    assert frame[:40, :, 3].max() == 0


def test_compiled_it_shows_the_same_frames_and_the_report_says_which_runner_it_is(
    folder: Path, framed: FramedPortrait, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def untouched(plain: FrameFunction) -> FrameFunction:
        return lambda volume, source, driving: plain(volume, source, driving)

    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr(engine_module, "CompiledRunner", partial(CompiledRunner, compiler=untouched))
    monkeypatch.setenv(engine_module.COMPILE, "on")
    engine = LivePortraitEngine("cpu", folder, checked=False)
    engine.set_portrait(framed)
    directions = [NEUTRAL, Direction(15, -15)]
    before = engine.render(directions)
    assert engine.report["runner"] == "eager"
    assert engine._runner.settle(60) == "compiled"
    after = engine.render(directions)
    assert engine.report["runner"] == "compiled"
    assert np.abs(before.astype(int) - after).max() <= 1
    (advice,) = engine.set_portrait(framed)
    assert "Without a GPU" in advice
    assert np.abs(engine.render(directions).astype(int) - before).max() <= 1


@pytest.mark.parametrize(
    ("setting", "device", "compiled"),
    [("auto", "cuda", True), ("auto", "cpu", False), ("on", "cpu", True), ("off", "cuda", False)],
)
def test_the_setting_says_where_it_is_compiled(setting: str, device: str, compiled: bool) -> None:
    assert engine_module._is_compiled(setting, torch.device(device)) is compiled


def test_by_itself_a_cpu_compiles_nothing(engine: LivePortraitEngine, framed: FramedPortrait) -> None:
    engine.set_portrait(framed)
    assert engine._runner.settle(0) == engine.report["runner"] == "eager"
    assert engine._runner._thread is None


def test_another_setting_of_compiling_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GAZE_COMPILE", "perhaps")
    with pytest.raises(BadRequest, match="GAZE_COMPILE is auto, on or off, not “perhaps”"):
        LivePortraitEngine("cpu", folder).wait_ready()


def test_the_workers_page_tells_how_compiling_is_switched_off() -> None:
    page = (Path(__file__).parents[4] / "docs" / "worker.md").read_text()
    assert f"`{engine_module.COMPILE}=off`" in page


def test_a_frame_before_a_portrait_is_a_bug_and_says_so(folder: Path) -> None:
    with pytest.raises(RuntimeError, match="before a portrait"):
        LivePortraitEngine("cpu", folder, checked=False).render([NEUTRAL])


def test_seeded_weights_fail_the_self_check_and_the_figures_are_told(folder: Path) -> None:
    with pytest.raises(SelfCheckFailed, match=r"No face can be seen in the frame|yaw [+-]"):
        LivePortraitEngine("cpu", folder).wait_ready()


def test_the_self_check_image_is_a_portrait_that_the_worker_accepts() -> None:
    assert SELF_CHECK_IMAGE.stat().st_size < 60_000


def out_of_memory(*_: object) -> None:
    """Fake of GPU work for which the memory does not suffice."""
    raise torch.OutOfMemoryError("CUDA out of memory.")


def test_a_gpu_without_room_for_one_frame_is_out_of_memory(
    engine: LivePortraitEngine, framed: FramedPortrait, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.set_portrait(framed)
    monkeypatch.setattr(engine._runner, "generate", out_of_memory)
    with pytest.raises(GpuOutOfMemory, match="too little memory for even one frame"):
        engine.render([NEUTRAL])


@pytest.mark.parametrize("step", ["appearance", "face"])
def test_a_gpu_without_room_for_a_portrait_is_out_of_memory(
    engine: LivePortraitEngine, framed: FramedPortrait, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    engine.wait_ready()
    monkeypatch.setattr(type(engine._nets), step, out_of_memory)
    with pytest.raises(GpuOutOfMemory, match="ran out of memory"):
        engine.set_portrait(framed)


def test_a_gpu_without_room_for_the_weights_is_out_of_memory(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_module.Networks, "load", out_of_memory)
    with pytest.raises(GpuOutOfMemory, match="ran out of memory"):
        LivePortraitEngine("cpu", folder).wait_ready()


def test_missing_weights_are_told_when_the_portrait_comes(framed: FramedPortrait, tmp_path: Path) -> None:
    engine = LivePortraitEngine("cpu", tmp_path)
    with pytest.raises(WrongWeights, match="fetch-weights"):
        engine.set_portrait(framed)


def test_without_a_gpu_the_way_to_a_draft_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(BadRequest, match="needs an NVIDIA GPU"):
        LivePortraitEngine("auto", folder).wait_ready()


def test_an_unknown_device_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(environment.DEVICE, "abacus")
    with pytest.raises(BadRequest, match="no device “abacus”"):
        LivePortraitEngine(folder=folder).wait_ready()


@pytest.mark.slow
def test_the_command_renders_a_draft_on_the_cpu_and_says_how_long_it_takes(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(weights.FOLDER, str(folder))
    monkeypatch.setenv(environment.DEVICE, "auto")  # so that what the command sets is undone
    monkeypatch.setattr(process_pool, "_enter", seeded_child.enter)
    out = tmp_path / "out"
    assert main(["render", str(SELF_CHECK_IMAGE), str(out), "--engine", "liveportrait", "--device", "cpu"]) == 0
    assert "Note: Without a GPU a frame takes about" in capsys.readouterr().err
    manifest = Manifest.loads((out / "manifest.json").read_text())
    assert manifest.complete
    assert manifest.engine == "liveportrait"
    (level,) = manifest.levels
    assert (level.name, level.x, level.y) == ("draft", DRAFT.x, DRAFT.y)
    assert {"draft.webp", "poster.webp", "index.html"} <= {path.name for path in out.iterdir()}


def test_wrong_weights_end_the_command_with_their_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(weights.FOLDER, str(tmp_path / "nowhere"))
    monkeypatch.setenv(environment.DEVICE, "auto")
    options = ["--engine", "liveportrait", "--device", "cpu", "--quiet"]
    assert main(["render", str(SELF_CHECK_IMAGE), str(tmp_path / "out"), *options]) == WrongWeights.exit_code
    assert "fetch-weights --to" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_worker_that_starts_says_at_once_what_is_wrong_with_its_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(weights.FOLDER, str(tmp_path))
    monkeypatch.setenv(environment.DEVICE, "cpu")
    with process_pool.ProcessPool(engine="liveportrait") as pool, pytest.raises(WrongWeights, match="fetch-weights"):
        pool.wait_ready()


def test_a_worker_that_starts_says_at_once_what_is_wrong_with_its_matting_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(weights.FOLDER, str(tmp_path))
    monkeypatch.setenv("GAZE_MATTING", str(tmp_path / "matte.onnx"))
    with (
        process_pool.ProcessPool(engine="liveportrait") as pool,
        pytest.raises(WrongWeights, match="fetch-weights --which matting"),
    ):
        pool.wait_ready()


def test_one_process_holds_the_gpu() -> None:
    with process_pool.ProcessPool(engine="liveportrait") as pool:
        assert pool.size == 1

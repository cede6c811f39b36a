"""`make bench-liveportrait`: what a frame costs, how soon the first one is there, and how long all take.

The weights are seeded and of the official size, so the pictures are noise and the times are real. On a
GPU everything is measured, first with the nets as they are and then compiled. On a CPU 900 frames would
take hours: they are extrapolated, and say so.
With LIVEPORTRAIT_CHECKOUT naming a checkout, the official code is measured in the same run.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from gpuworker import weights
from gpuworker.contract import RenderRequest
from gpuworker.engines.liveportrait.compilation.batches import MOST
from gpuworker.engines.liveportrait.compilation.compiled_runner import COMPILED
from gpuworker.engines.liveportrait.engine import COMPILE, SELF_CHECK_IMAGE, LivePortraitEngine
from gpuworker.engines.liveportrait.nets.architecture import OFFICIAL
from gpuworker.environment import DEVICE
from gpuworker.grid import FULL, NEUTRAL, Direction
from gpuworker.rendering import process_pool, sheets
from gpuworker.rendering.scheduler import render
from gpuworker.vision import preparation
from gpuworker.vision.framing import FramedPortrait
from tests.bench.figures import REPOSITORY, Figure, publish
from tests.gpuworker.engines.liveportrait import checkpoints, seeded, seeded_child
from tests.gpuworker.engines.liveportrait.official import Official, checkout
from tests.gpuworker.engines.liveportrait.slices import as_pixels

WEIGHTS = REPOSITORY / "build" / "bench" / "liveportrait-weights"
FRAME_FLOP = 1.2336e12
"""Operations of W and G for one frame as the paper's code computes it; a multiplication with its addition is two."""
ALL = FULL.rows * FULL.cols
FIRST_BAR, FRAME_BAR, SPEEDUP_BAR, ALL_BAR = 20.0, 3.3, 4.0, 10.0
"""Targets on an H100: s, ms, times the official code, s."""

MOST_LEVELS, MEAN_LEVELS = 2.0, 0.25
"""Half precision against 32 bits: what is always allowed."""
MOST_COMPILING = 900.0
"""Seconds after which the bench goes on without."""

START = """
import sys
from pathlib import Path
from tests.gpuworker.engines.liveportrait.seeded_child import inject_table
inject_table(Path(sys.argv[1]))
from tests.bench.liveportrait import self_check_portrait
from gpuworker.engines.liveportrait.engine import LivePortraitEngine
from gpuworker.grid import NEUTRAL
engine = LivePortraitEngine(sys.argv[2], Path(sys.argv[1]), checked=False)
engine.set_portrait(self_check_portrait())
engine.render([NEUTRAL])
"""
COMPILE_TOO = f"""
import time
start = time.perf_counter()
engine._runner.settle({MOST_COMPILING})
print(time.perf_counter() - start)
"""


def main() -> None:
    figures: list[Figure] = []
    try:
        for part in _measured("cuda" if torch.cuda.is_available() else "cpu"):
            figures += part
    finally:  # whatever happens to the later ones
        publish("liveportrait", figures)


def _measured(device: str) -> Iterator[list[Figure]]:
    """Part by part."""
    os.environ[COMPILE] = "auto"  # it begins in a pause, or when it is told to
    hardware = torch.cuda.get_device_name() if device == "cuda" else f"CPU, {len(os.sched_getaffinity(0))} cores"
    _prepare_weights()
    peak = _matrix_peak(device)
    yield [Figure.plain(f"matrix peak, {hardware}", peak / 1e12, "TFLOP/s")]
    yield [Figure.at_most("first frame after process start", _first_frame(device), "s", FIRST_BAR)]
    engine = LivePortraitEngine(device, WEIGHTS, checked=False)
    engine.set_portrait(self_check_portrait())
    best, found = _batches(engine, device, peak)
    yield found
    yield _official(device, engine)
    if device == "cuda":
        yield _compiled(engine, peak)
    yield _everything_measured() if device == "cuda" else _everything_extrapolated(engine, best)


def _prepare_weights() -> None:
    """Seeded checkpoints of the official sizes, written once and kept under build/."""
    table = WEIGHTS / seeded_child.TABLE
    if not table.exists():
        made = checkpoints.write(WEIGHTS, OFFICIAL, official=True)
        table.write_text(json.dumps({name: asdict(each) for name, each in made.items()}))
    seeded_child.inject_table(WEIGHTS)


def self_check_portrait() -> FramedPortrait:
    """The self-check's portrait, framed as a render frames it."""
    return preparation.prepare(RenderRequest(SELF_CHECK_IMAGE.read_bytes())).portrait


def _matrix_peak(device: str) -> float:
    """FLOP/s of a large product in the precision that the nets run in."""
    side, kind = (8192, torch.float16) if device == "cuda" else (2048, torch.float32)
    left, right = (torch.randn(side, side, device=device, dtype=kind) for _ in range(2))
    return 2 * side**3 / _seconds(lambda: left @ right, 20 if device == "cuda" else 5)


def _seconds(work: Callable[[], object], repeats: int) -> float:
    """Seconds of one repetition; on a GPU after one that warms up."""
    if torch.cuda.is_available():
        work()
        _synchronize()
    start = time.perf_counter()
    for _ in range(repeats):
        work()
    _synchronize()
    return (time.perf_counter() - start) / repeats


def _synchronize() -> None:
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def _first_frame(device: str) -> float:
    """Seconds from the start of a new process, with local weights, verified, to a frame in memory."""
    start = time.perf_counter()
    command = [sys.executable, "-c", START, str(WEIGHTS), device]
    subprocess.run(command, cwd=REPOSITORY, check=True, stderr=subprocess.DEVNULL)
    return time.perf_counter() - start


def _batches(engine: LivePortraitEngine, device: str, peak: float) -> tuple[float, list[Figure]]:
    """The best seconds a frame, and the table of batch sizes."""
    figures, best = [], float("inf")
    for size in (1, 2, 4, 8, MOST) if device == "cuda" else (1,):
        directions = _across(size)
        engine._batches.size = size
        took = _seconds(lambda some=directions: engine.render(some), 10 if device == "cuda" else 1) / size
        best = min(best, took)
        figures += _frame_figures(f"batch of {size}, eager", took, peak)
    figures.append(Figure.at_most("a frame at the best batch size, eager", 1e3 * best, "ms", FRAME_BAR))
    return best, figures


def _across(size: int) -> list[Direction]:
    return [Direction(x, 5.0) for x in np.linspace(-15, 15, size)]


def _frame_figures(what: str, took: float, peak: float) -> list[Figure]:
    return [
        Figure.plain(f"{what}: a frame, pasted and copied", 1e3 * took, "ms"),
        Figure.plain(f"{what}: share of the matrix peak", FRAME_FLOP / took / peak, ""),
    ]


def _compiled(engine: LivePortraitEngine, peak: float) -> list[Figure]:
    """The same engine once its runner is compiled: the seconds until then, and a frame afterwards."""
    start = time.perf_counter()
    state = engine._runner.settle(MOST_COMPILING)
    seconds = time.perf_counter() - start
    if state != COMPILED:
        print(f"Compiled nets are not measured: {state}.")
        return []
    size = engine._batches.size = engine._runner.size
    took = _seconds(lambda: engine.render(_across(size)), 10) / size
    return [
        Figure.plain("compiling, captured and compared", seconds, "s"),
        *_frame_figures(f"batch of {size}, compiled", took, peak),
        Figure.at_most(f"a frame in batches of {size}, compiled", 1e3 * took, "ms", FRAME_BAR),
        Figure.plain("compiled in a new process, from what is kept", _compiled_again(), "s"),
    ]


def _compiled_again() -> float:
    """Seconds of compiling in a new process, which finds what this one kept."""
    command = [sys.executable, "-c", START + COMPILE_TOO, str(WEIGHTS), "cuda"]
    said = subprocess.run(command, cwd=REPOSITORY, check=True, stdout=subprocess.PIPE, text=True).stdout
    return float(said.split()[-1])


def _everything_measured() -> list[Figure]:
    """900 frames of a warm worker, without encoding, eager and compiled, and with all sheets."""
    engine = LivePortraitEngine("cuda", WEIGHTS, checked=False)
    engine.set_portrait(self_check_portrait())
    engine.render([NEUTRAL] * MOST)
    figures = [Figure.plain(f"{ALL} frames, not encoded, eager", _all_frames(engine), "s")]
    if engine._runner.settle(MOST_COMPILING) == COMPILED:
        engine.set_portrait(self_check_portrait())
        figures.append(Figure.plain(f"{ALL} frames, not encoded, compiled", _all_frames(engine), "s"))
    del engine
    torch.cuda.empty_cache()
    return [
        *figures,
        Figure.at_most(f"{ALL} frames with all sheets, warm worker", _rendered(), "s", ALL_BAR),
    ]


def _all_frames(engine: LivePortraitEngine) -> float:
    start = time.perf_counter()
    for y in FULL.y:
        for half in (FULL.x[:MOST], FULL.x[MOST:]):
            engine.render([Direction(x, y) for x in half])
    return time.perf_counter() - start


def _rendered() -> float:
    """Seconds of the second of two renders on one pool."""
    os.environ |= {weights.FOLDER: str(WEIGHTS), DEVICE: "cuda"}
    process_pool._enter = seeded_child.enter_official
    request = RenderRequest(SELF_CHECK_IMAGE.read_bytes(), engine="liveportrait")
    with process_pool.ProcessPool(engine="liveportrait") as pool, tempfile.TemporaryDirectory() as folder:
        for _ in range(2):
            start = time.perf_counter()
            for _step in render(request, Path(folder), pool):
                pass
        return time.perf_counter() - start


def _everything_extrapolated(engine: LivePortraitEngine, best: float) -> list[Figure]:
    """Figures from a few frames and one sheet of them, which a CPU can make."""
    frame = engine.render([NEUTRAL])[0]
    canvas = np.tile(frame[None, :, None], (15, 1, 15, 1, 1))
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        sheets.write(sheets.image_of(canvas, range(15), range(15)), Path(folder) / "sheet.webp")
        sheet = time.perf_counter() - start
    mobile = (20 / 30) ** 2
    return [
        Figure.plain(f"{ALL} frames, not encoded (extrapolated from one)", ALL * best, "s"),
        Figure.plain(
            f"{ALL} frames with all sheets (extrapolated from one and a sheet)",
            ALL * best + 4 * sheet * (1 + mobile),
            "s",
        ),
    ]


def _official(device: str, engine: LivePortraitEngine) -> list[Figure]:
    """W and G at batch 1 as the official code runs them, beside ours without pasting, in the same run."""
    folder = checkout()
    if folder is None:
        print("The official code is not measured: LIVEPORTRAIT_CHECKOUT names no checkout of it.")
        return []
    official = Official(folder)
    for name in ("warping_module", "spade_generator"):
        net = official.nets[name]
        net.load_state_dict(seeded.seeded(name, seeded.shapes_of(net), seeded.statistics(name)))
        net.to(device)
    volume, (driving, source) = seeded.volume(64).to(device), (each.to(device) for each in seeded.keypoints(1))

    @torch.inference_mode()
    def theirs(*, half: bool = device == "cuda") -> Tensor:
        with torch.autocast(device, torch.float16, enabled=half):
            warped = official.nets["warping_module"](volume, kp_driving=driving, kp_source=source)
            picture: Tensor = official.nets["spade_generator"](warped["out"])
        return picture

    @torch.inference_mode()
    def ours(frames: int) -> Tensor:
        many = driving.repeat(frames, 1, 1)  # expanded, its batch would lie innermost, and all that follows
        return engine._nets.generate(volume.to(engine._nets.precision), source, many)[0]

    repeats = 10 if device == "cuda" else 1
    most = MOST if device == "cuda" else 1
    slow, alone = _seconds(theirs, repeats), _seconds(lambda: ours(1), repeats)
    batched = _seconds(lambda: ours(most), repeats) / most if most > 1 else alone
    exact, rounded = theirs(half=False), theirs()
    return [
        Figure.plain("official code at batch 1: W and G", 1e3 * slow, "ms"),
        Figure.plain("ours at batch 1: W and G", 1e3 * alone, "ms"),
        Figure.at_least(f"ours at batch {most} over the official code", slow / batched, "times", SPEEDUP_BAR),
        *_distances(f"ours at batch {most}", ours(most)[-1:], rounded, exact),
    ]


def _distances(whose: str, found: Tensor, rounded: Tensor, exact: Tensor) -> list[Figure]:
    """How far ours is from the official code in 32 bits, in bytes as it makes them; the bar is how far it is itself.

    rounded: the official code as it runs. Where it is nearer than the tolerance of parity, that is the bar.
    """
    ours, theirs, right = (as_pixels(each.cpu()).astype(int) for each in (found, rounded, exact))
    apart, apart_too = np.abs(ours - right), np.abs(theirs - right)
    against = "from the official code in 32 bits"
    return [
        Figure.plain(f"official code as it runs: furthest {against}", float(apart_too.max()), "levels"),
        Figure.plain(f"official code as it runs: mean {against}", float(apart_too.mean()), "levels"),
        Figure.at_most(
            f"{whose}: furthest {against}", float(apart.max()), "levels", max(MOST_LEVELS, 1.5 * apart_too.max())
        ),
        Figure.at_most(
            f"{whose}: mean {against}", float(apart.mean()), "levels", max(MEAN_LEVELS, 1.1 * apart_too.mean())
        ),
    ]


if __name__ == "__main__":
    main()

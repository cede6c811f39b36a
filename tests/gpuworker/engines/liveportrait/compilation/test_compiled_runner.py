"""From the nets as they are to their compiled form: real threads, and a compiler that leaves everything as it is.

torch's own compiles in test_compiled.py, and as a whole in a process of its own in test_compile_cache.py: beside
whatever else lives in a process full of tests it once crashed.
"""

from __future__ import annotations

import logging
import re
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from torch import Tensor

from gpuworker.engines.liveportrait.compilation import compiled_runner
from gpuworker.engines.liveportrait.compilation.compile_attempts import CompileAttempts
from gpuworker.engines.liveportrait.compilation.compile_cache import CompileCache
from gpuworker.engines.liveportrait.compilation.compiled import FrameFunction
from gpuworker.engines.liveportrait.compilation.compiled_runner import COMPILED, COMPILING, EAGER, CompiledRunner

CPU = torch.device("cpu")
PATIENCE = 60.0


def untouched(plain: FrameFunction) -> FrameFunction:
    return lambda volume, source, driving: plain(volume, source, driving)


def generate(volume: Tensor, source: Tensor, driving: Tensor) -> tuple[Tensor, Tensor]:
    """Smallest possible frame function: each frame is grey, and each deformation a number."""
    grey = torch.sigmoid((driving - source).mean(dim=(1, 2)) + volume.mean())[:, None, None, None]
    return grey.expand(-1, 3, 8, 8), grey[..., None].expand(-1, 2, 4, 4, 3)


def frames(count: int) -> tuple[Tensor, Tensor, Tensor]:
    return torch.full((1, 4, 2, 4, 4), 0.5), torch.zeros(1, 21, 3), torch.randn(count, 21, 3)


def drawn(its: CompiledRunner, count: int) -> Tensor:
    """Squares generated as the rendering thread does, compared with those of the plain nets."""
    batch = frames(count)
    with its.at_work(), torch.inference_mode():
        squares, deformation = (each.clone() for each in its.generate(*batch))
        for found, right in zip((squares, deformation), generate(*batch), strict=True):
            assert found.shape == right.shape
            assert (found - right).abs().max() < 1e-6
    return squares


class Watched:
    """A compiler that counts the batches of the compiled form, and waits for `go` before it compiles."""

    def __init__(self, compiler: Callable[[FrameFunction], FrameFunction] = untouched) -> None:
        self.compiler = compiler
        self.begun, self.go = threading.Event(), threading.Event()
        self.go.set()
        self.sizes: list[int] = []

    def __call__(self, plain: FrameFunction) -> FrameFunction:
        self.begun.set()
        assert self.go.wait(PATIENCE)
        compiled = self.compiler(plain)

        def counted(volume: Tensor, source: Tensor, driving: Tensor) -> tuple[Tensor, Tensor]:
            self.sizes.append(len(driving))
            return compiled(volume, source, driving)

        return counted


def with_compiler(compiler: Callable[[FrameFunction], FrameFunction], batch: int = 4) -> CompiledRunner:
    made = CompiledRunner(generate, CPU, wanted=True, compiler=compiler)
    made.batch = batch
    made.start()
    return made


@pytest.fixture
def watched() -> Iterator[Watched]:
    compiler = Watched()
    yield compiler
    compiler.go.set()


def test_it_generates_at_once_and_compiled_when_it_is_ready(watched: Watched) -> None:
    watched.go.clear()
    its = with_compiler(watched)
    drawn(its, 4)
    assert its.settle(0) in (EAGER, COMPILING)
    assert watched.begun.wait(PATIENCE)
    assert (its.state, its.size) == (COMPILING, 0)
    drawn(its, 4)
    assert watched.sizes == []
    watched.go.set()
    assert its.settle(PATIENCE) == COMPILED
    assert its.size == 4
    before = len(watched.sizes)
    drawn(its, 4)
    assert watched.sizes[before:] == [4]


def test_a_batch_that_is_nearly_full_is_filled_up_and_others_are_generated_by_the_nets_as_they_are(
    watched: Watched,
) -> None:
    its = with_compiler(watched)
    drawn(its, 4)
    its.settle(PATIENCE)
    before = len(watched.sizes)
    for count in (3, 2, 1, 5, 4):
        drawn(its, count)
    assert watched.sizes[before:] == [4, 4]


def test_where_only_single_frames_were_generated_it_is_compiled_for_whole_batches(watched: Watched) -> None:
    its = with_compiler(watched, batch=6)
    drawn(its, 1)
    assert its.settle(PATIENCE) == COMPILED
    assert its.size == 6
    drawn(its, 6)


# ------------------------------------------------------------------- refusals


def broken(plain: FrameFunction) -> FrameFunction:
    raise RuntimeError("Failed to find\n C compiler")


def full(plain: FrameFunction) -> FrameFunction:
    raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 9 GiB")


def shifted(
    levels: float = 0.0, bent: float = 0.0, where: int | None = None
) -> Callable[[FrameFunction], FrameFunction]:
    """A compiler whose squares are some grey levels off, all of them or those of one frame, and its deformations."""

    def compiler(plain: FrameFunction) -> FrameFunction:
        def off(volume: Tensor, source: Tensor, driving: Tensor) -> tuple[Tensor, Tensor]:
            squares, deformation = (each.clone() for each in plain(volume, source, driving))
            squares[where, 0, 0, 0 if where is not None else slice(None)] += levels / 255
            return squares, deformation + bent

        return off

    return compiler


@pytest.mark.parametrize(
    ("compiler", "reason"),
    [
        (broken, "RuntimeError: Failed to find C compiler"),
        (full, "the GPU's memory ran out"),
        (shifted(levels=2.5, where=3), "it generates something else: 2.50 grey levels apart at most"),
        (shifted(levels=float("nan"), where=0), "it generates something else: nan grey levels"),
        (shifted(bent=0.02), r"deformations 0\.0200"),
    ],
)
def test_whatever_goes_wrong_the_nets_go_on_and_the_log_says_once_why(
    compiler: Callable[[FrameFunction], FrameFunction], reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        its = with_compiler(compiler)
        drawn(its, 4)
        state = its.settle(PATIENCE)
        drawn(its, 4)
    assert re.match(f"not compiled: .*({reason})", state), state
    assert "\n" not in state
    assert its.size == 0
    (told,) = [record for record in caplog.records if record.name == compiled_runner.__name__]
    assert told.getMessage() == f"W and G stay as they are, {state}"


def test_a_difference_that_half_precision_explains_is_no_reason() -> None:
    its = with_compiler(shifted(levels=1.5, where=0, bent=0.005))
    with its.at_work(), torch.inference_mode():
        its.generate(*frames(4))
    assert its.settle(PATIENCE) == COMPILED


def test_many_small_differences_add_up_to_a_reason() -> None:
    def darker(plain: FrameFunction) -> FrameFunction:
        def off(volume: Tensor, source: Tensor, driving: Tensor) -> tuple[Tensor, Tensor]:
            squares, deformation = plain(volume, source, driving)
            return squares - 0.5 / 255, deformation

        return off

    its = with_compiler(darker)
    drawn(its, 4)
    assert "0.500 on average" in its.settle(PATIENCE)


class Overheard(CompileCache):
    """Says what was wanted of it, and does nothing."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def load(self) -> None:
        self.said.append("load")

    def save(self) -> None:
        self.said.append("save")

    def forget(self) -> None:
        self.said.append("forget")


def test_what_failed_is_not_kept_for_the_next_worker() -> None:
    cache = Overheard()
    its = CompiledRunner(generate, CPU, wanted=True, compiler=shifted(bent=1), cache=cache)
    its.start()
    drawn(its, 1)
    its.settle(PATIENCE)
    assert cache.said == ["load", "save", "forget"]


def test_a_runner_whose_machine_failed_often_enough_compiles_nothing(watched: Watched, tmp_path: Path) -> None:
    (tmp_path / "attempts").write_text("2")
    its = CompiledRunner(generate, CPU, wanted=True, compiler=watched, attempts=CompileAttempts(tmp_path / "attempts"))
    its.start()
    drawn(its, 1)
    assert "not compiled: it failed 2 times here" in its.settle(PATIENCE).replace("TooManyAttempts: ", "")
    assert not watched.begun.is_set()
    drawn(its, 1)


def test_where_it_is_not_wanted_nothing_is_compiled(watched: Watched) -> None:
    its = CompiledRunner(generate, CPU, wanted=False, compiler=watched)
    its.start()
    drawn(its, 4)
    assert its.settle(PATIENCE) == EAGER
    assert not watched.begun.is_set()


# ---------------------------------------------------------------- when and who


def test_it_begins_by_itself_after_a_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled_runner, "QUIET", 0.0)
    its = with_compiler(untouched)
    drawn(its, 4)
    assert its._thread is not None
    its._thread.join(PATIENCE)
    assert its.state == COMPILED


def test_without_a_pause_it_does_not_begin(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled_runner, "QUIET", 0.0)
    its = with_compiler(watched)
    with its.at_work():
        its.generate(*frames(4))
        assert not watched.begun.wait(0.3)
    assert watched.begun.wait(PATIENCE)


def test_after_the_start_it_waits_longer_for_a_first_portrait(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compiled_runner, "QUIET", 0.0)
    its = CompiledRunner(generate, CPU, wanted=True, compiler=watched)
    drawn(its, 4)  # the self-check
    its.start()
    its.start()
    assert not watched.begun.wait(0.3)
    assert compiled_runner.FIRST_QUIET > 10


def test_it_takes_its_place_only_while_nobody_works(watched: Watched) -> None:
    its = with_compiler(watched)
    drawn(its, 4)
    watched.go.clear()
    its.settle(0)
    assert watched.begun.wait(PATIENCE)
    with its.at_work():
        watched.go.set()
        assert its.settle(2.0) == COMPILING
        assert watched.sizes == [4], "compared while somebody else worked"
        its.generate(*frames(4))
        assert watched.sizes == [4]
    assert its.settle(PATIENCE) == COMPILED


def test_whoever_waits_for_the_interpreter_gets_it_soon_while_it_compiles(watched: Watched) -> None:
    before = sys.getswitchinterval()
    watched.go.clear()
    its = with_compiler(watched)
    drawn(its, 4)
    its.settle(0)
    assert watched.begun.wait(PATIENCE)
    assert sys.getswitchinterval() == pytest.approx(compiled_runner.SWITCH_INTERVAL)
    watched.go.set()
    its.settle(PATIENCE)
    assert sys.getswitchinterval() == pytest.approx(before)


# --------------------------------------------------------------------- memory


def test_when_memory_runs_out_the_compiled_form_gives_way_for_good(watched: Watched) -> None:
    its = with_compiler(watched)
    drawn(its, 4)
    its.settle(PATIENCE)
    before = len(watched.sizes)
    with its.at_work():
        assert its.give_way()
        assert not its.give_way()
    drawn(its, 4)
    assert len(watched.sizes) == before
    assert (its.state, its.size) == ("not compiled: the GPU's memory ran out", 0)


def test_when_memory_runs_out_while_it_compiles_nothing_takes_the_nets_place(watched: Watched) -> None:
    watched.go.clear()
    its = with_compiler(watched)
    drawn(its, 4)
    its.settle(0)
    assert watched.begun.wait(PATIENCE)
    with its.at_work():
        assert not its.give_way()
    watched.go.set()
    assert its.settle(PATIENCE) == "not compiled: the GPU's memory ran out"
    drawn(its, 4)

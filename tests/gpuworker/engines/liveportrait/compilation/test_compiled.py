"""Batches of one size. Something stands in for the GPU and its captures; `make bench-liveportrait` makes real ones."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import torch
from torch import Tensor
from torch._dynamo.utils import counters

from gpuworker.engines.liveportrait.compilation.compiled import CompiledFunction, FrameFunction, compile_function
from gpuworker.engines.liveportrait.nets import architecture
from gpuworker.engines.liveportrait.nets.networks import Networks
from tests.gpuworker.engines.liveportrait import seeded
from tests.gpuworker.engines.liveportrait.checkpoints import NETS
from tests.gpuworker.engines.liveportrait.tiny import TINY

# torch's own compiler still uses what torch itself deprecates.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture(autouse=True)
def nothing_compiled() -> Iterator[None]:
    torch.compiler.reset()
    counters.clear()
    yield
    torch.compiler.reset()


def generate(volume: Tensor, source: Tensor, driving: Tensor) -> tuple[Tensor, Tensor]:
    grey = torch.sigmoid((driving - source).mean(dim=(1, 2)) + volume.mean())[:, None, None, None]
    return grey.expand(-1, 3, 8, 8) * 1.0, grey[..., None].expand(-1, 2, 4, 4, 3) * 2.0


def frames(count: int, level: float = 0.5) -> tuple[Tensor, Tensor, Tensor]:
    return torch.full((1, 4, 2, 4, 4), level), torch.randn(1, 21, 3), torch.randn(count, 21, 3)


def same(found: tuple[Tensor, Tensor], right: tuple[Tensor, Tensor], within: float = 1e-6) -> bool:
    return all(a.shape == b.shape and (a - b).abs().max() <= within for a, b in zip(found, right, strict=True))


def test_a_batch_of_any_number_up_to_its_size_comes_out_right_and_in_order() -> None:
    compiled = CompiledFunction(generate, *frames(4))
    for count in (4, 3, 1, 4):
        batch = frames(count, level=count / 10)
        assert same(compiled(*batch), generate(*batch))


def test_the_compiled_function_always_meets_the_same_buffers() -> None:
    met: list[list[int]] = []

    def watched(*batch: Tensor) -> tuple[Tensor, Tensor]:
        met.append([each.data_ptr() for each in batch])
        return generate(*batch)

    first = frames(4)
    compiled = CompiledFunction(watched, *first)
    compiled(*frames(2))
    compiled(*frames(4))
    assert met[0] == met[1] == met[2]
    assert not set(met[0]) & {each.data_ptr() for each in first}


def test_on_a_cpu_there_is_nothing_to_capture() -> None:
    compiled = CompiledFunction(generate, *frames(2))
    compiled.capture()
    batch = frames(2)
    assert same(compiled(*batch), generate(*batch))


class Recorder:
    """Stands where CUDA's graphs are: what is called while it records, it calls again in the same memory.

    stream: the current one, which a capture changes; failing: the capture cannot be ended.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, failing: bool = False) -> None:
        self.stream, self.failing = "the thread's own", failing
        self.recording = False
        self.calls: list[tuple[tuple[Tensor, ...], tuple[Tensor, Tensor]]] = []
        self.modes: list[str] = []
        monkeypatch.setattr(torch.cuda, "CUDAGraph", lambda: self)
        monkeypatch.setattr(torch.cuda, "graph", self.record)
        monkeypatch.setattr(torch.cuda, "current_stream", lambda: self.stream)
        monkeypatch.setattr(torch.cuda, "set_stream", lambda stream: setattr(self, "stream", stream))

    @contextmanager
    def record(self, graph: Recorder, capture_error_mode: str) -> Iterator[None]:
        assert graph is self
        self.modes.append(capture_error_mode)
        self.stream, self.recording = "the capture's", True
        yield
        if self.failing:
            raise RuntimeError("operation failed due to a previous error during capture")
        self.stream, self.recording = "the thread's own", False

    def generate(self, *batch: Tensor) -> tuple[Tensor, Tensor]:
        answer = generate(*batch)
        if self.recording:
            self.calls.append((batch, answer))
        return answer

    def replay(self) -> None:
        ((batch, answer),) = self.calls
        for memory, found in zip(answer, generate(*batch), strict=True):
            memory.copy_(found)


def captured(recorder: Recorder) -> CompiledFunction:
    made = CompiledFunction(recorder.generate, *frames(4))
    made._on_gpu = True
    made.capture()
    return made


def test_on_a_gpu_batches_are_replayed_from_the_buffers_and_nothing_else_is_called(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    recorder = Recorder(monkeypatch)
    compiled = captured(recorder)
    assert recorder.modes == ["thread_local"]
    ((buffers, _),) = recorder.calls
    assert all((buffer == 0).all() for buffer in buffers), "what was recorded could have kept a batch"
    monkeypatch.setattr(compiled, "_function", None)
    for count in (4, 2, 4):
        batch = frames(count, level=count / 10)
        assert same(compiled(*batch), generate(*batch))


def test_a_capture_that_fails_leaves_the_thread_its_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    recorder = Recorder(monkeypatch, failing=True)
    with pytest.raises(RuntimeError, match="previous error"):
        captured(recorder)
    assert recorder.stream == "the thread's own"


@pytest.mark.slow
def test_torch_compiles_it_once_in_the_thread_that_makes_it() -> None:
    """Other threads run what is there, however many threads they themselves may use."""
    made: list[CompiledFunction] = []
    batch = frames(2)
    threads = torch.get_num_threads()

    @torch.inference_mode()
    def make() -> None:
        torch.set_num_threads(threads + 1)
        made.append(CompiledFunction(compile_function(generate), *batch))

    thread = threading.Thread(target=make)
    thread.start()
    thread.join()
    assert counters["stats"]["unique_graphs"] == 1
    torch.set_num_threads(threads)
    with torch.inference_mode():
        other = frames(2)
        assert same(made[0](*other), generate(*other))
    assert counters["stats"]["unique_graphs"] == 1


def test_what_cannot_be_one_graph_is_refused() -> None:
    def two(volume: Tensor, source: Tensor, driving: Tensor) -> tuple[Tensor, Tensor]:
        torch._dynamo.graph_break()
        return generate(volume, source, driving)

    with pytest.raises(torch._dynamo.exc.Unsupported):
        CompiledFunction(compile_function(two), *frames(2))


@pytest.mark.slow
def test_the_tiny_nets_generate_the_same_when_they_are_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(architecture, "OFFICIAL", TINY)
    states = {name: seeded.seeded(name, seeded.shapes_of(made(TINY))) for name, made in NETS.items()}
    plain: FrameFunction = Networks.of(states, torch.device("cpu")).generate
    driving, source = seeded.keypoints(3)
    volume = torch.from_numpy(seeded.draw("v", (1, TINY.volume_channels, TINY.volume_depth, 32, 32)))
    with torch.inference_mode():
        compiled = CompiledFunction(compile_function(plain), torch.zeros_like(volume), source[:1], driving)
        right = plain(volume, source[:1], driving)
        assert right[0].std() > 1e-3
        assert same(compiled(volume, source[:1], driving), right, within=1e-5)

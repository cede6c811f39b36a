"""W and G for batches of one size: fused by torch's compiler, and on a GPU replayed as one CUDA graph.

The size is fixed because both the fusing and the graph depend on it. What comes in is copied into
buffers that stay where they are; a batch that is not full is filled up with its last frame.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

FrameFunction = Callable[[Tensor, Tensor, Tensor], tuple[Tensor, Tensor]]
"""Networks.generate: volume, source, driving (B, K, 3) → squares (B, 3, 512, 512), deformations (B, D, h, w, 3)."""


def compile_function(function: FrameFunction) -> FrameFunction:
    """Compiled as one graph at its first call, in the thread that makes it.

    Without the compiler's own CUDA graphs, and without a search for the fastest kernels, which takes
    minutes. How many threads a thread may use is no reason to compile again.
    """
    compiled: FrameFunction = torch.compile(
        function,
        fullgraph=True,
        dynamic=False,
        options={"guard_filter_fn": _without_threads, "triton.cudagraphs": False},
    )
    return compiled


def _without_threads(guards: Any) -> list[bool]:
    """All guards but the one on the global state, of which the number of threads is part."""
    return [guard.guard_type != "GLOBAL_STATE" for guard in guards]


class CompiledFunction:
    """A FrameFunction for at most `size` frames, the number of frames of the batch that it is made with.

    Making it compiles: minutes. The answer lies in memory that the next batch overwrites.
    """

    def __init__(self, function: FrameFunction, volume: Tensor, source: Tensor, driving: Tensor) -> None:
        self.size = len(driving)
        self._function = function
        self._buffers = tuple(each.clone() for each in (volume, source, driving))
        self._on_gpu = driving.is_cuda
        self._graph: torch.cuda.CUDAGraph | None = None
        self._answer = function(*self._buffers)
        if self._on_gpu:
            torch.cuda.synchronize(driving.device)

    def capture(self) -> None:
        """Record a batch as a CUDA graph; on a CPU, nothing. No other thread may use the GPU meanwhile.

        The buffers are empty then: had the recording kept what lay in them, every later batch would
        come out wrong, and the comparison would tell.
        """
        if not self._on_gpu:
            return
        for buffer in self._buffers:
            buffer.zero_()
        stream = torch.cuda.current_stream()
        graph = torch.cuda.CUDAGraph()
        self._answer = self._function(*self._buffers)  # whatever this thread's first time needs
        try:
            # Other threads may be inside harmless calls, such as encoding; only this one must behave.
            with torch.cuda.graph(graph, capture_error_mode="thread_local"):
                self._answer = self._function(*self._buffers)
        finally:
            torch.cuda.set_stream(stream)  # a capture that fails at its end leaves its own in place
        self._graph = graph

    def __call__(self, volume: Tensor, source: Tensor, driving: Tensor) -> tuple[Tensor, Tensor]:
        """Up to `size` frames; one volume and source, many driving."""
        frames = len(driving)
        for buffer, each in zip(self._buffers, (volume, source), strict=False):
            buffer.copy_(each)
        self._buffers[2][:frames].copy_(driving)
        self._buffers[2][frames:].copy_(driving[-1:])
        if self._graph is None:
            self._answer = self._function(*self._buffers)
        else:
            self._graph.replay()
        squares, deformation = self._answer
        return squares[:frames], deformation[:frames]

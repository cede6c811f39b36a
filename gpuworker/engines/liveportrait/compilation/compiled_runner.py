"""Runner of W and G: the plain nets from the first frame on, their compiled form once it has proved itself.

A worker must be quick to its first frame, and compiling takes a minute. So W and G are run eagerly at
once, and a thread of its own compiles them; between two batches the compiled form takes their place.

When: not while the first frames of a portrait are made. Dynamo and Inductor are Python and take turns
with the rendering thread for the interpreter's lock. The thread begins after a pause: QUIET seconds
after the last frames (sheets are then being encoded, with the lock released), or FIRST_QUIET after the
start where no portrait comes at all. Should the next portrait arrive meanwhile, SWITCH_INTERVAL lets
the rendering thread have the lock at once: 700 launches beside a busy thread took 11 ms instead of 2
with Python's own interval, and 2 with this.

How it is made safe, since torch says that its compiler may not be used from two threads at once:
- Only this thread ever compiles, once in a process's life; eager code in other threads is not touched.
- On a GPU what is compiled is also captured as a CUDA graph, by ourselves: mode="reduce-overhead" keeps its
  graphs in trees of a thread's own, and up to torch 2.13 these fail in threads that Python started.
- Capture and comparison happen while this thread has `turn`, which the rendering thread holds whenever
  it uses the device. So no other thread allocates, synchronizes or empties the cache during a capture, and what
  the rendering thread later does is a plain replay: no compiler, no guards, nothing to recompile.
- The last real batch is generated both ways, and what rounding does not explain is refused (comparison.py).

Whatever goes wrong, the eager nets go on; the log says so once, with the reason, and so does `state`.
"""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import NamedTuple

import torch
from torch import Tensor

from gpuworker.engines.liveportrait.compilation.batches import within_memory
from gpuworker.engines.liveportrait.compilation.comparison import Disagreement, compare
from gpuworker.engines.liveportrait.compilation.compile_attempts import CompileAttempts
from gpuworker.engines.liveportrait.compilation.compile_cache import CompileCache
from gpuworker.engines.liveportrait.compilation.compiled import CompiledFunction, FrameFunction, compile_function

log = logging.getLogger(__name__)

QUIET, FIRST_QUIET = 3.0, 30.0
"""Seconds without work after which compiling begins: after a portrait's frames, and before there were any."""
SWITCH_INTERVAL = 2e-4
"""Seconds, while it compiles, after which a thread that waits for the interpreter's lock gets it."""
FULL_ENOUGH = 0.75
"""A batch this full is filled up for the compiled form; below, the plain nets cost less."""

EAGER, COMPILING, COMPILED = "eager", "compiling", "compiled"


class _Batch(NamedTuple):
    """Inputs of one batch."""

    volume: Tensor
    source: Tensor
    driving: Tensor

    def of(self, size: int) -> _Batch:
        """The same with `size` frames, repeated or cut."""
        repeats = -(-size // len(self.driving))
        return self._replace(driving=self.driving.repeat(repeats, 1, 1)[:size])


class CompiledRunner:
    """Runner of `function`, and of its compiled form as soon as there is one.

    batch: how many frames a batch will have at most; the engine sets it. size: how many the compiled
    form paints at once, 0 while there is none. wanted: whether it is compiled at all. compiler: turns a
    FrameFunction into its compiled form. exact: `function` in 32 bits, for a frame. cache: what earlier processes
    compiled. attempts: how often they failed to.
    """

    def __init__(
        self,
        function: FrameFunction,
        device: torch.device,
        *,
        wanted: bool,
        compiler: Callable[[FrameFunction], FrameFunction] = compile_function,
        exact: FrameFunction | None = None,
        cache: CompileCache | None = None,
        attempts: CompileAttempts | None = None,
    ) -> None:
        self.batch = 1
        self.state = EAGER
        self._function = function
        self._device = device
        self._compiler = compiler
        self._exact = exact or function
        self._cache = cache
        self._attempts = attempts
        self._turn = threading.Lock()
        self._bell = threading.Condition()
        self._due = float("inf")
        self._latest: _Batch | None = None
        self._compiled: CompiledFunction | None = None
        self._abandoned = False
        self._thread = threading.Thread(target=self._improve, name="compile", daemon=True) if wanted else None

    @property
    def size(self) -> int:
        compiled = self._compiled
        return compiled.size if compiled else 0

    def start(self) -> None:
        """Let compiling begin at the next pause. Safe to call again."""
        if self._thread is not None and self._thread.ident is None:
            self._begin_after(FIRST_QUIET)
            self._thread.start()

    def settle(self, timeout: float) -> str:
        """Compile now, without waiting for a pause, and wait until it is decided. Returns the state."""
        if self._thread is not None and self._thread.ident is not None:
            with self._bell:
                self._due = float("-inf")
                self._bell.notify()
            self._thread.join(timeout)
        return self.state

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """The rendering thread has the device inside the with block."""
        with self._turn:
            self._begin_after(float("inf"))
            try:
                yield
            finally:
                self._begin_after(QUIET)

    def generate(self, volume: Tensor, source: Tensor, driving: Tensor) -> tuple[Tensor, Tensor]:
        """Result of Networks.generate, to be called `at_work`. It holds until the next batch is generated."""
        if self._compiled is None:
            self._remember(_Batch(volume, source, driving))
        elif FULL_ENOUGH * self.size <= len(driving) <= self.size:
            return self._compiled(volume, source, driving)
        return self._function(volume, source, driving)

    def give_way(self) -> bool:
        """Memory ran out: drop the compiled form, or let none come. Returns whether that freed something."""
        self._abandoned = True
        if self._compiled is None:
            return False
        self._compiled = None
        self._refuse("the GPU's memory ran out")
        return True

    def _remember(self, batch: _Batch) -> None:
        """The largest batch so far, and the newest of those, as long as it will be asked for."""
        waiting = self._thread is not None and self.state in (EAGER, COMPILING)
        if waiting and (self._latest is None or len(batch.driving) >= len(self._latest.driving)):
            self._latest = batch

    # ------------------------------------------------------------ the thread

    def _improve(self) -> None:
        try:
            latest = self._pause()
            with torch.inference_mode(), self._attempts.counted() if self._attempts else nullcontext():
                self._compile_and_compare(latest)
            reason = ""
        except Exception as error:  # whatever a compiler may fail with, the nets as they are go on
            reason = _reason(error)
            log.debug("while compiling", exc_info=True)
        if reason:  # outside the handler, whose traceback held on to memory
            self._refuse(reason)
            if self._cache:
                self._cache.forget()
        self._latest = None

    def _compile_and_compare(self, latest: _Batch) -> None:
        self.state = COMPILING
        start = time.perf_counter()
        size = within_memory(self._device, self.batch)
        with _patient():
            if self._cache:
                self._cache.load()
            compiled = CompiledFunction(self._compiler(self._function), *latest.of(size))
            if self._cache:
                self._cache.save()
        latest = self._pause()
        with self._turn:
            compiled.capture()
            self._compare(compiled, latest.of(size))
            if self._abandoned:
                raise torch.OutOfMemoryError
            self._compiled, self.state = compiled, COMPILED
        log.info("W and G are compiled for batches of %d after %.1f s", size, time.perf_counter() - start)

    def _pause(self) -> _Batch:
        """Wait until the rendering thread has had nothing to do for a while. Returns the largest batch so far."""
        with self._bell:
            while self._latest is None or (left := self._due - time.monotonic()) > 0:
                self._bell.wait(None if self._latest is None or left == float("inf") else left)
            return self._latest

    def _begin_after(self, seconds: float) -> None:
        with self._bell:
            if self._due > float("-inf"):
                self._due = time.monotonic() + seconds
            self._bell.notify()

    def _compare(self, compiled: CompiledFunction, batch: _Batch) -> None:
        """Raises Disagreement."""
        generated = compiled(*batch)
        compare((generated[0].clone(), generated[1].clone()), self._function(*batch), self._exact, *batch)

    def _refuse(self, reason: str) -> None:
        self.state = f"not compiled: {reason}"
        log.warning("W and G stay as they are, not compiled: %s", reason)
        if self._device.type == "cuda":
            torch.cuda.empty_cache()


@contextmanager
def _patient() -> Iterator[None]:
    """Context in which threads that wait for the interpreter's lock get it soon."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_INTERVAL)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


def _reason(error: Exception) -> str:
    """One line for the log and the report."""
    if isinstance(error, torch.OutOfMemoryError):
        return "the GPU's memory ran out"
    if isinstance(error, Disagreement):
        return str(error)
    told = " ".join(str(error).split())[:200]
    return f"{type(error).__name__}: {told}"

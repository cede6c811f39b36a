"""Size of batches: as many frames at once as fit, and half as many whenever they did not."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch

from gpuworker.errors import GpuOutOfMemory
from gpuworker.grid import FULL_STEPS

log = logging.getLogger(__name__)

MOST = FULL_STEPS // 2
"""A quadrant's row, which is what is asked for at once; more bring nothing even on the largest cards."""
CPU = 1
"""A batch on a CPU costs memory and saves nothing."""
FRAME_BYTES = 700_000_000
"""Bytes that one frame of a batch needs at its peak, in 16 bits with the islands of 32; rounded up."""
SHARE = 0.8
"""Share of the free memory that is used; the rest is for fragments."""

NO_ROOM = "The GPU has too little memory for even one frame. Please try again."


def _no_relief() -> bool:
    return False


class Batches:
    """Batches of a size that is remembered once it worked. `size` is the most that the next batch will have."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self.size = CPU
        if device.type == "cuda":
            self.size = max(1, min(MOST, _room(device)))

    def each(self, count: int, render: Callable[[slice], None], relief: Callable[[], bool] = _no_relief) -> None:
        """Call `render` for consecutive slices of `count` frames, again with half when memory ran out.

        relief: frees memory that only speed was bought with, and returns whether it could; then the
        same slice is tried again. Raises GpuOutOfMemory when not even one frame fits.
        """
        done = 0
        while done < count:
            part = slice(done, min(count, done + self.size))
            if self._fits(part, render):
                done = part.stop
            elif relief():
                continue
            elif self.size == 1:
                raise GpuOutOfMemory(NO_ROOM)
            else:
                self.size = max(1, (part.stop - part.start) // 2)

    def _fits(self, part: slice, render: Callable[[slice], None]) -> bool:
        try:
            render(part)
        except torch.OutOfMemoryError:
            fits = False  # what the failed batch held is freed only outside this handler
        else:
            return True
        if self._device.type == "cuda":
            torch.cuda.empty_cache()
        return fits


@contextmanager
def gpu_memory() -> Iterator[None]:
    """Context in which torch's OutOfMemoryError becomes GpuOutOfMemory, for work that no smaller batch can save."""
    try:
        yield
    except torch.OutOfMemoryError as error:
        log.warning("the GPU's memory ran out: %s", error)
        raise GpuOutOfMemory from error


def within_memory(device: torch.device, size: int) -> int:
    """Frames at once, when as many again must fit beside them.

    Up to `size`, and so that `size` frames come as batches of much the same number. Raises
    OutOfMemoryError where not even one fits.
    """
    if device.type != "cuda":
        return size
    room = _room(device) // 2
    if room < 1:
        raise torch.OutOfMemoryError
    batches = -(-size // room)
    return -(-size // batches)


def _room(device: torch.device) -> int:
    """Frames that fit into what is free; what torch keeps for itself and does not use is free too."""
    free, _ = torch.cuda.mem_get_info(device)
    unused = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
    return int((free + unused) * SHARE / FRAME_BYTES)

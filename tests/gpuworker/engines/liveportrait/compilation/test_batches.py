import pytest
import torch

from gpuworker.engines.liveportrait.compilation import batches
from gpuworker.engines.liveportrait.compilation.batches import Batches
from gpuworker.errors import GpuOutOfMemory
from gpuworker.grid import FULL


def sized(size: int) -> Batches:
    made = Batches(torch.device("cpu"))
    made.size = size
    return made


class Memory:
    """Room for so many frames; keeps what was rendered and what was tried."""

    def __init__(self, room: int) -> None:
        self.room = room
        self.done: list[int] = []
        self.tried: list[int] = []

    def render(self, part: slice) -> None:
        frames = list(range(part.start, part.stop))
        self.tried.append(len(frames))
        if len(frames) > self.room:
            raise torch.OutOfMemoryError("CUDA out of memory")
        self.done += frames


def test_a_cpu_renders_one_at_a_time() -> None:
    assert Batches(torch.device("cpu")).size == 1


@pytest.mark.parametrize(("free", "size"), [(80e9, 15), (8e9, 9), (1e9, 1), (1e8, 1)])
def test_a_gpu_renders_as_many_as_its_free_memory_holds(
    monkeypatch: pytest.MonkeyPatch, free: float, size: int
) -> None:
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (int(free), int(free)))
    assert Batches(torch.device("cuda")).size == size


def test_all_frames_are_rendered_once_in_order() -> None:
    memory = Memory(100)
    sized(6).each(15, memory.render)
    assert memory.done == list(range(15))
    assert memory.tried == [6, 6, 3]


def test_memory_that_runs_out_halves_the_batch_and_it_stays_halved() -> None:
    memory = Memory(3)
    made = sized(16)
    made.each(15, memory.render)
    made.each(4, memory.render)
    assert memory.done == [*range(15), *range(4)]
    assert memory.tried == [15, 7, 3, 3, 3, 3, 3, 3, 1]
    assert made.size == 3


def test_no_room_for_a_single_frame_is_the_gpus_lack_of_memory() -> None:
    with pytest.raises(GpuOutOfMemory, match="too little memory for even one frame"):
        sized(4).each(4, Memory(0).render)


def test_another_error_is_not_taken_for_a_lack_of_memory() -> None:
    def render(part: slice) -> None:
        raise RuntimeError("something else")

    with pytest.raises(RuntimeError, match="something else"):
        sized(4).each(4, render)


def test_memory_that_only_speed_was_bought_with_is_given_up_first() -> None:
    memory = Memory(3)

    def relief() -> bool:
        given, memory.room = memory.room < 6, 6
        return given

    made = sized(6)
    made.each(12, memory.render, relief)
    assert memory.done == list(range(12))
    assert memory.tried == [6, 6, 6]
    assert made.size == 6


def test_when_there_is_nothing_to_give_up_the_batch_is_halved() -> None:
    memory = Memory(3)
    sized(6).each(6, memory.render, lambda: False)
    assert memory.tried == [6, 3, 3]


def test_the_most_is_a_quadrants_row() -> None:
    _, cols = FULL.quadrant(0)
    assert len(cols) == batches.MOST


@pytest.mark.parametrize(("free", "size"), [(80e9, 15), (23e9, 8), (15e9, 8), (8e9, 4), (2e9, 1)])
def test_beside_as_many_again_fewer_fit_and_a_row_is_divided_evenly(
    monkeypatch: pytest.MonkeyPatch, free: float, size: int
) -> None:
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (int(free), int(free)))
    assert batches.within_memory(torch.device("cuda"), 15) == size


def test_beside_as_many_again_not_even_one_may_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (10**9, 10**9))
    with pytest.raises(torch.OutOfMemoryError):
        batches.within_memory(torch.device("cuda"), 15)


def test_what_torch_keeps_and_does_not_use_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (10**9, 10**11))
    monkeypatch.setattr(torch.cuda, "memory_reserved", lambda device: 9 * 10**9)
    monkeypatch.setattr(torch.cuda, "memory_allocated", lambda device: 2 * 10**9)
    assert Batches(torch.device("cuda")).size == 9


def test_a_cpu_has_room_for_whatever_it_is_asked() -> None:
    assert batches.within_memory(torch.device("cpu"), 3) == 3

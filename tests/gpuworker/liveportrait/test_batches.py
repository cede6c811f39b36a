import pytest
import torch

from gpuworker.engines.liveportrait import batches
from gpuworker.engines.liveportrait.batches import Batches
from gpuworker.errors import WorkerDied


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


@pytest.mark.parametrize(("free", "size"), [(80e9, 16), (8e9, 9), (1e9, 1), (1e8, 1)])
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


def test_no_room_for_a_single_frame_is_a_sentence() -> None:
    with pytest.raises(WorkerDied, match="too little memory for even one frame"):
        sized(4).each(4, Memory(0).render)


def test_another_error_is_not_taken_for_a_lack_of_memory() -> None:
    def render(part: slice) -> None:
        raise RuntimeError("something else")

    with pytest.raises(RuntimeError, match="something else"):
        sized(4).each(4, render)


def test_the_most_is_no_more_than_a_row_of_the_grid_and_one() -> None:
    assert batches.MOST == 16

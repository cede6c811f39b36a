import pytest

from gpuworker import cores
from gpuworker.rendering import encoding


@pytest.mark.parametrize(("count", "quadrants"), [(1, 1), (2, 1), (4, 1), (5, 2), (6, 2), (8, 3), (16, 4), (64, 4)])
def test_beside_a_gpu_there_are_as_many_quadrants_as_pairs_of_cores(
    count: int, quadrants: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cores, "usable", lambda: count)
    assert encoding.quadrants_at_once("liveportrait") == quadrants
    assert encoding.sheets_at_once("liveportrait") == 2 * quadrants


def test_an_engine_that_renders_on_every_core_has_one_quadrant_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cores, "usable", lambda: 64)
    assert encoding.quadrants_at_once("warp") == 1
    assert encoding.sheets_at_once("warp") == 1

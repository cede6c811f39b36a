import numpy as np

from gpuworker.engines.warp.smooth import smoothstep


def test_smoothstep_is_flat_beyond_its_ends_and_half_in_the_middle() -> None:
    assert smoothstep(np.array([-1.0, 0.0, 1.0, 2.0, 3.0]), 0.0, 2.0).tolist() == [0.0, 0.0, 0.5, 1.0, 1.0]


def test_smoothstep_falls_when_its_end_lies_before_its_start() -> None:
    assert smoothstep(0.0, 2.0, 0.0) == 1.0
    assert smoothstep(2.0, 2.0, 0.0) == 0.0

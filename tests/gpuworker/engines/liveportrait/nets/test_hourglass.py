import torch

from gpuworker.engines.liveportrait.nets.hourglass import Hourglass
from tests.gpuworker.engines.liveportrait.tiny import TINY


def test_what_comes_out_is_as_large_and_carries_what_went_in() -> None:
    hourglass = Hourglass(7, TINY).eval()
    out = hourglass(torch.zeros(2, 7, 3, 32, 64))
    assert out.shape == (2, hourglass.out_filters, 3, 32, 64)
    assert hourglass.out_filters == TINY.hourglass_width + 7

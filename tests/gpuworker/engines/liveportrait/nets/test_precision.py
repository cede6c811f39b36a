import torch

from gpuworker.engines.liveportrait.nets.precision import wide


def test_narrow_numbers_are_widened_and_wide_ones_stay() -> None:
    assert wide(torch.zeros(1, dtype=torch.float16)).dtype == torch.float32
    assert wide(torch.zeros(1, dtype=torch.bfloat16)).dtype == torch.float32
    assert wide(torch.zeros(1, dtype=torch.float64)).dtype == torch.float64

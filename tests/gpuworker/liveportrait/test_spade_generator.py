import pytest
import torch

from gpuworker.engines.liveportrait.spade_generator import SPADEGenerator, instance_norm
from tests.gpuworker.liveportrait.seeded import draw, seeded, shapes_of
from tests.gpuworker.liveportrait.tiny import TINY


def test_a_picture_is_eight_times_as_wide_as_its_features_and_between_0_and_1() -> None:
    generator = SPADEGenerator(TINY).eval()
    generator.load_state_dict(seeded("spade_generator", shapes_of(generator)))
    picture = generator(torch.from_numpy(draw("features", (2, 4 * TINY.width, 8, 8))))
    assert picture.shape == (2, 3, 64, 64)
    assert picture.min() > 0
    assert picture.max() < 1


def test_the_norm_is_that_of_torch() -> None:
    x = torch.from_numpy(draw("x", (2, 3, 9, 9))) * 5 + 2
    assert (instance_norm(x) - torch.nn.functional.instance_norm(x)).abs().max() < 1e-5


@pytest.mark.parametrize("level", [40.0, 400.0])
def test_the_norm_of_half_precision_keeps_its_statistics_in_32_bits(level: float) -> None:
    x = (torch.from_numpy(draw("x", (1, 1, 64, 64))) + level).half()
    exact = torch.nn.functional.instance_norm(x.double())
    assert (instance_norm(x) - exact).abs().max() < 1e-3

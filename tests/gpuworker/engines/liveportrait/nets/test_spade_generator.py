import pytest
import torch

from gpuworker.engines.liveportrait.nets.spade_generator import SPADE, SPADEGenerator, SPADEResnetBlock, instance_norm
from tests.gpuworker.engines.liveportrait.seeded import draw, seeded, shapes_of
from tests.gpuworker.engines.liveportrait.tiny import TINY


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


@pytest.mark.parametrize("copies", [2, 4])
def test_a_block_of_small_pictures_answers_as_for_repeated_ones(copies: int) -> None:
    """Copies change neither mean nor variance; everything else of the block sees the large picture."""
    block = SPADEResnetBlock(6, 4, features=5, hidden=3).double().eval()
    block.load_state_dict(seeded("block", shapes_of(block)))
    x, features = (torch.from_numpy(draw(name, (2, width, 4, 6))).double() for name, width in (("x", 6), ("f", 5)))
    small = block(x, features, copies)
    large = block(torch.nn.functional.interpolate(x, scale_factor=copies), features)
    assert small.shape == large.shape == (2, 4, 4 * copies, 6 * copies)
    assert large.std() > 1e-2
    assert (small - large).abs().max() < 1e-12


def test_steered_copies_keep_the_layout_that_tensor_cores_read() -> None:
    spade = SPADE(6, 5, 3).to(memory_format=torch.channels_last)
    labels = torch.rand(2, 3, 8, 12).contiguous(memory_format=torch.channels_last)
    normed = torch.randn(2, 6, 4, 6).contiguous(memory_format=torch.channels_last)
    assert spade(normed, labels).is_contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize("level", [40.0, 400.0])
def test_the_norm_of_half_precision_keeps_its_statistics_in_32_bits(level: float) -> None:
    x = (torch.from_numpy(draw("x", (1, 1, 64, 64))) + level).half()
    exact = torch.nn.functional.instance_norm(x.double())
    assert (instance_norm(x) - exact).abs().max() < 1e-3

import pytest
import torch

from gpuworker.engines.liveportrait.nets.blocks import DownBlock2d, DownBlock3d, ResBlock3d, SpectralConv2d, UpBlock3d
from tests.gpuworker.engines.liveportrait.seeded import draw, seeded, shapes_of


def test_blocks_halve_double_and_keep_the_size_but_never_the_depth() -> None:
    volume = torch.zeros(1, 3, 16, 8, 8)
    assert DownBlock2d(3, 5).eval()(torch.zeros(1, 3, 8, 8)).shape == (1, 5, 4, 4)
    assert DownBlock3d(3, 5).eval()(volume).shape == (1, 5, 16, 4, 4)
    assert UpBlock3d(3, 5).eval()(volume).shape == (1, 5, 16, 16, 16)
    assert ResBlock3d(3).eval()(volume).shape == volume.shape


def test_the_halving_of_a_volume_is_the_mean_of_four() -> None:
    block = DownBlock3d(1, 1).eval()
    volume = torch.from_numpy(draw("halving", (2, 1, 3, 4, 6)))
    whole = block.norm(block.conv(volume)).relu()
    assert torch.allclose(block(volume), torch.nn.functional.avg_pool3d(whole, (1, 2, 2)))


@pytest.mark.parametrize(("kernel", "bias"), [(3, True), (1, False)])
def test_a_folded_spectral_convolution_is_the_same_function(kernel: int, bias: bool) -> None:
    conv = SpectralConv2d(4, 6, kernel, bias=bias)
    conv.load_state_dict(seeded("conv", shapes_of(conv)))
    x = torch.from_numpy(draw("x", (1, 4, 5, 5)))
    assert torch.equal(conv.folded()(x), conv(x))


def test_after_power_iterations_the_folded_weight_has_the_norm_one() -> None:
    conv = SpectralConv2d(4, 6, 3)
    conv.load_state_dict(seeded("conv", shapes_of(conv)))
    assert float(torch.linalg.matrix_norm(conv.folded().weight.flatten(1), 2)) == pytest.approx(1, abs=1e-2)

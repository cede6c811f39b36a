import torch

from gpuworker.engines.liveportrait.nets.warping_module import WarpingModule
from tests.gpuworker.engines.liveportrait.seeded import draw, keypoints
from tests.gpuworker.engines.liveportrait.tiny import TINY


def test_where_nothing_moves_the_deformation_is_the_grid() -> None:
    _, source = keypoints(1)
    volume = torch.from_numpy(draw("small", (1, TINY.volume_channels, TINY.volume_depth, 32, 32)))
    warped = WarpingModule(TINY).eval()(volume, source, source)
    assert warped.features.shape == (1, 4 * TINY.width, 32, 32)
    assert warped.occlusion.shape == (1, 1, 32, 32)
    assert (warped.deformation[0, :, :, :, 0] - torch.linspace(-1, 1, 32)).abs().max() < 1e-6

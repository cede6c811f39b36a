import torch

from gpuworker.engines.liveportrait.nets.stitching import Stitching
from tests.gpuworker.engines.liveportrait.seeded import keypoints


def test_63_numbers_move_the_points_and_two_move_them_all_sideways_and_down() -> None:
    driving, source = keypoints()
    net = Stitching()
    for parameter in net.parameters():
        torch.nn.init.zeros_(parameter)
    last = net.mlp[-1]
    last.bias[3], last.bias[63], last.bias[64] = 0.25, 1.0, 2.0
    moved = net(source, driving) - driving
    assert torch.allclose(moved[:, 0], torch.tensor([1.0, 2.0, 0.0]), atol=1e-6)
    assert torch.allclose(moved[:, 1], torch.tensor([1.25, 2.0, 0.0]), atol=1e-6)

import torch

from gpuworker.engines.liveportrait.nets.dense_motion import coordinate_grid, gaussians, sample
from tests.gpuworker.engines.liveportrait.seeded import draw


def test_the_grid_is_x_right_y_down_z_inwards_and_ends_at_one() -> None:
    grid = coordinate_grid((3, 5, 7), torch.zeros(1))
    assert grid.shape == (3, 5, 7, 3)
    assert grid[0, 0, 0].tolist() == [-1, -1, -1]
    assert grid[0, 0, -1].tolist() == [1, -1, -1]
    assert grid[0, -1, 0].tolist() == [-1, 1, -1]
    assert grid[-1, 0, 0].tolist() == [-1, -1, 1]


def test_a_blob_is_highest_at_its_keypoint() -> None:
    blob = gaussians(torch.tensor([[[0.5, 0.0, -1.0]]]), (3, 5, 9))[0, 0]
    assert blob.max() == 1
    assert torch.nonzero(blob == 1).tolist() == [[0, 2, 6]]


def test_a_blob_is_the_gaussian_of_the_distance() -> None:
    points = torch.from_numpy(draw("blob", (1, 2, 3))) * 0.4
    away = coordinate_grid((4, 6, 8), points) - points[:, :, None, None, None]
    whole = torch.exp(-0.5 * (away**2).sum(-1) / 0.01)
    assert (gaussians(points, (4, 6, 8)) - whole).abs().max() < 1e-6


def test_many_grids_read_one_volume_as_if_it_were_repeated() -> None:
    volume = torch.from_numpy(draw("volume", (1, 2, 3, 4, 5)))
    grids = torch.from_numpy(draw("grids", (2, 6, 3, 4, 5, 3))) * 0.5
    found = sample(volume, grids)
    for batch in range(2):
        for which in range(6):
            alone = torch.nn.functional.grid_sample(volume, grids[batch, which, None], align_corners=False)
            assert torch.equal(found[batch, which], alone[0])

from gpuworker.contract import Size
from gpuworker.rig.model import grid_size


def test_the_grid_has_a_point_every_four_pixels_and_one_beyond_the_last() -> None:
    assert grid_size(Size(410, 512)) == (103, 129)
    assert grid_size(Size(64, 67)) == (17, 17)

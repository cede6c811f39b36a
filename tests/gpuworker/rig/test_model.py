from gpuworker.contract import Size
from gpuworker.rig.model import grid_size
from tests.gpuworker.rig.small import small


def test_the_grid_has_a_point_every_four_pixels_and_one_beyond_the_last() -> None:
    assert grid_size(Size(410, 512)) == (103, 129)
    assert grid_size(Size(64, 67)) == (17, 17)


def test_the_places_of_an_eye_are_all_its_parts_of_the_atlas() -> None:
    closing, staying = small().eyes
    assert closing.lid is not None
    assert closing.places == [closing.white, closing.texture, closing.lid.place, closing.over]
    assert staying.places == [staying.white, staying.texture]

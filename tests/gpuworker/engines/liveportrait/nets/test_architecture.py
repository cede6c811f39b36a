from gpuworker.engines.liveportrait.nets.architecture import OFFICIAL
from tests.gpuworker.engines.liveportrait.conftest import CLASSES
from tests.gpuworker.engines.liveportrait.seeded import shapes_of

PARAMETERS = {
    "appearance_feature_extractor": 836_224,
    "motion_extractor": 28_118_728,
    "warping_module": 45_529_829,
    "spade_generator": 55_365_388,
    "stitching": 45_249,
}


def test_the_official_sizes_have_the_official_number_of_parameters() -> None:
    assert {name: sum(p.numel() for p in make().parameters()) for name, make in CLASSES.items()} == PARAMETERS


def test_a_volume_laid_flat_has_as_many_channels_as_the_layer_that_makes_it() -> None:
    shapes = shapes_of(CLASSES["appearance_feature_extractor"]())
    assert shapes["second.weight"][0] == OFFICIAL.features == 512

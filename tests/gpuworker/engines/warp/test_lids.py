import numpy as np

from gpuworker.engines.warp.lids import MOST_CACHED, Lids
from tests.gpuworker.engines.warp.drawn_eyes import draw


def _open_area(lids: Lids, y: float) -> float:
    return float(lids.at(y).opening.sum())


def test_the_opening_narrows_as_the_gaze_goes_down() -> None:
    lids = Lids.of(draw().eyes()[0])
    areas = [_open_area(lids, y) for y in (-15.0, -7.0, 0.0, 7.0, 15.0)]
    assert areas == sorted(areas, reverse=True)
    assert areas[-1] > 0.5 * areas[2]


def test_nothing_of_the_skin_moves_at_rest() -> None:
    eye, _ = draw().eyes()
    assert np.array_equal(Lids.of(eye).at(0.0).skin, np.round(eye.pixels).astype(np.uint8))


def test_skin_beyond_the_fold_never_moves() -> None:
    eye, _ = draw().eyes()
    far = eye.below_upper < -0.55 * eye.width
    assert far.any()
    assert np.array_equal(Lids.of(eye).at(15.0).skin[far], np.round(eye.pixels).astype(np.uint8)[far])


def test_the_cache_is_bounded() -> None:
    lids = Lids.of(draw().eyes()[0])
    for y in np.linspace(-15, 15, MOST_CACHED + 5):
        lids.at(float(y))
    assert len(lids.cache) == MOST_CACHED

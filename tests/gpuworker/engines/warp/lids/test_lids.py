import numpy as np

from gpuworker.engines.warp.lids.lids import MOST_CACHED, Lids
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


def test_lids_lie_as_photographed_where_the_photo_looks_and_follow_the_gaze_from_there() -> None:
    eye, _ = draw().eyes()
    raised = Lids.of(eye, photo_y=-12.0)
    assert np.array_equal(raised.at(-12.0).skin, np.round(eye.pixels).astype(np.uint8))
    assert _open_area(raised, 0.0) < 0.95 * _open_area(raised, -12.0)


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


def test_the_eye_is_not_startled_when_it_looks_up() -> None:
    """The height of the opening in the middle, in eye widths, as a portrait animator trained on people has it."""
    lids = Lids.of(draw(iris=(0.0, 0.0)).eyes()[0])

    def height(y: float) -> float:
        opening = lids.at(y).opening
        return float(opening[:, opening.shape[1] // 2].sum()) / lids.eye.width

    assert 0.02 < height(-15.0) - height(0.0) < 0.04
    assert 0.03 < height(0.0) - height(15.0) < 0.055


def test_the_opening_ends_as_softly_as_the_photo_but_no_softer_than_lids_are() -> None:
    def between(softness: float) -> int:
        """Rows of the middle column that are neither open nor shut."""
        eye, _ = draw().eyes()
        eye.softness = softness * eye.width
        opening = Lids.of(eye).at(0.0).opening
        column = opening[:, opening.shape[1] // 2]
        return int(((column > 0.02) & (column < 0.98)).sum())

    assert between(0.035) > 1.5 * between(0.0)
    assert between(0.5) == between(0.04)

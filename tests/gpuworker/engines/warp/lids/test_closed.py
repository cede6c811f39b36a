from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from gpuworker.engines.warp.eye import Eye
from gpuworker.engines.warp.lids.closed import DARKEST, LIGHT, LIGHTEST, ClosedLid
from gpuworker.vision.framing import SUPERSAMPLING
from tests.gpuworker.engines.warp.drawn_eyes import SKIN, draw

LINE = (30.0, 22.0, 20.0)


def seen_through(lid: ClosedLid, eye: Eye, field: NDArray[np.float32]) -> NDArray[np.float32]:
    """A field of the eye's box where the lid's pixels lie."""
    (x, y), (height, width) = lid.at, lid.skin.shape[:2]
    half = SUPERSAMPLING // 2
    return field[y + half : y + height * SUPERSAMPLING : SUPERSAMPLING, x + half : x + width * SUPERSAMPLING :
                 SUPERSAMPLING]  # fmt: skip


def with_lashes(eye: Eye, colour: tuple[float, float, float]) -> Eye:
    pixels = eye.pixels.copy()
    pixels[(eye.below_upper < 0) & (eye.below_upper > -0.06 * eye.width) & (np.abs(eye.u) < 0.5 * eye.width)] = colour
    return replace(eye, pixels=pixels)


def test_nothing_of_the_open_eye_shows_through_a_closed_lid() -> None:
    eye = with_lashes(draw().eyes()[0], LINE)
    skin = ClosedLid.of(eye).skin
    assert np.abs(skin / SKIN - 1).max() < LIGHT + 0.02


def test_the_lid_takes_the_light_from_the_skin_beside_it() -> None:
    eye, _ = draw().eyes()
    falling = (1 - 0.4 * (eye.u / eye.width + 0.5)).astype(np.float32)
    lit = replace(eye, pixels=eye.pixels * falling[..., None])
    bare, shaded = ClosedLid.of(eye).skin, ClosedLid.of(lit).skin
    expected = seen_through(ClosedLid.of(eye), eye, falling)
    assert np.abs(shaded.mean(-1) / bare.mean(-1) - expected).max() < 0.08


def test_no_edge_of_the_lid_can_be_seen_in_the_photo() -> None:
    eye, _ = draw().eyes()
    lid = ClosedLid.of(eye)
    photo = seen_through(lid, eye, eye.pixels)
    for side in (np.s_[0], np.s_[-1], np.s_[:, 0], np.s_[:, -1]):
        assert np.abs(lid.skin[side] - photo[side]).max() < 3


def test_the_ball_beneath_is_seen_by_its_light() -> None:
    eye, _ = draw().eyes()
    lid = ClosedLid.of(eye)
    beside, down = seen_through(lid, eye, np.abs(eye.u) / eye.width), seen_through(lid, eye, eye.v / eye.width)
    middle, corners = (beside < 0.1) & (np.abs(down) < 0.08), (beside > 0.44) & (beside < 0.5) & (np.abs(down) < 0.08)
    assert lid.skin[middle].mean() > 1.06 * lid.skin[corners].mean()


def test_lashes_are_as_dark_as_the_photo_s_within_bounds() -> None:
    eye, _ = draw().eyes()
    none, grey, black = (
        ClosedLid.of(with_lashes(eye, colour)).lashes for colour in (SKIN, (98, 75, 64), (0.0, 0.0, 0.0))
    )
    assert none == (LIGHTEST, LIGHTEST, LIGHTEST)
    assert black == (DARKEST, DARKEST, DARKEST)
    assert np.allclose(grey, 0.5, atol=0.06)


def test_black_lashes_beside_warm_skin_are_not_blue() -> None:
    red, _, blue = ClosedLid.of(with_lashes(draw().eyes()[0], (80.0, 80.0, 80.0))).lashes
    assert blue - red < 0.45 * (80 / SKIN[2] - 80 / SKIN[0])

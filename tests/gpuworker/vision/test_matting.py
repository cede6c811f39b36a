"""A person alone: on any background no trace of the old one, for one look of the network."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import skimage.data
from numpy.typing import NDArray
from PIL import Image

from gpuworker.contract import CARD_NAME, POSTER_NAME, STANDARD_FRAME, Manifest, RenderRequest
from gpuworker.engines.warp.engine import WarpEngine
from gpuworker.grid import Direction
from gpuworker.images import photo
from gpuworker.rendering.process_pool import ProcessPool
from gpuworker.rendering.scheduler import render
from gpuworker.vision import faces, framing, matting, segmentation
from gpuworker.vision.framing import FramedPortrait
from gpuworker.vision.matting import BUNDLED, remove_background
from gpuworker.vision.topology import OVAL

pytestmark = pytest.mark.slow  # portraits are rendered without their background

BACKGROUNDS = {"white": (255, 255, 255), "black": (0, 0, 0), "green": (0, 200, 60)}
WALL = (40, 220, 230)
"""A colour that nobody's face or suit has: what of it remains is halo."""


@pytest.fixture(scope="module")
def cut(framed: FramedPortrait) -> FramedPortrait:
    return remove_background(framed)[0]


@pytest.fixture(scope="module")
def before_a_wall(framed: FramedPortrait, cut: FramedPortrait) -> FramedPortrait:
    """The astronaut composited before a cyan wall, softly as a camera would."""
    assert cut.alpha is not None
    alpha = cv2.GaussianBlur(cut.alpha, (0, 0), 1.5)[..., None] / 255
    return replace(framed, picture=np.round(cut.picture * alpha + np.array(WALL) * (1 - alpha)).astype(np.uint8))


def cyan(pixels: NDArray[np.floating]) -> NDArray[np.floating]:
    """How much more green and blue than red."""
    return np.minimum(pixels[..., 1], pixels[..., 2]) - pixels[..., 0]


def test_the_face_is_opaque_and_the_corners_are_not(cut: FramedPortrait) -> None:
    assert cut.alpha is not None
    assert cut.alpha.shape == cut.picture.shape[:2]
    inner = [point for point in range(468) if point not in OVAL]
    cols, rows = (cut.landmarks[inner, :2] * 2).astype(int).T
    assert np.mean(cut.alpha[rows, cols] == 255) > 0.98
    assert cut.alpha[:100, :80].max() == 0
    assert cut.alpha[:100, -80:].max() == 0


def test_the_edge_is_soft_but_narrow(cut: FramedPortrait) -> None:
    assert cut.alpha is not None
    between = np.mean((cut.alpha > 10) & (cut.alpha < 245))
    assert 0.002 < between < 0.06


@pytest.mark.parametrize("name", BACKGROUNDS)
def test_no_halo_of_the_old_background_shows(before_a_wall: FramedPortrait, name: str) -> None:
    found, _ = remove_background(before_a_wall)
    assert found.alpha is not None
    share = found.alpha[..., None] / 255
    shown = found.picture * share + np.array(BACKGROUNDS[name]) * (1 - share)
    # Straight alpha: the old wall may shine through only as the new background does.
    excess = cyan(shown) - cyan(np.array(BACKGROUNDS[name], float)) * (1 - share[..., 0])
    rim = (found.alpha > 10) & (found.alpha < 245)
    assert cyan(np.array(WALL)) == 180
    assert np.percentile(excess[rim], 95) < 30
    assert np.mean(excess[found.alpha > 0] > 60) < 0.002


def test_the_persons_own_colours_go_on_beyond_the_edge(before_a_wall: FramedPortrait) -> None:
    found, _ = remove_background(before_a_wall)
    assert found.alpha is not None
    outside = (found.alpha == 0) & (cv2.dilate(found.alpha, np.ones((15, 15), np.uint8)) > 250)
    assert np.percentile(cyan(found.picture[outside].astype(float)), 95) < 40


def test_opaque_pixels_are_the_photos_own_to_the_bit(framed: FramedPortrait, cut: FramedPortrait) -> None:
    assert cut.alpha is not None
    assert (cut.picture[cut.alpha == 255] == framed.picture[cut.alpha == 255]).all()


def test_what_was_transparent_already_stays_so(framed: FramedPortrait) -> None:
    alpha = np.full(framed.picture.shape[:2], 255, np.uint8)
    alpha[400:450] = 0
    found, _ = remove_background(replace(framed, alpha=alpha))
    assert found.alpha is not None
    assert found.alpha[400:450].max() == 0


def test_the_bundled_segmentation_says_that_it_was_used(
    framed: FramedPortrait, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GAZE_MATTING", raising=False)
    assert remove_background(framed)[1] == (BUNDLED,)


def test_nine_hundred_frames_cost_one_inference(framed: FramedPortrait, monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[tuple[int, ...]] = []
    plain = segmentation.person_mask

    def counted(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        looks.append(pixels.shape)
        return plain(pixels)

    monkeypatch.setattr(matting.segmentation, "person_mask", counted)
    cut, _ = remove_background(framed)
    engine = WarpEngine()
    engine.set_portrait(cut)
    engine.render([Direction(x, y) for x in range(-15, 15) for y in (-10, 0, 10)])
    assert looks == [framed.picture.shape]


def test_the_warp_engine_moves_the_matte_with_the_head(cut: FramedPortrait) -> None:
    engine = WarpEngine()
    engine.set_portrait(cut)
    left, right = engine.render([Direction(-15, 0), Direction(15, 0)])
    columns = np.arange(410)
    heads = [(frame[60:200, :, 3] * columns).sum() / frame[60:200, :, 3].sum() for frame in (left, right)]
    assert heads[1] - heads[0] > 1  # the outline moves less than the nose


def test_a_render_without_background_has_sheets_with_alpha(tmp_path: Path) -> None:
    Image.fromarray(skimage.data.astronaut()).save(tmp_path / "photo.png")
    request = RenderRequest((tmp_path / "photo.png").read_bytes(), levels=("preview",), remove_background=True)
    with ProcessPool(size=1) as pool:
        steps = list(render(request, tmp_path / "out", pool))
    assert any(BUNDLED in step.advice for step in steps)
    assert Manifest.loads((tmp_path / "out" / "manifest.json").read_text()).alpha
    with Image.open(tmp_path / "out" / "preview.webp") as sheet:
        assert sheet.mode == "RGBA"
        alpha = np.asarray(sheet)[..., 3]
    assert alpha.min() == 0
    assert alpha.max() == 255
    assert {POSTER_NAME, CARD_NAME} <= {name for step in steps for name in step.files}
    with Image.open(tmp_path / "out" / POSTER_NAME) as poster, Image.open(tmp_path / "out" / CARD_NAME) as card:
        assert (poster.mode, card.mode, card.size) == ("RGBA", "RGB", poster.size)


def test_every_portrait_keeps_its_face(portrait: NDArray[np.uint8]) -> None:
    face = faces.choose(faces.find(portrait), None, portrait.shape)
    framed = framing.frame_portrait(photo.Photo(portrait), face, STANDARD_FRAME, "auto")
    found, _ = remove_background(framed)
    assert found.alpha is not None
    inside = np.zeros(found.alpha.shape, np.uint8)
    hull = cv2.convexHull((found.landmarks[:468, :2] * 2).astype(np.int32))
    cv2.fillConvexPoly(inside, hull, 1)
    assert np.mean(found.alpha[inside > 0] > 250) > 0.98
    assert 0.2 < np.mean(found.alpha > 128) < 0.9

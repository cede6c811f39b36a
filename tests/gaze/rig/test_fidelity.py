"""One truth: the element's shader and the warp engine draw the same picture."""

from __future__ import annotations

import base64
import io
import math
from dataclasses import dataclass, replace

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from gpuworker.contract import STANDARD_FRAME
from gpuworker.engines.warp.engine import WarpEngine
from gpuworker.grid import Direction
from gpuworker.images import photo
from gpuworker.rendering import rig_photo
from gpuworker.rig import rig_file
from gpuworker.vision import framing, matting
from gpuworker.vision.faces import Face
from gpuworker.vision.framing import FramedPortrait
from gpuworker.vision.topology import EYES, SIDES
from tests.bench.eyewear import SHAPES, wearing
from tests.bench.over_eyes import curtained, patched
from tests.gaze.conftest import Js
from tests.gpuworker.conftest import astronaut, face, framed, other_face, portraits_dir
from tests.gpuworker.pictures import chosen

__all__ = ["astronaut", "face", "framed", "other_face", "portraits_dir"]

Mask = NDArray[np.bool_]

FACE_BAR, EYES_BAR = 48.0, 52.0
"""dB; cross-faded sheets have 35 and 33."""

CORNERS = [Direction(x, y) for y in (-15.0, 15.0) for x in (-15.0, 15.0)]
NEAR_REST = [Direction(0, 0), Direction(1, 1), Direction(-2, 0.5), Direction(0, -2.5)]
DIRECTIONS = [*CORNERS, *NEAR_REST, *(Direction(x, y) for x, y in np.random.default_rng(1).uniform(-15, 15, (52, 2)))]

DRAW = """async ({ openRig }, { rig, picture, poses, size: [width, height], crop: [x, y, w, h], across }) => {
  const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const draw = await openRig(bytes(rig).buffer, new Blob([bytes(picture)]));
  const canvasOf = (w, h) => Object.assign(document.createElement('canvas'), { width: w, height: h });
  const png = (canvas) => canvas.toDataURL('image/png').split(',')[1];
  const canvas = canvasOf(width, height);
  const context = canvas.getContext('2d', { willReadFrequently: true });
  const drawn = canvasOf(w * across, h * Math.ceil(poses.length / across));
  const into = drawn.getContext('2d');
  const moved = new Uint8ClampedArray(width * height * 4);
  let first;
  poses.forEach((pose, i) => {
    draw(canvas, pose);
    const pixels = new Uint32Array(context.getImageData(0, 0, width, height).data.buffer);
    first ??= pixels;
    for (let at = 0; at < pixels.length; at += 1) if (pixels[at] !== first[at]) moved[at * 4] = 255;
    into.drawImage(canvas, x, y, w, h, (i % across) * w, Math.floor(i / across) * h, w, h);
  });
  for (let at = 3; at < moved.length; at += 4) moved[at] = 255;
  context.putImageData(new ImageData(moved, width, height), 0, 0);
  return [png(drawn), png(canvas)];
}"""
"""All poses on one canvas, each cropped; and where any differs from the first, in red."""

ACROSS = 10


@dataclass(frozen=True, slots=True)
class Compared:
    """face, eyes: dB, infinite for eyes that stay; moved: where the shader's pictures differ among directions;
    support: where they may."""

    face: float
    eyes: float
    moved: Mask
    support: Mask


def compared(js: Js, portrait: FramedPortrait, intensity: float = 1.0) -> Compared:
    engine = WarpEngine()
    engine.set_portrait(portrait, intensity)
    truth = engine.render([direction.scaled(intensity) for direction in DIRECTIONS])
    assert engine.report["softened"] == 0
    face, eyes = _face(portrait), _eyes(engine, portrait)
    rows, columns = _bounds(face | eyes)
    shown, moved = _drawn(js, portrait, engine, (rows, columns))
    expected = _on_grey(truth[:, rows, columns])
    shown = _on_grey(shown)
    return Compared(
        face=_psnr(shown, expected, face[rows, columns]),
        eyes=_psnr(shown, expected, eyes[rows, columns]),
        moved=moved,
        support=engine.support,
    )


def _drawn(
    js: Js, portrait: FramedPortrait, engine: WarpEngine, crop: tuple[slice, slice]
) -> tuple[NDArray[np.uint8], Mask]:
    rows, columns = crop
    width, height = columns.stop - columns.start, rows.stop - rows.start
    arguments = {
        "rig": base64.b64encode(rig_file.dumps(engine.rig())).decode(),
        "picture": base64.b64encode(_png(rig_photo.photo_of(replace(portrait, upscale=1.0)))).decode(),
        "poses": [{"x": float(each.x), "y": float(each.y)} for each in DIRECTIONS],
        "size": [portrait.frame.width, portrait.frame.height],
        "crop": [columns.start, rows.start, width, height],
        "across": ACROSS,
    }
    mosaic, moved = (_read(each) for each in js("rig/draw.js", DRAW, arguments))
    tiles = mosaic.reshape(-1, height, ACROSS, width, 4).swapaxes(1, 2).reshape(-1, height, width, 4)
    return tiles[: len(DIRECTIONS)], moved[..., 0] > 0


def _png(picture: NDArray[np.uint8]) -> bytes:
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "PNG", compress_level=1)
    return file.getvalue()


def _read(encoded: str) -> NDArray[np.uint8]:
    with Image.open(io.BytesIO(base64.b64decode(encoded))) as image:
        return np.asarray(image.convert("RGBA"))


def _on_grey(frames: NDArray[np.uint8]) -> NDArray[np.float64]:
    """(n, h, w, 3): RGB or RGBA frames on a ground on which transparency shows."""
    colours = frames[..., :3].astype(np.float64)
    if frames.shape[-1] == 3:
        return colours
    return 128 + (colours - 128) * (frames[..., 3:] / 255)


def _psnr(shown: NDArray[np.float64], expected: NDArray[np.float64], where: Mask) -> float:
    squares = (shown - expected)[:, where] ** 2
    return float(10 * np.log10(255**2 / squares.mean())) if squares.any() else math.inf


def _face(portrait: FramedPortrait) -> Mask:
    """The landmarks' box."""
    (x0, y0), (x1, y1) = portrait.landmarks[:, :2].min(0), portrait.landmarks[:, :2].max(0)
    mask = np.zeros((portrait.frame.height, portrait.frame.width), bool)
    mask[max(0, int(y0)) : int(y1), max(0, int(x0)) : int(x1)] = True
    return mask


def _eyes(engine: WarpEngine, portrait: FramedPortrait) -> Mask:
    """Both eyes' boxes, and as far as the head takes them."""
    mask = np.zeros((portrait.frame.height, portrait.frame.width), bool)
    for eye in engine.rig().eyes:
        x0, y0, x1, y1 = (side // framing.SUPERSAMPLING for side in eye.box)
        mask[max(0, y0 - 4) : y1 + 4, max(0, x0 - 8) : x1 + 8] = True
    return mask


def _bounds(mask: Mask) -> tuple[slice, slice]:
    rows, columns = (np.flatnonzero(mask.any(axis)) for axis in (1, 0))
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)


def assert_one_truth(js: Js, portrait: FramedPortrait, intensity: float = 1.0) -> None:
    found = compared(js, portrait, intensity)
    assert found.face >= FACE_BAR, found.face
    assert found.eyes >= EYES_BAR, found.eyes
    assert not (found.moved & ~found.support).any(), "still pixels differ among directions"
    assert found.moved.any()


def looking_aside(portrait: FramedPortrait) -> FramedPortrait:
    """The same, photographed while its eyes look to the right."""
    engine = WarpEngine()
    engine.set_portrait(portrait)
    assert engine._eyes is not None
    picture, landmarks = portrait.picture.copy(), portrait.landmarks.copy()
    engine._eyes.render_into(picture, Direction(14, 0))
    for side, renderer, u in zip(SIDES, engine._eyes.renderers, engine._eyes.positions(14), strict=True):
        moved = (u - renderer.eye.iris[0]) * renderer.eye.along / framing.SUPERSAMPLING
        landmarks[list(EYES[side].iris), :2] += moved
    candidates = landmarks[[[468] * 3, [473] * 3], :2]
    return replace(portrait, picture=picture, landmarks=landmarks, iris_candidates=candidates)


def test_the_shader_draws_what_the_engine_draws(js: Js, framed: FramedPortrait) -> None:
    assert_one_truth(js, framed)


@pytest.mark.slow
def test_the_shader_draws_what_the_engine_draws_of_a_sitter_who_looks_aside(js: Js, framed: FramedPortrait) -> None:
    assert_one_truth(js, looking_aside(framed))


@pytest.mark.slow
@pytest.mark.parametrize("intensity", [0.5, 1.5])
def test_the_shader_draws_what_the_engine_draws_at_any_intensity(
    js: Js, framed: FramedPortrait, intensity: float
) -> None:
    assert_one_truth(js, framed, intensity)


@pytest.mark.slow
def test_the_shader_draws_what_the_engine_draws_of_a_portrait_whose_eyes_stay(
    js: Js, framed: FramedPortrait, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gpuworker.engines.warp.eye.LEAST_APERTURE", 1.0)
    engine = WarpEngine()
    engine.set_portrait(framed)
    assert engine.rig().eyes == ()
    assert_one_truth(js, framed)


@pytest.mark.slow
def test_the_shader_draws_what_the_engine_draws_of_a_person_without_background(js: Js, framed: FramedPortrait) -> None:
    cut, _ = matting.remove_background(framed)
    assert_one_truth(js, cut)


@pytest.mark.slow
def test_the_shader_draws_what_the_engine_draws_beneath_hair(js: Js, astronaut: NDArray[np.uint8], face: Face) -> None:
    pixels = curtained(astronaut, face, lower=-0.1)
    portrait = framing.frame_portrait(photo.Photo(pixels), chosen(pixels), STANDARD_FRAME, "auto")
    engine = WarpEngine()
    engine.set_portrait(portrait)
    assert [eye.over is not None for eye in engine.rig().eyes] == [True, False]
    assert_one_truth(js, portrait)


@pytest.mark.slow
def test_the_shader_draws_what_the_engine_draws_of_an_eye_that_looks_alone(
    js: Js, astronaut: NDArray[np.uint8], face: Face
) -> None:
    pixels = patched(astronaut, face)
    portrait = framing.frame_portrait(photo.Photo(pixels), chosen(pixels), STANDARD_FRAME, "auto")
    assert_one_truth(js, portrait)


@pytest.mark.slow
def test_the_shader_draws_what_the_engine_draws_of_spectacles(js: Js, astronaut: NDArray[np.uint8], face: Face) -> None:
    worn = wearing(astronaut, face, SHAPES["rectangle"])
    assert_one_truth(js, framing.frame_portrait(photo.Photo(worn), chosen(worn), STANDARD_FRAME, "auto"))


def test_the_shader_draws_what_the_engine_draws_of_other_people(js: Js, other_face: NDArray[np.uint8]) -> None:
    portrait = framing.frame_portrait(photo.Photo(other_face, None), chosen(other_face), STANDARD_FRAME, "auto")
    assert_one_truth(js, portrait)

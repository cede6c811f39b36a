"""What the two passes do to colours, read back from a canvas."""

from __future__ import annotations

from typing import Any

import pytest

from tests.gaze.conftest import Js

DRAW = """async ({ pageRenderer }, { size, frames, place, at, sharp }) => {
  const { stripsOf } = await import('/gaze/strips.js');
  const renderer = stripsOf(pageRenderer());
  const [width, height] = size;
  const drawn = [];
  for (const { pixels, weight } of frames) {
    const strip = renderer.createStrip(width, height, 1);
    const data = new ImageData(Uint8ClampedArray.from(pixels.flat()), width, height);
    renderer.fillLayer(strip, 0, await createImageBitmap(data, { premultiplyAlpha: 'premultiply' }));
    drawn.push({ strip, layer: 0, weight });
  }
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = place;
  const target = canvas.getContext('2d');
  renderer.draw(target, { x: 0, y: 0, width: place[0], height: place[1] }, drawn, sharp);
  drawn.forEach(({ strip }) => renderer.deleteStrip(strip));
  return at.map(([x, y]) => [...target.getImageData(x, y, 1, 1).data]);
}"""

RED, GREEN, BLUE, WHITE = [240, 0, 0, 255], [0, 240, 0, 255], [0, 0, 240, 255], [240, 240, 240, 255]
CLEAR = [0, 0, 0, 0]


def draw(
    js: Js,
    frames: list[tuple[list[list[int]], float]],
    at: list[tuple[int, int]],
    size: tuple[int, int] = (2, 2),
    place: tuple[int, int] = (2, 2),
    *,
    sharp: bool = True,
) -> list[list[int]]:
    described = [{"pixels": pixels, "weight": weight} for pixels, weight in frames]
    arg: dict[str, Any] = {"size": size, "frames": described, "place": place, "at": at, "sharp": sharp}
    colours: list[list[int]] = js("renderer.js", DRAW, arg)
    return colours


def near(colour: list[int]) -> Any:
    return pytest.approx(colour, abs=2)


def test_at_its_own_size_a_frame_arrives_pixel_for_pixel_and_upright(js: Js) -> None:
    frame = [RED, GREEN, BLUE, WHITE]
    assert draw(js, [(frame, 1)], [(0, 0), (1, 0), (0, 1), (1, 1)]) == [near(each) for each in frame]


def test_four_frames_are_mixed_by_their_weights(js: Js) -> None:
    frames = [([RED] * 4, 0.5), ([GREEN] * 4, 0.25), ([BLUE] * 4, 0.25), ([WHITE] * 4, 0.0)]
    assert draw(js, frames, [(0, 0)]) == [near([120, 60, 60, 255])]


@pytest.mark.parametrize("sharp", [True, False])
def test_magnifying_keeps_flat_colours_and_invents_none_at_edges(js: Js, sharp: bool) -> None:
    frame = ([WHITE] * 2 + [[20, 20, 20, 255]] * 2) * 4
    colours = draw(js, [(frame, 1)], [(2, 8), (13, 8), (7, 8)], (4, 4), (16, 16), sharp=sharp)
    assert colours[:2] == [near(WHITE), near([20, 20, 20, 255])]
    assert all(20 < value < 240 for value in colours[2][:3])


def test_sharp_magnifying_is_sharper(js: Js) -> None:
    frame = ([WHITE] * 2 + [[20, 20, 20, 255]] * 2) * 4
    soft, sharp = (draw(js, [(frame, 1)], [(6, 8), (9, 8)], (4, 4), (16, 16), sharp=each) for each in (False, True))
    assert sharp[0][0] - sharp[1][0] > soft[0][0] - soft[1][0]


def test_minifying_averages_instead_of_picking(js: Js) -> None:
    board = [WHITE if (i % 8 + i // 8) % 2 else [0, 0, 0, 255] for i in range(64)]
    assert draw(js, [(board, 1)], [(0, 0), (1, 1)], (8, 8), (2, 2)) == [near([120, 120, 120, 255])] * 2


def test_what_is_transparent_stays_so_and_has_no_dark_seam(js: Js) -> None:
    frame = ([WHITE] * 2 + [CLEAR] * 2) * 4
    solid, seam, clear = draw(js, [(frame, 1)], [(2, 8), (8, 8), (14, 8)], (4, 4), (16, 16))
    assert solid == near(WHITE)
    assert clear[3] == 0
    assert 0 < seam[3] < 255
    assert seam[:3] == pytest.approx([240] * 3, abs=6)

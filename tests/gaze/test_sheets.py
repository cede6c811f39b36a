from __future__ import annotations

from typing import Any

import pytest
from PIL import Image

from tests.gaze import drawn
from tests.gaze.conftest import Js, Site

LOAD = """async ({ loadLevel }, { sheets, steps, tolerant, frame, fits, abort }) => {
  let strips = 0;
  const layers = [];
  const renderer = {
    epoch: 0,
    createStrip: (width, height, count) => {
      strips += 1;
      return { id: strips, width, height, bytes: width * height * count * 4 };
    },
    fillLayer: (strip, layer, bitmap) => layers.push([strip.id, layer, bitmap.width, bitmap.height]),
    deleteStrip: () => { strips -= 1; },
    drained: async () => {},
  };
  const values = Array.from({ length: steps }, (_, i) => i);
  const level = { name: 'test', rows: steps, cols: steps, x: values, y: values, sheets, frame };
  const controller = new AbortController();
  const problems = [];
  const asked = [];
  const loading = loadLevel(level, renderer, {
    signal: controller.signal,
    tolerant,
    fits: (size) => { asked.push(size); return fits; },
    onProblem: ({ code }) => problems.push(code),
  });
  if (abort) controller.abort();
  try {
    const { size, bytes } = await loading;
    return { size, bytes, strips, layers: layers.length, problems, asked };
  } catch (error) {
    return { failed: error.name === 'GazeFailure' ? error.code : error.name, strips, problems };
  }
}"""

SIZE = {"width": 20, "height": 25}


def load(js: Js, sheets: list[str], steps: int = 4, **options: Any) -> dict[str, Any]:
    defaults = {"tolerant": True, "frame": None, "fits": True, "abort": False}
    told: dict[str, Any] = js("sheets.js", LOAD, {"sheets": sheets, "steps": steps, **defaults, **options})
    return told


@pytest.fixture
def four(site: Site) -> list[str]:
    """Addresses of four good sheets of a 4×4 grid."""
    for number, data in enumerate(drawn.quadrants(4, 0)):
        site.write(f"q{number}.webp", data)
    return [f"{site.url}/q{number}.webp" for number in range(4)]


def test_a_row_of_a_sheet_becomes_a_strip_and_each_frame_a_layer(js: Js, four: list[str]) -> None:
    told = load(js, four)
    assert told == {"size": SIZE, "bytes": 16 * 2000, "strips": 8, "layers": 16, "problems": [], "asked": [SIZE]}


def test_a_frame_of_the_size_that_was_announced_is_not_asked_about(js: Js, four: list[str]) -> None:
    assert load(js, four, frame=SIZE)["asked"] == []


def test_pixels_outrank_an_announcement_that_is_wrong(js: Js, four: list[str]) -> None:
    told = load(js, four, frame={"width": 10, "height": 10})
    assert (told["size"], told["asked"]) == (SIZE, [SIZE])


def test_frames_too_large_for_the_device_are_refused_before_any_upload(js: Js, four: list[str]) -> None:
    assert load(js, four, fits=False) == {"failed": "memory", "strips": 0, "problems": []}


@pytest.mark.parametrize(("content", "code"), [(None, "sheet"), (b"<html>no picture</html>", "decode")])
def test_neighbours_stand_in_for_a_sheet_that_fails(
    js: Js, site: Site, four: list[str], content: bytes | None, code: str
) -> None:
    if content is None:
        (site.folder / "q0.webp").unlink()
    else:
        site.write("q0.webp", content)
    told = load(js, four)
    assert (told["problems"], told["strips"]) == ([code], 6)


def test_a_truncated_sheet_is_one_that_fails(js: Js, site: Site, four: list[str]) -> None:
    whole = (site.folder / "q2.webp").read_bytes()
    site.write("q2.webp", whole[: len(whole) // 2])
    assert load(js, four)["problems"] == ["decode"]


def test_where_a_coarser_level_can_serve_the_level_fails(js: Js, site: Site, four: list[str]) -> None:
    (site.folder / "q3.webp").unlink()
    assert load(js, four, tolerant=False) == {"failed": "sheet", "strips": 0, "problems": []}


def test_without_any_sheet_the_level_fails(js: Js, site: Site) -> None:
    assert load(js, [f"{site.url}/none{n}.webp" for n in range(4)])["failed"] == "sheet"


def test_a_sheet_that_its_grid_does_not_divide_is_refused(js: Js, four: list[str]) -> None:
    assert load(js, [four[0]], steps=3)["failed"] == "sheet"


def test_a_sheet_of_another_size_counts_as_failed(js: Js, site: Site, four: list[str]) -> None:
    site.write("q1.webp", drawn.encoded(drawn.sheet(range(2), range(2), 0, (10, 10))))
    assert load(js, four)["problems"] == ["sheet"]


def test_an_aborted_load_leaves_nothing_behind(js: Js, four: list[str]) -> None:
    assert load(js, four, abort=True) == {"failed": "AbortError", "strips": 0, "problems": []}


EDGES = """async ({ loadLevel }, url) => {
  const seen = [];
  const renderer = {
    epoch: 0,
    createStrip: (width, height) => ({ width, height, bytes: 0 }),
    fillLayer: (strip, layer, canvas) => {
      const context = canvas.getContext('2d');
      const { width, height } = canvas;
      const places = [[0, 9], [width - 1, 9], [9, 0], [9, height - 1], [9, 9]];
      seen.push(places.map(([x, y]) => [...context.getImageData(x, y, 1, 1).data.subarray(0, 3)]));
    },
    deleteStrip: () => {},
    drained: async () => {},
  };
  const level = { name: '', rows: 2, cols: 2, x: [0, 1], y: [0, 1], sheets: [url], frame: null };
  const signal = new AbortController().signal;
  await loadLevel(level, renderer, { signal, tolerant: false, fits: () => true, onProblem: () => {} });
  return seen;
}"""


def test_no_colour_of_its_neighbour_reaches_the_edge_of_a_frame(js: Js, site: Site) -> None:
    """The preview's frames have an odd size, too, and the codec stores colour for two pixels at once."""
    sheet = Image.new("RGB", (42, 50))
    for number, colour in enumerate([(200, 20, 20), (20, 20, 200), (20, 160, 20), (190, 190, 20)]):
        sheet.paste(colour, (number % 2 * 21, number // 2 * 25, number % 2 * 21 + 21, number // 2 * 25 + 25))
    sheet.save(site.folder / "lossy.webp", quality=90)
    for *edges, inside in js("sheets.js", EDGES, f"{site.url}/lossy.webp"):
        for edge in edges:
            assert max(abs(a - b) for a, b in zip(edge, inside, strict=True)) < 30

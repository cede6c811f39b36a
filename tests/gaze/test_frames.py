from __future__ import annotations

from typing import Any

from tests.gaze.conftest import Js

TRACE = """({ LevelFrames }, { steps, sheets, missing, looks }) => {
  let alive = 0;
  const renderer = {
    epoch: 0,
    createStrip: (width, height, layers) => ({ id: (alive += 1), bytes: width * height * layers * 4 }),
    deleteStrip: () => { alive -= 1; },
  };
  const values = Array.from({ length: steps }, (_, i) => i);
  const level = { rows: steps, cols: steps, x: values, y: values, sheets: Array(sheets).fill(''), frame: null };
  const frames = new LevelFrames(level, renderer);
  frames.size = { width: 2, height: 3 };
  const rows = sheets === 1 ? steps : steps / 2;
  const at = new Map();
  for (let sheet = 0; sheet < sheets; sheet += 1) {
    if (missing.includes(sheet)) continue;
    for (let row = 0; row < rows; row += 1) at.set(frames.addStrip(sheet), [sheet, row]);
  }
  missing.forEach((sheet) => frames.standIn(sheet));
  const seen = looks.map(([x, y]) => frames.pose({ x, y }).map(({ strip, layer }) => [...at.get(strip), layer]));
  const { bytes } = frames;
  frames.delete();
  return { seen, bytes, alive, left: frames.bytes };
}"""


def trace(js: Js, looks: list[tuple[int, int]], sheets: int = 4, missing: tuple[int, ...] = ()) -> dict[str, Any]:
    arg = {"steps": 4, "sheets": sheets, "missing": missing, "looks": looks}
    told: dict[str, Any] = js("frames.js", TRACE, arg)
    return told


def test_a_cell_is_found_by_sheet_row_and_layer(js: Js) -> None:
    told = trace(js, [(0, 0), (3, 1), (1, 2), (2, 3)])
    assert told["seen"] == [[[0, 0, 0]], [[1, 1, 1]], [[2, 0, 1]], [[3, 1, 0]]]


def test_one_sheet_holds_all_rows(js: Js) -> None:
    assert trace(js, [(3, 2)], sheets=1)["seen"] == [[[0, 2, 3]]]


def test_the_nearest_frames_stand_in_for_a_missing_sheet(js: Js) -> None:
    told = trace(js, [(0, 0), (2, 0), (2, 1), (3, 1)], missing=(1,))
    assert told["seen"][0] == [[0, 0, 0]]
    assert told["seen"][1] == [[0, 0, 1]]
    assert told["seen"][2] == [[0, 1, 1]]
    assert told["seen"][3] == [[3, 0, 1]]


def test_all_bytes_are_counted_and_all_strips_deleted(js: Js) -> None:
    assert {key: trace(js, [])[key] for key in ("bytes", "alive", "left")} == {"bytes": 384, "alive": 0, "left": 0}

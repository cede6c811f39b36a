import assert from 'node:assert/strict';
import { test } from 'node:test';

import { FlatFrames, LevelFrames } from '../../static/gaze/frames.js';

const STEPS = 4;

/** A level of 4×4 cells whose strips only have a number, without the sheets named in `missing`. */
function loaded({ sheets = 4, missing = [] } = {}) {
  const alive = new Set();
  const renderer = {
    epoch: 0,
    createStrip(width, height, layers) {
      const strip = { id: alive.size, bytes: width * height * layers * 4 };
      alive.add(strip);
      return strip;
    },
    deleteStrip: (strip) => alive.delete(strip),
  };
  const values = Array.from({ length: STEPS }, (_, i) => i);
  const level = { rows: STEPS, cols: STEPS, x: values, y: values, sheets: Array(sheets).fill(''), frame: null };
  const frames = new LevelFrames(level, renderer);
  frames.size = { width: 2, height: 3 };
  const places = new Map();
  const rows = sheets === 1 ? STEPS : STEPS / 2;
  for (let sheet = 0; sheet < sheets; sheet += 1) {
    if (missing.includes(sheet)) continue;
    for (let row = 0; row < rows; row += 1) places.set(frames.addStrip(sheet), [sheet, row]);
  }
  for (const sheet of missing) frames.standIn(sheet);
  /** Sheet, row and layer that each gaze shows. */
  const seen = (...looks) =>
    looks.map(([x, y]) => frames.pose({ x, y }).flatMap(({ strip, layer }) => [...places.get(strip), layer]));
  return { frames, alive, seen };
}

test('a cell is found by sheet, row and layer', () => {
  const { seen } = loaded();
  assert.deepEqual(seen([0, 0], [3, 1], [1, 2], [2, 3]), [[0, 0, 0], [1, 1, 1], [2, 0, 1], [3, 1, 0]]);
});

test('one sheet holds all rows', () => {
  assert.deepEqual(loaded({ sheets: 1 }).seen([3, 2]), [[0, 2, 3]]);
});

test('the nearest frames stand in for a missing sheet', () => {
  const { seen } = loaded({ missing: [1] });
  assert.deepEqual(seen([0, 0], [2, 0], [2, 1], [3, 1]), [[0, 0, 0], [0, 0, 1], [0, 1, 1], [3, 0, 1]]);
});

test('all bytes are counted and all strips deleted', () => {
  const { frames, alive } = loaded();
  assert.equal(frames.bytes, 384);
  frames.delete();
  assert.deepEqual([alive.size, frames.bytes], [0, 0]);
});

test('sheets kept as they are show the nearest cell, and are closed in the end', () => {
  const values = [-15, 15];
  const frames = new FlatFrames({ rows: 2, cols: 2, x: values, y: values, sheets: ['a'], frame: null });
  frames.size = { width: 4, height: 5 };
  let closed = 0;
  const source = {};
  frames.keep(0, { source, width: 8, height: 10, close: () => (closed += 1) });
  assert.equal(frames.bytes, 320);
  assert.equal(frames.key({ x: 9, y: -2 }), frames.key({ x: 1, y: -14 }));
  assert.notEqual(frames.key({ x: 9, y: -2 }), frames.key({ x: 9, y: 2 }));
  const drawn = [];
  const target = { canvas: { width: 40, height: 50 }, clearRect() {}, drawImage: (...values_) => drawn.push(values_) };
  frames.draw(target, { x: 1, y: 2, width: 38, height: 46 }, { x: 9, y: -2 });
  assert.deepEqual(drawn, [[source, 4, 0, 4, 5, 1, 2, 38, 46]]);
  frames.delete();
  assert.equal(closed, 1);
});

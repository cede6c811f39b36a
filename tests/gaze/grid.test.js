import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { placeOf, pose, sheetValues } from '../../static/gaze/grid.js';

/** Python's reader and writer hold to it, too. */
const GOLDEN = JSON.parse(readFileSync(new URL('../golden/manifest.json', import.meta.url), 'utf8'));
const SHEETS = GOLDEN.levels.filter(({ kind }) => kind === 'sheets');
const ROUNDING = 5e-5;
const MOBILE = sheetValues(20);
const FULL = sheetValues(30);

function even(steps) {
  return Array.from({ length: steps }, (_, i) => -15 + (i * 30) / (steps - 1));
}

function shown(values, x, y) {
  return pose({ rows: values.length, cols: values.length, x: values, y: values }, { x, y });
}

function near(actual, expected, tolerance = 1e-9) {
  assert.ok(Math.abs(actual - expected) <= tolerance, `${actual} is not ${expected}`);
}

for (const { name, rows, x } of SHEETS) {
  test(`the plain grid of level ${name} has the values that Python gives it`, () => {
    const values = sheetValues(rows);
    assert.equal(values.length, x.length);
    values.forEach((value, i) => near(value, x[i], ROUNDING));
  });
}

test('the golden manifest has the three grids that the site draws', () => {
  assert.deepEqual(SHEETS.map(({ rows }) => rows), [6, 20, 30]);
});

test('a single step looks ahead', () => {
  assert.deepEqual(sheetValues(1), [0]);
});

for (const [row, col, sheet] of [[14, 14, 0], [14, 15, 1], [15, 14, 2], [15, 15, 3]]) {
  test(`the cell in row ${row}, column ${col} lies in quadrant ${sheet}`, () => {
    const place = placeOf({ rows: 30, cols: 30, sheets: ['', '', '', ''] }, row, col);
    assert.deepEqual(place, { sheet, row: row % 15, col: col % 15 });
  });
}

test('one sheet holds the whole grid', () => {
  assert.deepEqual(placeOf({ rows: 6, cols: 6, sheets: [''] }, 5, 4), { sheet: 0, row: 5, col: 4 });
});

test('a coarse level shows the nearest frame', () => {
  assert.deepEqual(shown(even(6), 8.9, -14), [{ row: 0, col: 4, weight: 1 }]);
});

test('the nearest frame is found on an uneven grid', () => {
  const uneven = [-15, -2, -1, 0, 12];
  assert.deepEqual([-9, -8, 5.9, 6.1, 15].map((x) => shown(uneven, x, -15)[0].col), [0, 1, 3, 4, 4]);
});

for (const [steps, cells] of [[19, 1], [20, 4], [30, 4]]) {
  test(`a level of ${steps} steps mixes ${cells} frames`, () => {
    assert.equal(shown(even(steps), 0.4, 0.4).length, cells);
  });
}

test('neighbours are mixed by nearness in value, not in index', () => {
  const mixed = shown(MOBILE, MOBILE[3] + 0.25, 15);
  assert.deepEqual(mixed.map(({ row, col }) => [row, col]), [[19, 3], [19, 4]]);
  const share = 0.25 / (MOBILE[4] - MOBILE[3]);
  near(mixed[0].weight, 1 - share);
  near(mixed[1].weight, share);
});

test('weights sum to one', () => {
  near(shown(even(30), 3.3, -7.1).reduce((sum, { weight }) => sum + weight, 0), 1);
});

for (const [x, y, row, col] of [[-40, -40, 0, 0], [40, -40, 0, 29], [40, 40, 29, 29]]) {
  test(`beyond the edge at ${x}, ${y} the outermost frame stays`, () => {
    assert.deepEqual(shown(even(30), x, y), [{ row, col, weight: 1 }]);
  });
}

test('a value of the grid needs no mixing', () => {
  assert.equal(shown(FULL, FULL[7], FULL[20]).length, 1);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { gazeAt } from '../../../static/gaze/input/pointer.js';

const WINDOW = { width: 1600, height: 900 };
const CENTRED = { left: 600, top: 200, width: 400, height: 500 };
const CORNER = { left: 0, top: 0, width: 400, height: 500 };

test('the middle of the element looks ahead', () => {
  assert.deepEqual(gazeAt({ x: 800, y: 450 }, CENTRED, WINDOW), { x: 0, y: 0 });
});

for (const [x, y] of [[0, 0], [1600, 0], [0, 900], [1600, 900]]) {
  test(`the window’s corner at ${x}, ${y} reaches the grid’s corner`, () => {
    assert.deepEqual(gazeAt({ x, y }, CENTRED, WINDOW), { x: x ? 15 : -15, y: y ? 15 : -15 });
  });
}

test('right is positive and down is positive', () => {
  assert.deepEqual(gazeAt({ x: 1000, y: 675 }, CENTRED, WINDOW), { x: 3.75, y: 7.5 });
});

test('beyond half a window the gaze stays at the edge', () => {
  assert.deepEqual(gazeAt({ x: 1600, y: 900 }, CORNER, WINDOW), { x: 15, y: 15 });
});

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { axesOf, inAxes } from '../../../static/gaze/input/axes.js';

const GAZE = { x: 6, y: -3 };

for (const [name, corners, expected] of [
  ['an upright element keeps the gaze', [[0, 0], [80, 0], [0, 100]], [6, -3]],
  ['a scaled one, too', [[9, 9], [169, 9], [9, 209]], [6, -3]],
  ['a mirrored one looks to its other side', [[80, 0], [0, 0], [80, 100]], [-6, -3]],
  ['one upside down looks the other way', [[80, 100], [0, 100], [80, 0]], [-6, 3]],
  ['one turned clockwise by 90 degrees', [[100, 0], [100, 80], [0, 0]], [-3, -6]],
  ['one without an area keeps it', [[5, 5], [5, 5], [5, 5]], [6, -3]],
]) {
  test(name, () => {
    const [origin, right, below] = corners.map(([x, y]) => ({ x, y }));
    const { x, y } = inAxes(GAZE, axesOf(origin, right, below));
    assert.deepEqual([x, y].map(Math.round), expected);
  });
}

test('a corner of the screen stays within the grid of a turned element', () => {
  const axes = axesOf({ x: 0, y: 0 }, { x: 1, y: 1 }, { x: -1, y: 1 });
  assert.equal(inAxes({ x: 15, y: 15 }, axes).x, 15);
});

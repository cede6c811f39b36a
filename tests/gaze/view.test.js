import assert from 'node:assert/strict';
import { test } from 'node:test';

import { fitted, strideOf } from '../../static/gaze/view.js';

const PLACES = [
  [[800, 1000], [0, 0, 800, 1000]],
  [[1000, 500], [300, 0, 400, 500]],
  [[400, 900], [0, 200, 400, 500]],
  [[801, 1000], [1, 0, 800, 1000]],
];

for (const [[width, height], [x, y, ...size]] of PLACES) {
  test(`on a canvas of ${width}×${height} the whole picture is fitted in the middle`, () => {
    const place = fitted({ width: 20, height: 25 }, { width, height });
    assert.deepEqual(place, { x, y, width: size[0], height: size[1] });
  });
}

test('a remainder of less than a pixel is filled', () => {
  const place = fitted({ width: 410, height: 512 }, { width: 570, height: 711 }); // 569.36 would do
  assert.deepEqual(place, { x: 0, y: 0, width: 570, height: 711 });
});

test('small drawings and slow devices have a coarser mesh', () => {
  assert.deepEqual([strideOf(1, false), strideOf(2, false), strideOf(0.37, false), strideOf(1, true)], [1, 1, 2, 2]);
});

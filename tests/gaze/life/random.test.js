import assert from 'node:assert/strict';
import { test } from 'node:test';

import { logNormal, normal } from '../../../static/gaze/life/random.js';
import { seeded } from '../seeded.js';

/** Ascending numbers that a function draws. */
function drawn(draw) {
  return Array.from({ length: 4001 }, draw).sort((a, b) => a - b);
}

test('normal numbers have no bias and a deviation of one', () => {
  const random = seeded(1);
  const numbers = drawn(() => normal(random));
  const mean = numbers.reduce((sum, each) => sum + each) / numbers.length;
  const variance = numbers.reduce((sum, each) => sum + (each - mean) ** 2, 0) / numbers.length;
  assert.ok(Math.abs(mean) < 0.05 && Math.abs(variance - 1) < 0.05, `${mean}, ${variance}`);
});

test('log-normal numbers lie around their median, further above it than below', () => {
  const random = seeded(2);
  const numbers = drawn(() => logNormal(random, 4, 0.5));
  assert.ok(Math.abs(numbers[2000] - 4) < 0.15);
  assert.ok(numbers[3800] - 4 > 1.7 * (4 - numbers[200]));
});

for (const extreme of [0, 1 - 2 ** -53]) {
  test(`a random ${extreme} still is a reasonable time`, () => {
    const time = logNormal(() => extreme, 4);
    assert.ok(time >= 1 && time <= 16);
  });
}

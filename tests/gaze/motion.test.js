import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Motion, timeConstant } from '../../static/gaze/motion.js';

function near(actual, expected) {
  assert.ok(Math.abs(actual - expected) < 1e-6, `${actual} is not ${expected}`);
}

test('a sixtieth of a second goes the original’s share of the way', () => {
  const motion = new Motion();
  motion.step({ x: 10, y: 0 }, 1 / 60);
  near(motion.position.x, 1.2);
});

for (const rate of [30, 75, 120, 240]) {
  test(`at ${rate} frames a second the gaze is at the same place`, () => {
    const motion = new Motion();
    for (let i = 0; i < rate * 0.2; i += 1) motion.step({ x: 15, y: -15 }, 1 / rate);
    const expected = 15 * (1 - (1 - 0.12) ** (0.2 * 60));
    near(motion.position.x, expected);
    near(motion.position.y, -expected);
  });
}

test('it arrives exactly and says so', () => {
  const motion = new Motion();
  let steps = 1;
  while (motion.step({ x: 15, y: 3 }, 1 / 60)) steps += 1;
  assert.deepEqual(motion.position, { x: 15, y: 3 });
  assert.ok(steps < 90);
});

for (const smoothing of [0, -1, 2, NaN, null]) {
  test(`smoothing ${smoothing} makes no sense and is the default`, () => {
    near(timeConstant(smoothing), -1 / 60 / Math.log(0.88));
  });
}

test('smoothing of one follows at once', () => {
  const motion = new Motion();
  motion.constant = timeConstant(1);
  assert.equal(motion.step({ x: 7, y: 7 }, 0), false);
  assert.equal(motion.position.x, 7);
});

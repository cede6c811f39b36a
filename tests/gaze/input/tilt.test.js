import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Tilt } from '../../../static/gaze/input/tilt.js';

const FRAME = 1 / 60;
const HELD = { beta: 50, gamma: 0 };

/** The gaze after a phone that was held one way has quickly been turned to another. */
function turned(from, to, angle = 0) {
  const tilt = new Tilt();
  assert.equal(tilt.step(from, angle, 0), null);
  return tilt.step(to, angle, FRAME);
}

test('however a phone is held at first is straight ahead', () => {
  for (const beta of [-170, -40, 0, 50, 90, 130]) assert.equal(new Tilt().step({ beta, gamma: 20 }, 0, FRAME), null);
});

test('when its right side sinks the visitor is to its left, and there it looks', () => {
  const { x, y } = turned(HELD, { beta: 50, gamma: 15 });
  assert.ok(x < -4 && Math.abs(y) < 2);
  assert.ok(turned(HELD, { beta: 50, gamma: -15 }).x > 4);
});

test('when its top sinks the visitor is below', () => {
  const { x, y } = turned(HELD, { beta: 30, gamma: 0 });
  assert.ok(y > 10 && x === 0);
  assert.ok(turned(HELD, { beta: 70, gamma: 0 }).y < -10);
});

test('25 degrees reach the edge, and no further', () => {
  assert.ok(Math.abs(turned(HELD, { beta: 25, gamma: 0 }).y - 15) < 0.3);
  assert.equal(turned(HELD, { beta: -20, gamma: 0 }).y, 15);
});

for (const [angle, from, to] of [
  [90, { beta: 0, gamma: -50 }, { beta: 15, gamma: -50 }],
  [270, { beta: 0, gamma: 50 }, { beta: -15, gamma: 50 }],
  [180, { beta: -50, gamma: 0 }, { beta: -50, gamma: -15 }],
]) {
  test(`a screen turned by ${angle} degrees turns the axes along`, () => {
    const { x, y } = turned(from, to, angle);
    assert.ok(x < -4 && Math.abs(y) < 2, `${x}, ${y}`);
  });
}

test('an upright phone does not flip where its angles do', () => {
  const { x, y } = turned({ beta: 89, gamma: 2 }, { beta: 91, gamma: -2 });
  assert.ok(Math.hypot(x, y) < 4, `${x}, ${y}`);
});

test('a new way of holding it slowly becomes the usual one', () => {
  const tilt = new Tilt();
  tilt.step(HELD, 0, 0);
  const found = Array.from({ length: 60 * 30 }, () => tilt.step({ beta: 30, gamma: 0 }, 0, FRAME)?.y ?? 0);
  assert.ok(found[60] > 8 && found[60] < found[0]);
  assert.equal(found.at(-1), 0);
});

test('a tremble is no tilt', () => {
  assert.equal(turned(HELD, { beta: 50.5, gamma: 0.5 }), null);
});

test('after a pause or a turn of the screen it may be held anyhow', () => {
  const tilt = new Tilt();
  tilt.step(HELD, 0, 0);
  assert.equal(tilt.step({ beta: 0, gamma: 0 }, 0, 30), null);
  tilt.reset();
  assert.equal(tilt.step(HELD, 90, FRAME), null);
});

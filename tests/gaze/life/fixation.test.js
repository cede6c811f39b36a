import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Fixation } from '../../../static/gaze/life/fixation.js';
import { seeded } from '../seeded.js';

const FRAME = 1 / 60;

function places(fixation, seconds) {
  return Array.from({ length: seconds / FRAME }, () => fixation.step(FRAME));
}

function steps(found) {
  return found.slice(1).map(({ x, y }, i) => Math.hypot(x - found[i].x, y - found[i].y));
}

test('the gaze stays near its place and wanders to all sides of it', () => {
  const found = places(new Fixation(seeded(1)), 120);
  for (const axis of ['x', 'y']) {
    const values = found.map((each) => each[axis]);
    assert.ok(Math.min(...values) < -0.15 && Math.max(...values) > 0.15);
    assert.ok(Math.max(...values.map(Math.abs)) < 0.6);
  }
});

test('about once a second it jumps', () => {
  const jumps = steps(places(new Fixation(seeded(2)), 120)).filter((each) => each > 0.05).length;
  assert.ok(jumps > 60 && jumps < 180, `${jumps}`);
});

test('between jumps it drifts, unseen from one picture to the next', () => {
  const all = steps(places(new Fixation(seeded(3)), 120));
  assert.ok(Math.min(...all) > 0);
  assert.ok(all.filter((each) => each < 0.006).length > all.length * 0.97);
});

test('it asks for a dozen pictures a second', () => {
  const fixation = new Fixation(seeded(4));
  fixation.step(0);
  assert.equal(fixation.wait, 0.08);
});

test('a slow device draws the jumps only', () => {
  const fixation = new Fixation(seeded(5));
  fixation.drifts = false;
  const first = fixation.step(0);
  assert.ok(fixation.wait > 0.2);
  assert.deepEqual(fixation.step(fixation.wait - 0.001), first);
  assert.notDeepEqual(fixation.step(0.002), first);
});

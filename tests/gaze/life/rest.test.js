import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Rest } from '../../../static/gaze/life/rest.js';
import { seeded } from '../seeded.js';

const AHEAD = { x: 0, y: 0 };
const CORNER = { x: 15, y: -15 };

/** Places looked at over some minutes, each with the seconds that it was looked at. */
function looks(mode, target = null, seed = 1) {
  const rest = new Rest(seeded(seed));
  rest.mode = mode;
  const found = [];
  for (let i = 0; i < 6000; i += 1) {
    const { x, y } = rest.step(0.05, target);
    const last = found.at(-1);
    if (last?.x === x && last.y === y) last.seconds += 0.05;
    else found.push({ x, y, seconds: 0.05 });
  }
  return found.slice(0, -1);
}

function isAhead({ x, y }) {
  return x === 0 && y === 0;
}

test('a viewer is looked at, with short half-glances aside', () => {
  const found = looks('viewer');
  const [meets, glances] = [found.filter(isAhead), found.filter((each) => !isAhead(each))];
  assert.ok(glances.length > 15 && Math.abs(meets.length - glances.length) <= 1);
  assert.ok(glances.every(({ x, y }) => Math.abs(x) >= 3.75 && Math.abs(x) <= 7.5 && Math.abs(y) <= 2.5));
  assert.ok(glances.every(({ seconds }) => seconds < 4.1) && meets.every(({ seconds }) => seconds > 1.9));
  assert.ok(glances.some(({ x }) => x < 0) && glances.some(({ x }) => x > 0));
});

test('one at the centre looks straight ahead only, and needs no turn', () => {
  assert.deepEqual(looks('centre'), []);
  const rest = new Rest(seeded(1));
  rest.mode = 'centre';
  assert.deepEqual(rest.step(99, null), AHEAD);
  assert.equal(rest.wait, Infinity);
});

test('one that wanders looks at many places, and at the viewer again and again', () => {
  const found = looks('wander');
  assert.ok(found.length > 80);
  const meets = found.filter(isAhead).length / found.length;
  assert.ok(meets > 0.2 && meets < 0.5, `${meets}`);
});

test('one that keeps the look of the photo does so only while there is nothing to follow', () => {
  assert.deepEqual(looks('photo'), []);
  const rest = new Rest(seeded(1));
  rest.mode = 'photo';
  assert.ok(rest.keepsPhoto && rest.wait === Infinity);
  rest.step(0, CORNER);
  assert.ok(!rest.keepsPhoto);
  rest.mode = 'centre';
  rest.step(0, null);
  assert.ok(!rest.keepsPhoto);
});

for (const mode of ['viewer', 'centre', 'wander', 'photo']) {
  test(`${mode}: what rests is looked at, with a glance at the visitor after a while`, () => {
    const found = looks(mode, CORNER);
    assert.ok(found[0].seconds > 1.9);
    assert.deepEqual([found[0].x, found[0].y, found[1].x, found[1].y], [15, -15, 0, 0]);
    assert.ok(found[1].seconds < 4.1);
    assert.equal(found[2].x, 15);
  });
}

test('what moves ends a glance at once and is not left while it moves', () => {
  const rest = new Rest(seeded(2));
  rest.step(0, CORNER);
  assert.deepEqual(rest.step(99, CORNER), AHEAD);
  assert.ok(rest.isAside);
  for (let x = 0; x < 600; x += 1) assert.equal(rest.step(0.1, { x, y: 0 }).x, x);
});

test('it says when the gaze will shift', () => {
  const rest = new Rest(seeded(3));
  assert.deepEqual(rest.step(rest.wait - 0.001, null), AHEAD);
  assert.notDeepEqual(rest.step(0.002, null), AHEAD);
});

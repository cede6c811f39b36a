import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Attention } from '../../static/gaze/attention.js';

Object.assign(globalThis, { innerWidth: 800, innerHeight: 600 });

const AHEAD = { x: 0, y: 0 };

function target(attention) {
  return attention.target({ left: 0, top: 0, width: 0, height: 0 });
}

test('nothing to look at means straight ahead', () => {
  assert.deepEqual(target(new Attention()), AHEAD);
});

test('told places run from minus one to one and are clamped', () => {
  const attention = new Attention();
  attention.tell(-0.5, 3);
  assert.deepEqual(target(attention), { x: -7.5, y: 15 });
});

test('null gives the gaze back', () => {
  const attention = new Attention();
  attention.tell(1, 1);
  attention.tell(null);
  assert.deepEqual(target(attention), AHEAD);
});

for (const values of [['1', 0], [NaN, 0], [1], [undefined, undefined]]) {
  test(`a call with ${JSON.stringify(values)} is a mistake of the caller`, () => {
    assert.throws(() => new Attention().tell(...values), TypeError);
  });
}

test('arrow keys step from where the gaze is', () => {
  const attention = new Attention();
  attention.steer('ArrowRight', { x: 3, y: 0 });
  attention.steer('ArrowDown', { x: 3, y: 0 });
  assert.deepEqual(target(attention), { x: 6.75, y: 3.75 });
});

test('arrow keys stop at the edge', () => {
  const attention = new Attention();
  for (let i = 0; i < 9; i += 1) attention.steer('ArrowUp', AHEAD);
  assert.deepEqual(target(attention), { x: 0, y: -15 });
});

test('other keys mean nothing', () => {
  assert.equal(new Attention().steer('toString', AHEAD), false);
});

test('letting go of the keys looks ahead again', () => {
  const attention = new Attention();
  attention.steer('ArrowUp', AHEAD);
  attention.letGo();
  assert.deepEqual(target(attention), AHEAD);
});

test('a place that the page names outranks the keys', () => {
  const attention = new Attention();
  attention.tell(0.2, 0);
  attention.steer('ArrowUp', AHEAD);
  assert.deepEqual(target(attention), { x: 3, y: 0 });
});

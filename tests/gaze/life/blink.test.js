import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Blinks, closureAt, DURATION } from '../../../static/gaze/life/blink.js';
import { seeded } from '../seeded.js';

const FRAME = 1 / 60;

/** Seconds at which blinks begin. */
function beginnings(blinks, seconds) {
  const found = [];
  let before = 0;
  for (let frame = 0; frame < seconds / FRAME; frame += 1) {
    const closure = blinks.step(FRAME);
    if (closure > 0 && before === 0) found.push(frame * FRAME);
    before = closure;
  }
  return found;
}

function intervals(times) {
  return times.slice(1).map((each, i) => each - times[i]);
}

test('a blink lasts 150 milliseconds', () => {
  assert.ok(Math.abs(DURATION - 0.15) < 1e-9);
  assert.deepEqual([-0.01, 0, DURATION, 9].map(closureAt), [0, 0, 0, 0]);
});

test('lids fall faster than they rise', () => {
  const times = Array.from({ length: 151 }, (_, i) => i / 1000);
  const closures = times.map(closureAt);
  const half = closures.findIndex((each) => each >= 0.5);
  const open = closures.findLastIndex((each) => each >= 0.5);
  assert.ok(half < 150 - open, `${half} ms down, ${150 - open} ms up`);
});

for (const phase of [0, 0.25, 0.5, 0.75]) {
  test(`a display of 60 Hz shows the eyes shut, ${phase} of a frame after the beginning`, () => {
    const shown = Array.from({ length: 10 }, (_, i) => closureAt((i + phase) * FRAME));
    assert.ok(Math.max(...shown) > 0.99);
  });
}

test('intervals are irregular and around four seconds', () => {
  const found = intervals(beginnings(new Blinks(seeded(3)), 3000)).sort((a, b) => a - b);
  const median = found[Math.floor(found.length / 2)];
  assert.ok(median > 3 && median < 5, `${median}`);
  assert.ok(found.at(-1) > 3 * median);
  assert.ok(new Set(found.map((each) => each.toFixed(1))).size > 40);
});

test('now and then a second blink follows at once', () => {
  const found = intervals(beginnings(new Blinks(seeded(4)), 3000));
  const doubles = found.filter((each) => each < 0.4).length / found.length;
  assert.ok(doubles > 0.04 && doubles < 0.2, `${doubles}`);
});

test('portraits on one page do not blink in chorus', () => {
  const random = seeded(5);
  const first = Array.from({ length: 20 }, () => beginnings(new Blinks(random), 20)[0]);
  assert.ok(Math.max(...first) - Math.min(...first) > 2);
  assert.ok(new Set(first).size > 15);
});

test('it says when it wants to be drawn', () => {
  const blinks = new Blinks(seeded(6));
  const { wait } = blinks;
  assert.equal(blinks.step(wait - 0.001), 0);
  assert.ok(blinks.step(0.03) > 0);
  assert.equal(blinks.wait, 0);
});

test('a blink at once does not begin again while the lids move', () => {
  const blinks = new Blinks(seeded(7));
  blinks.now();
  blinks.step(0.06);
  blinks.now();
  assert.equal(blinks.step(0), 1);
});

import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';

import { isCrowded, isLagging, isSwift, nextTurn, noTurn } from '../../static/gaze/clock.js';

/** Animation frames that come when the test says so. */
const frames = { asked: 0, pending: new Map() };

globalThis.requestAnimationFrame = (callback) => {
  frames.asked += 1;
  frames.pending.set(frames.asked, callback);
  return frames.asked;
};
globalThis.cancelAnimationFrame = (handle) => frames.pending.delete(handle);

function pass(milliseconds = 16) {
  const due = [...frames.pending.values()];
  frames.pending.clear();
  for (const callback of due) callback(performance.now() + milliseconds);
}

beforeEach(() => {
  frames.asked = 0;
  assert.equal(frames.pending.size, 0);
});

test('many elements share one loop and it stops when none wants more', () => {
  const turns = [0, 0, 0];
  turns.forEach((_, i) => nextTurn({ turn: () => ((turns[i] += 1) < 3 ? 0 : Infinity) }));
  for (let i = 0; i < 8; i += 1) pass();
  assert.deepEqual([frames.asked, ...turns], [3, 3, 3, 3]);
});

test('a wish taken back leaves no frame behind', () => {
  const one = { turn: () => assert.fail('it took its wish back') };
  nextTurn(one);
  noTurn(one);
  assert.equal(frames.pending.size, 0);
});

test('after a pause the step is short', () => {
  const steps = [];
  const one = { turn: (seconds) => (steps.push(seconds) < 2 ? 0 : Infinity) };
  nextTurn(one);
  pass(60_000);
  pass(120_000);
  assert.deepEqual(steps, [0.1, 0.1]);
});

test('a frame dated before its request is no step back', () => {
  const steps = [];
  nextTurn({ turn: (seconds) => (steps.push(seconds), Infinity) });
  pass(-60_000);
  assert.deepEqual(steps, [0]);
});

/** Frames as far apart as given, in milliseconds. */
function run(count, apart) {
  let left = count;
  nextTurn({ turn: () => ((left -= 1) > 0 ? 0 : Infinity) });
  for (let i = 1; i <= count; i += 1) pass(i * apart);
}

test('the finest filter waits until frames were measured, and is given up for good where they are slow', () => {
  run(10, 16);
  assert.equal(isSwift(), false);
  run(60, 16);
  assert.equal(isSwift(), true);
  run(30, 30);
  assert.deepEqual([isSwift(), isLagging()], [false, false]);
  run(60, 16);
  assert.equal(isSwift(), false);
});

test('a device that is slow once counts as lagging for good', () => {
  run(30, 50);
  run(60, 16);
  assert.equal(isLagging(), true);
});

test('one that wants a turn later costs no frames until then', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  let turns = 0;
  const one = { turn: () => ((turns += 1), 2) };
  nextTurn(one);
  pass();
  assert.deepEqual([turns, frames.pending.size], [1, 0]);
  t.mock.timers.tick(1999);
  assert.equal(frames.pending.size, 0);
  t.mock.timers.tick(1);
  pass();
  assert.equal(turns, 2);
  noTurn(one);
  t.mock.timers.tick(9000);
  assert.equal(frames.pending.size, 0);
});

test('one that is woken earlier has no second turn when its time has come', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const waits = [2, Infinity];
  const one = { turn: () => waits.shift() };
  nextTurn(one);
  pass();
  nextTurn(one);
  pass();
  t.mock.timers.tick(9000);
  assert.deepEqual([waits.length, frames.pending.size], [0, 0]);
});

test('those that wait for later count as a crowd, too', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const many = Array.from({ length: 9 }, () => ({ turn: () => 5 }));
  const one = { turn: () => Infinity };
  many.forEach(nextTurn);
  pass();
  assert.equal(isCrowded(), true);
  many.forEach(noTurn);
  nextTurn(one);
  pass();
  assert.equal(isCrowded(), false);
});

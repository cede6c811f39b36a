import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Life } from '../../../static/gaze/life/life.js';
import { seeded } from '../seeded.js';

const FRAME = 1 / 60;
const RIGHT = { x: 10, y: 0 };

function alive(settings = {}, seed = 1) {
  return Object.assign(new Life(seeded(seed)), settings);
}

/** Poses of so many seconds. */
function poses(life, seconds, surroundings) {
  return Array.from({ length: Math.round(seconds / FRAME) }, () => life.step(FRAME, surroundings));
}

function highest(found, name) {
  return Math.max(...found.map((each) => each[name]));
}

test('it follows a target and then stays with it', () => {
  const life = alive();
  const found = poses(life, 2, { target: RIGHT });
  assert.ok(found[0].x > 1 && found[0].wait === 0);
  assert.equal(found.at(-1).x, 10);
  assert.ok(found.at(-1).wait > 0 && found.at(-1).wait < 40);
});

test('it returns more slowly than it follows', () => {
  const there = alive();
  const back = alive();
  back.motion.position = { ...RIGHT };
  const followed = poses(there, 0.2, { target: RIGHT }).at(-1).x;
  const returned = 10 - poses(back, 0.2, { target: null }).at(-1).x;
  assert.ok(returned < followed * 0.7, `${returned}, ${followed}`);
});

test('lids close fully now and then, and eyes never rest entirely', () => {
  const found = poses(alive(), 60, { target: null, fine: true });
  assert.ok(highest(found, 'close') > 0.99);
  assert.ok(found.filter(({ close }) => close === 0).length > found.length * 0.9);
  assert.ok(new Set(found.map(({ x }) => x)).size > found.length * 0.9);
});

test('frames that show neither lids nor fine movements are spared both', () => {
  const found = poses(alive({ rest: Object.assign(alive().rest, { mode: 'centre' }) }), 60, { target: null });
  assert.deepEqual(found.at(-1), { x: 0, y: 0, close: 0, own: 0, wait: Infinity });
  assert.equal(highest(found, 'close'), 0);
});

test('without idle it does nothing by itself', () => {
  const found = poses(alive({ idle: false }), 60, { target: RIGHT, fine: true });
  assert.equal(highest(found, 'close'), 0);
  assert.deepEqual(found.at(-1), { x: 10, y: 0, close: 0, own: 0, wait: Infinity });
});

test('without blinks the rest of life goes on', () => {
  const found = poses(alive({ blinking: false }), 60, { target: null, fine: true });
  assert.equal(highest(found, 'close'), 0);
  assert.ok(highest(found, 'x') > 3);
});

test('no glance leaves what the page or a key chose', () => {
  const held = poses(alive(), 60, { target: RIGHT, held: true }).slice(120);
  assert.ok(held.every(({ x }) => x === 10));
  const free = poses(alive(), 60, { target: RIGHT });
  assert.ok(free.slice(120).some(({ x }) => x < 3));
});

test('still means the still picture, at once', () => {
  const life = alive();
  poses(life, 1, { target: RIGHT, fine: true });
  const pose = life.step(FRAME, { target: RIGHT, still: true, fine: true });
  assert.deepEqual(pose, { x: 0, y: 0, close: 0, own: 0, wait: Infinity });
});

test('intensity scales directions within the grid', () => {
  const looked = (intensity) => poses(alive({ intensity }), 2, { target: RIGHT }).at(-1).x;
  assert.deepEqual([0, 0.5, 1, 1.5].map(looked), [0, 5, 10, 15]);
  assert.equal(poses(alive({ intensity: 1.5 }), 2, { target: { x: 15, y: 0 } }).at(-1).x, 15);
});

test('large shifts of the gaze often go with a blink', () => {
  const shifts = Array.from({ length: 40 }, (_, seed) => {
    const life = alive({}, seed);
    poses(life, 2, { target: { x: 15, y: 0 }, fine: true });
    life.rest.step(99, { x: 15, y: 0 });
    return highest(poses(life, 0.2, { target: { x: 15, y: 0 }, fine: true }), 'close') > 0.9;
  });
  const share = shifts.filter(Boolean).length / shifts.length;
  assert.ok(share > 0.3 && share < 0.8, `${share}`);
});

test('a slow device is asked for few pictures', () => {
  const life = alive({ rest: Object.assign(alive().rest, { mode: 'centre' }) });
  const waits = Array.from({ length: 400 }, () => life.step(FRAME, { target: null, fine: true, lagging: true }).wait);
  assert.ok(waits.filter((wait) => wait > 0.08).length > 200);
});

test('at rest the eyes keep the look of the photo, where the page wants it', () => {
  const life = alive({ rest: Object.assign(alive().rest, { mode: 'photo' }), idle: false });
  const resting = poses(life, 3, { target: null });
  assert.ok(resting[0].own < 0.2 && resting[0].wait === 0, 'it eases into it');
  assert.deepEqual(resting.at(-1), { x: 0, y: 0, close: 0, own: 1, wait: Infinity });
  const following = poses(life, 2, { target: RIGHT });
  assert.ok(following[0].own < 1 && following[0].own > 0.5);
  assert.equal(following.at(-1).own, 0);
  assert.equal(life.step(FRAME, { target: RIGHT, still: true }).own, 1);
  assert.equal(highest(poses(alive(), 3, { target: null }), 'own'), 0);
});

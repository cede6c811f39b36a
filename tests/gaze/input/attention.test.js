import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';

import { Attention } from '../../../static/gaze/input/attention.js';
import { watchPointer } from '../../../static/gaze/input/pointer.js';

const page = new EventTarget();
const documentElement = new EventTarget();
/** Elements of the page by selector. */
const elements = new Map();
const root = { querySelector: (selector) => elements.get(selector) ?? null };
Object.assign(globalThis, {
  innerWidth: 800,
  innerHeight: 600,
  addEventListener: page.addEventListener.bind(page),
  document: { documentElement, activeElement: null },
});

const UPRIGHT = { right: { x: 1, y: 0 }, down: { x: 0, y: 1 } };

let stop = () => {};
beforeEach(() => (stop = watchPointer(() => {})));
afterEach(() => {
  stop();
  elements.clear();
});

/** An element of 100×100 pixels around a point. */
function elementAt(x, y, boxes = 1) {
  const box = { left: x - 50, top: y - 50, right: x + 50, bottom: y + 50, width: 100, height: 100 };
  return {
    currentCSSZoom: 1,
    getBoundingClientRect: () => box,
    getClientRects: () => ({ length: boxes }),
    getRootNode: () => root,
    ownerDocument: root,
  };
}

function point(x, y) {
  page.dispatchEvent(Object.assign(new Event('pointermove'), { pointerType: 'mouse', clientX: x, clientY: y }));
}

function looked(attention, axes = UPRIGHT) {
  return attention.target(elementAt(400, 300), axes);
}

function target(attention) {
  return looked(attention).target;
}

test('without anything to look at there is no target', () => {
  assert.deepEqual(looked(new Attention()), { target: null, held: false });
});

test('told places run from minus one to one and are clamped', () => {
  const attention = new Attention();
  attention.tell(-0.5, 3);
  assert.deepEqual(target(attention), { x: -7.5, y: 15 });
});

test('null gives the gaze back', () => {
  const attention = new Attention();
  attention.tell(1, 1);
  assert.ok(looked(attention).held);
  attention.tell(null);
  assert.deepEqual(looked(attention), { target: null, held: false });
});

for (const values of [['1', 0], [NaN, 0], [1], [undefined, undefined]]) {
  test(`a call with ${JSON.stringify(values)} is a mistake of the caller`, () => {
    assert.throws(() => new Attention().tell(...values), TypeError);
  });
}

test('arrow keys step from where the gaze is', () => {
  const attention = new Attention();
  point(480, 300);
  assert.deepEqual(looked(attention), { target: { x: 3, y: 0 }, held: false });
  attention.steer('ArrowRight');
  attention.steer('ArrowDown');
  assert.deepEqual(looked(attention), { target: { x: 6.75, y: 3.75 }, held: true });
});

test('arrow keys stop at the edge', () => {
  const attention = new Attention();
  for (let i = 0; i < 9; i += 1) attention.steer('ArrowUp');
  assert.deepEqual(target(attention), { x: 0, y: -15 });
});

test('other keys mean nothing', () => {
  assert.equal(new Attention().steer('toString'), false);
});

test('letting go of the keys ends their target', () => {
  const attention = new Attention();
  attention.steer('ArrowUp');
  attention.letGo();
  assert.equal(target(attention), null);
});

test('a place that the page names outranks the keys', () => {
  const attention = new Attention();
  attention.tell(0.2, 0);
  attention.steer('ArrowUp');
  assert.deepEqual(target(attention), { x: 3, y: 0 });
});

test('an element of the page is looked at, wherever it has moved', () => {
  const attention = Object.assign(new Attention(), { selector: '#ball' });
  point(0, 0);
  assert.deepEqual(target(attention), { x: -15, y: -15 });
  elements.set('#ball', elementAt(600, 300));
  assert.deepEqual(looked(attention), { target: { x: 7.5, y: 0 }, held: true });
  elements.set('#ball', elementAt(400, 450));
  assert.deepEqual(target(attention), { x: 0, y: 7.5 });
  assert.ok(attention.watches);
});

test('an element that is not shown is not looked at', () => {
  const attention = Object.assign(new Attention(), { selector: '#ball' });
  elements.set('#ball', elementAt(600, 300, 0));
  assert.equal(target(attention), null);
});

test('a script may name the element itself', () => {
  const attention = new Attention();
  attention.tell(elementAt(600, 300));
  assert.deepEqual(target(attention), { x: 7.5, y: 0 });
  assert.ok(attention.watches);
  attention.tell(null);
  assert.ok(!attention.watches);
});

test('keys outrank an element of the page', () => {
  const attention = Object.assign(new Attention(), { selector: '#ball' });
  elements.set('#ball', elementAt(600, 300));
  target(attention);
  attention.steer('ArrowLeft');
  assert.deepEqual(target(attention), { x: 3.75, y: 0 });
});

test('one that follows on its own element only ignores the pointer elsewhere, and spans its whole grid there', () => {
  const attention = Object.assign(new Attention(), { isNear: true });
  point(451, 300);
  assert.equal(target(attention), null);
  point(450, 275);
  assert.deepEqual(target(attention), { x: 15, y: -7.5 });
});

test('a mirrored element looks where the pointer is', () => {
  point(480, 300);
  const { x } = looked(new Attention(), { right: { x: -1, y: 0 }, down: { x: 0, y: 1 } }).target;
  assert.equal(x, -3);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { deviceBudget, levelBytes, nextLevel } from '../../static/gaze/budget.js';

const STANDARD = { width: 410, height: 512 };
const LARGE = { width: 512, height: 640 };
const PREVIEW = level('preview', 6, { width: 205, height: 256 });
const MOBILE = level('mobile', 20);
const FULL = level('full', 30);
const ALL = [PREVIEW, MOBILE, FULL];
const ROOMY = { budget: 2e9, inUse: 0, maxLayers: 256, maxSize: 2048 };

function level(name, steps, frame = STANDARD) {
  return { name, rows: steps, cols: steps, frame };
}

function best(levels, current = null, device = {}) {
  return nextLevel(levels, current, { ...ROOMY, ...device })?.name ?? null;
}

const DEVICES = [
  [{ coarsePointer: false, deviceMemory: 8 }, level('full', 30, LARGE), null],
  [{ coarsePointer: false }, FULL, level('full', 30, LARGE)],
  [{ coarsePointer: false, deviceMemory: 4 }, level('mobile', 20, LARGE), FULL],
  [{ coarsePointer: false, deviceMemory: 2 }, PREVIEW, MOBILE],
  [{ coarsePointer: true, deviceMemory: 8 }, level('mobile', 20, LARGE), FULL],
  [{ coarsePointer: true }, MOBILE, level('mobile', 20, LARGE)],
  [{ coarsePointer: true, deviceMemory: 2 }, PREVIEW, MOBILE],
];

for (const [device, fitting, excessive] of DEVICES) {
  test(`a device of ${JSON.stringify(device)} holds what the table says`, () => {
    assert.ok(levelBytes(fitting) <= deviceBudget(device));
    if (excessive) assert.ok(levelBytes(excessive) > deviceBudget(device));
  });
}

test('the preview comes first and the finest next', () => {
  assert.equal(best(ALL), 'preview');
  assert.equal(best(ALL, PREVIEW), 'full');
  assert.equal(best(ALL, FULL), null);
});

test('a first step that costs nearly as much is skipped', () => {
  assert.equal(best([MOBILE, FULL]), 'full');
});

test('a device of little memory stops earlier', () => {
  assert.equal(best(ALL, PREVIEW, { budget: 400e6 }), 'mobile');
  assert.equal(best(ALL, MOBILE, { budget: 400e6 }), null);
  assert.equal(best(ALL, PREVIEW, { budget: 100e6 }), null);
});

test('other portraits count', () => {
  assert.equal(best(ALL, PREVIEW, { budget: 1e9, inUse: 500e6 }), 'mobile');
});

test('the coarsest level may use the reserve but no more', () => {
  assert.equal(best([PREVIEW, FULL], null, { budget: 1e9, inUse: 1e9 }), 'preview');
  assert.equal(best([PREVIEW, FULL], null, { budget: 1e9, inUse: 1.25e9 }), null);
});

test('the limits of texture arrays hold', () => {
  const tall = level('full', 30, { width: 410, height: 4096 });
  const wide = level('wide', 300, { width: 16, height: 16 });
  assert.equal(best([PREVIEW, tall], PREVIEW, { maxSize: 2048 }), null);
  assert.equal(best([PREVIEW, wide], PREVIEW, { maxLayers: 256 }), null);
});

test('an unknown frame is taken for the usual one', () => {
  const unknown = [level('mobile', 20, null), level('full', 30, null)];
  assert.equal(best(unknown, null, { budget: 800e6 }), 'full');
  assert.equal(best(unknown, null, { budget: 400e6 }), 'mobile');
});

test('nothing is left when all levels have failed', () => {
  assert.equal(best([]), null);
});

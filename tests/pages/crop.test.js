import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Crop } from '../../static/site/crop.js';

const PHOTO = { width: 1000, height: 1500 };
const FACE = {
  box: { x: 400, y: 500, width: 200, height: 260 },
  width: 190,
  crop: { x: 260, y: 380, width: 480, height: 599 },
};
/** As portraits/uploads/forms.py hands them to the page. */
const LIMITS = { frame: { width: 410, height: 512 }, least_framed_face: 40, large_face: 130, margin: 0.06 };
const ASPECT = 512 / 410;
const ROUNDING = 1e-6;

/** Numbers from 0 to 1 that are the same in every run. */
function* chances(seed = 7) {
  for (let state = seed; ; ) {
    state = (state * 48271) % 2147483647;
    yield state / 2147483647;
  }
}

function near(actual, expected, tolerance = ROUNDING) {
  assert.ok(Math.abs(actual - expected) <= tolerance, `${actual} is not ${expected}`);
}

test('it begins with the suggestion of the site and can go back to it', () => {
  const crop = new Crop(PHOTO, FACE, LIMITS);
  assert.ok(crop.automatic);
  crop.move(30, -20);
  assert.ok(!crop.automatic);
  assert.deepEqual([crop.box.x, crop.box.y], [290, 360]);
  assert.equal(String(crop), `290.0,360.0,480.0,${crop.box.height.toFixed(1)}`);
  crop.reset();
  assert.ok(crop.automatic);
});

test('whatever is done, the face stays inside and the shape the same', () => {
  const crop = new Crop(PHOTO, FACE, LIMITS);
  const chance = chances();
  const between = (low, high) => low + (high - low) * chance.next().value;
  for (let i = 0; i < 300; i += 1) {
    if (i % 2) crop.move(between(-900, 900), between(-900, 900));
    else crop.scale(between(0.3, 3), { x: between(0, 1), y: between(0, 1) });
    const { x, y, width, height } = crop.box;
    near(height / width, ASPECT);
    assert.ok(x <= FACE.box.x + ROUNDING && x + width >= FACE.box.x + FACE.box.width - ROUNDING);
    assert.ok(y <= FACE.box.y + ROUNDING && y + height >= FACE.box.y + FACE.box.height - ROUNDING);
    assert.ok(x >= -ROUNDING && x + width <= PHOTO.width + ROUNDING);
    assert.ok(y >= -ROUNDING && y + height <= PHOTO.height + ROUNDING);
  }
});

test('zoom goes from as much as there is to as close as the face allows', () => {
  const crop = new Crop(PHOTO, FACE, LIMITS);
  crop.zoom = 0;
  near(crop.box.width, 1000);
  crop.zoom = 1;
  near(crop.box.width, (260 / ASPECT) * 1.12);
  crop.zoom = 0.5;
  near(crop.zoom, 0.5);
});

for (const least of [40, 60]) {
  test(`it never shows the face narrower than ${least} pixels of the frame, where that is the limit`, () => {
    const box = { x: 400, y: 500, width: 64, height: 80 };
    const face = { box, width: 60.3, crop: { x: 360, y: 460, width: 150, height: 187 } };
    const crop = new Crop({ width: 6000, height: 9000 }, face, { ...LIMITS, least_framed_face: least });
    crop.zoom = 0;
    assert.equal(crop.box.width, Math.floor((60.3 * 410) / least));
  });
}

test('the shape is the frame’s and the room around the face the worker’s', () => {
  const crop = new Crop(PHOTO, FACE, { ...LIMITS, frame: { width: 300, height: 300 }, margin: 0.1 });
  crop.zoom = 1;
  near(crop.box.height, crop.box.width);
  near(crop.box.width, 260 * 1.2);
});

test('a suggestion beyond the photo’s edge is where it begins', () => {
  const crop = new Crop(PHOTO, {
    ...FACE,
    box: { ...FACE.box, x: 10, y: 5 },
    crop: { x: -60, y: -80, width: 400, height: 500 },
  }, LIMITS);
  assert.deepEqual([crop.box.x, crop.box.y, crop.automatic], [-60, -80, true]);
});

test('scaling keeps the point under the fingers', () => {
  const crop = new Crop(PHOTO, FACE, LIMITS);
  const before = crop.box;
  crop.scale(0.9, { x: 0.4, y: 0.5 });
  near(crop.box.x + 0.4 * crop.box.width, before.x + 0.4 * before.width);
  near(crop.box.y + 0.5 * crop.box.height, before.y + 0.5 * before.height, 1);
});

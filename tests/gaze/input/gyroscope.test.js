import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';

import { askForTilt, mustAsk, tiltGaze, watchTilt } from '../../../static/gaze/input/gyroscope.js';

const page = new EventTarget();
const orientation = Object.assign(new EventTarget(), { angle: 0 });
Object.assign(globalThis, { addEventListener: page.addEventListener.bind(page), screen: { orientation } });

let now = 0;
let told = 0;
let stop = () => {};

/** One event of the sensor, 16 milliseconds after the last one. */
function sense(beta, gamma) {
  now += 16;
  const event = Object.assign(new Event('deviceorientation'), { beta, gamma });
  Object.defineProperty(event, 'timeStamp', { value: now });
  page.dispatchEvent(event);
}

beforeEach(() => {
  now += 5000;
  told = 0;
  stop = watchTilt(() => (told += 1));
  sense(50, 0);
});

afterEach(() => stop());

test('a tilt is told to all elements', () => {
  let other = 0;
  const stopOther = watchTilt(() => (other += 1));
  sense(30, 0);
  stopOther();
  assert.ok(tiltGaze().y > 10);
  assert.deepEqual([told, other], [1, 1]);
});

test('the trembling of a sensor wakes nobody', () => {
  sense(30, 0);
  for (const tremble of [0.05, -0.05]) sense(30 + tremble, tremble);
  assert.equal(told, 1);
});

test('a phone held as usual again is told once', () => {
  sense(30, 0);
  sense(50, 0);
  sense(50, 0);
  assert.equal(tiltGaze(), null);
  assert.equal(told, 2);
});

test('a computer without the sensor tells nothing', () => {
  sense(null, null);
  assert.equal(tiltGaze(), null);
  assert.equal(told, 0);
});

test('a screen that has been turned begins anew', () => {
  sense(30, 0);
  orientation.dispatchEvent(new Event('change'));
  sense(20, 0);
  assert.equal(tiltGaze(), null);
});

test('when nobody watches nothing is remembered', () => {
  sense(30, 0);
  stop();
  assert.equal(tiltGaze(), null);
  sense(10, 0);
  assert.equal(told, 1);
});

test('only where the browser wants it the visitor is asked, and once', async () => {
  assert.equal(mustAsk(), false);
  let asked = 0;
  globalThis.DeviceOrientationEvent = { requestPermission: async () => ((asked += 1), 'granted') };
  assert.equal(mustAsk(), true);
  await askForTilt();
  assert.deepEqual([asked, mustAsk(), told], [1, false, 1]);
  sense(50, 0);
  sense(30, 0);
  assert.ok(tiltGaze());
});

test('an answer that is no leaves the pointer in charge, and no error', async () => {
  globalThis.DeviceOrientationEvent = { requestPermission: async () => Promise.reject(new Error('not allowed')) };
  await askForTilt();
  assert.equal(mustAsk(), false);
  assert.equal(tiltGaze(), null);
});

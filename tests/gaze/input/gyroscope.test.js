import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';

const page = new EventTarget();
const orientation = Object.assign(new EventTarget(), { angle: 0 });
Object.assign(globalThis, { addEventListener: page.addEventListener.bind(page), screen: { orientation } });

let now = 0;
let told = 0;
/** The module, as new: it remembers whether the visitor has answered. */
let gyroscope;
let stop = () => {};

/** One event of the sensor, 16 milliseconds after the last one. */
function sense(beta, gamma) {
  now += 16;
  const event = Object.assign(new Event('deviceorientation'), { beta, gamma });
  Object.defineProperty(event, 'timeStamp', { value: now });
  page.dispatchEvent(event);
}

beforeEach(async () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  now += 5000;
  told = 0;
  gyroscope = await import(`../../../static/gaze/input/gyroscope.js?${now}`);
  stop = gyroscope.watchTilt(() => (told += 1));
});

afterEach(() => {
  stop();
  mock.timers.reset();
  delete globalThis.DeviceOrientationEvent;
});

test('a tilt is told to all elements', () => {
  let other = 0;
  const stopOther = gyroscope.watchTilt(() => (other += 1));
  sense(50, 0);
  sense(30, 0);
  stopOther();
  assert.ok(gyroscope.tiltGaze().y > 10);
  assert.deepEqual([told, other], [1, 1]);
});

test('the trembling of a sensor wakes nobody', () => {
  sense(50, 0);
  sense(30, 0);
  for (const tremble of [0.05, -0.05]) sense(30 + tremble, tremble);
  assert.equal(told, 1);
});

test('a phone held as usual again is told once', () => {
  for (const beta of [50, 30, 50, 50]) sense(beta, 0);
  assert.equal(gyroscope.tiltGaze(), null);
  assert.equal(told, 2);
});

test('a computer without the sensor tells nothing', () => {
  sense(null, null);
  assert.equal(gyroscope.tiltGaze(), null);
  assert.equal(told, 0);
});

test('a screen that has been turned begins anew', () => {
  sense(50, 0);
  sense(30, 0);
  orientation.dispatchEvent(new Event('change'));
  sense(20, 0);
  assert.equal(gyroscope.tiltGaze(), null);
});

test('when nobody watches nothing is remembered', () => {
  sense(50, 0);
  sense(30, 0);
  stop();
  assert.equal(gyroscope.tiltGaze(), null);
  sense(10, 0);
  assert.equal(told, 1);
});

/** A browser that asks its visitor, and how often it did. */
function asking(answer) {
  const browser = { asked: 0 };
  globalThis.DeviceOrientationEvent = { requestPermission: () => ((browser.asked += 1), answer()) };
  return browser;
}

test('where the browser asks its visitor a silent device needs a button, until it has been pressed', async () => {
  const browser = asking(async () => 'granted');
  assert.equal(gyroscope.mustAsk(), false);
  mock.timers.tick(1000);
  assert.deepEqual([gyroscope.mustAsk(), told, browser.asked], [true, 1, 0]);
  await gyroscope.askForTilt();
  assert.deepEqual([gyroscope.mustAsk(), told, browser.asked], [false, 2, 1]);
  sense(50, 0);
  sense(30, 0);
  assert.ok(gyroscope.tiltGaze());
});

test('where the device tells its tilt without being asked there is no button', () => {
  asking(async () => 'granted');
  sense(null, null);
  mock.timers.tick(5000);
  assert.equal(gyroscope.mustAsk(), false);
});

test('an answer that is no leaves the pointer in charge, and no error', async () => {
  asking(async () => Promise.reject(new Error('not allowed')));
  mock.timers.tick(1000);
  await gyroscope.askForTilt();
  assert.equal(gyroscope.mustAsk(), false);
  assert.equal(gyroscope.tiltGaze(), null);
});

/**
 * Tilt of the device the page is on. One listener serves all elements. iOS asks the visitor first, and only when a
 * button has been pressed; other phones tell it to any page over https, some under the same interface.
 */
import { Tilt } from './tilt.js';

/** Grid units that the gaze must move before elements hear of it: sensors tremble. */
const NOTICEABLE = 0.15;

/** Seconds without an event after which a browser that can ask the visitor is one that has to. */
const SILENCE = 1;

/** @typedef {{requestPermission?: () => Promise<'granted' | 'denied'>}} Permitting only iOS has it */

/** @type {Set<() => void>} */
const watchers = new Set();
const tilt = new Tilt();
/** @type {import('../grid.js').Gaze | null} */
let gaze = null;
/** @type {AbortController | null} */
let listening = null;
let last = 0;
let isSilent = false;
let isAnswered = false;
let timer = 0;

/**
 * @param {() => void} onChange called when the device has been tilted, or the visitor has answered
 * @returns {() => void} stops watching
 */
export function watchTilt(onChange) {
  watchers.add(onChange);
  if (!listening) listen();
  return () => {
    watchers.delete(onChange);
    if (!watchers.size) stopListening();
  };
}

/** @returns {import('../grid.js').Gaze | null} on the screen; null while the device is held as usual, or unknown */
export function tiltGaze() {
  return gaze;
}

/** @returns {boolean} whether the visitor has still to be asked */
export function mustAsk() {
  return isSilent && !isAnswered && Boolean(permitting()?.requestPermission);
}

/** Asks the visitor; wants a press of a button just before. */
export async function askForTilt() {
  await permitting()?.requestPermission?.().catch(() => 'denied');
  isAnswered = true;
  if (listening) {
    stopListening();
    listen();
  }
  tell();
}

/** @returns {Permitting | undefined} undefined where devices tell nothing */
function permitting() {
  return /** @type {Permitting | undefined} */ (Reflect.get(globalThis, 'DeviceOrientationEvent'));
}

function listen() {
  listening = new AbortController();
  const { signal } = listening;
  addEventListener('deviceorientation', onOrientation, { signal });
  screen.orientation?.addEventListener?.('change', () => tilt.reset(), { signal });
  timer = setTimeout(() => {
    isSilent = true;
    tell();
  }, SILENCE * 1000);
}

function stopListening() {
  listening?.abort();
  listening = null;
  clearTimeout(timer);
  gaze = null;
}

/** @param {DeviceOrientationEvent} event */
function onOrientation({ beta, gamma, timeStamp }) {
  clearTimeout(timer);
  isAnswered = true;
  // A device without the sensor sends one event with nothing in it.
  if (beta === null || gamma === null) return;
  const angle = screen.orientation?.angle ?? Number(Reflect.get(globalThis, 'orientation') ?? 0);
  const next = tilt.step({ beta, gamma }, angle, (timeStamp - last) / 1000);
  last = timeStamp;
  if (!isNoticeable(next)) return;
  gaze = next;
  tell();
}

/** @param {import('../grid.js').Gaze | null} next */
function isNoticeable(next) {
  if (!next || !gaze) return next !== gaze;
  return Math.hypot(next.x - gaze.x, next.y - gaze.y) > NOTICEABLE;
}

function tell() {
  for (const watcher of watchers) watcher();
}

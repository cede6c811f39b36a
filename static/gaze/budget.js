/**
 * Memory budget of this device, and the choice of the level of a portrait to load next.
 */

import { USUAL_FRAME } from './manifest.js';

/** The coarsest level goes first when it costs at most this share of the one to load after it. */
const FIRST_STEP_SHARE = 1 / 4;

/** The coarsest level may exceed the budget by this factor: a live face is worth more than a sharp neighbour. */
const RESERVE = 1.25;

/**
 * Bytes of frames that one page may keep on the graphics card, all its portraits together. While a finer level
 * replaces a coarser one, the coarser one comes on top.
 *
 * The sizes that matter: 20×20 frames of 410×512 take 336 MB, of 512×640 524 MB; 30×30 take 756 and 1,180 MB.
 *
 * @param {{deviceMemory?: number, coarsePointer: boolean}} device `deviceMemory` in GB, as Chromium reports it
 *   (0.25 … 32); other browsers keep it to themselves
 * @returns {number}
 */
export function deviceBudget({ deviceMemory, coarsePointer }) {
  if (deviceMemory === undefined) return coarsePointer ? 400e6 : 800e6;
  if (deviceMemory <= 2) return coarsePointer ? 100e6 : 200e6;
  if (deviceMemory <= 4) return coarsePointer ? 400e6 : 600e6;
  return coarsePointer ? 640e6 : 1200e6;
}

/** Bytes on the graphics card that finer photos of rigs may fill, all portraits of the page together. */
export const RIG_BUDGET = 120e6;

/** @returns {{deviceMemory?: number, coarsePointer: boolean}} this device, as `deviceBudget` wants it */
export function thisDevice() {
  const { deviceMemory, maxTouchPoints } = /** @type {Navigator & {deviceMemory?: number}} */ (navigator);
  // An iPad with a keyboard has a fine pointer; what gives it away is touch and that it tells no memory.
  const tablet = deviceMemory === undefined && maxTouchPoints > 1;
  return { deviceMemory, coarsePointer: tablet || matchMedia('(pointer: coarse)').matches };
}

/**
 * @param {{rows: number, cols: number, frame: import('./manifest.js').Size | null}} level
 * @param {import('./manifest.js').Size} [frame]
 * @returns {number} bytes of its frames as textures, RGBA
 */
export function levelBytes(level, frame = level.frame ?? USUAL_FRAME) {
  return level.rows * level.cols * frame.width * frame.height * 4;
}

/**
 * Whether a level can be held at all.
 *
 * @param {import('./source.js').Level} level
 * @param {{budget: number, inUse: number, maxLayers: number, maxSize: number}} device `inUse`: bytes that other
 *   portraits hold; `maxLayers` and `maxSize`: the limits of a texture array, layers and pixels
 * @param {{width: number, height: number}} [frame] pixels
 */
export function fits(level, { budget, inUse, maxLayers, maxSize }, frame = level.frame ?? USUAL_FRAME) {
  const sides = Math.max(frame.width, frame.height);
  return level.cols <= maxLayers && sides <= maxSize && inUse + levelBytes(level, frame) <= budget;
}

/**
 * The level to load next: first the coarsest if it is small, then the finest that fits.
 *
 * @param {import('./source.js').Level[]} levels those that have not failed, in any order
 * @param {import('./source.js').Level | null} current what is shown now
 * @param {{budget: number, inUse: number, maxLayers: number, maxSize: number}} device
 * @returns {import('./source.js').Level | null} null when `current` is the best there is
 */
export function nextLevel(levels, current, device) {
  const [coarsest] = [...levels].sort(byFineness);
  if (!coarsest) return null;
  const roomy = { ...device, budget: device.budget * RESERVE };
  const possible = levels.filter((level) => fits(level, level === coarsest ? roomy : device)).sort(byFineness);
  const finest = possible.at(-1);
  if (!finest || (current && byFineness(current, finest) >= 0)) return null;
  const step = !current && possible[0] !== finest && levelBytes(possible[0]) <= FIRST_STEP_SHARE * levelBytes(finest);
  return step ? possible[0] : finest;
}

/**
 * @param {import('./source.js').Level} a
 * @param {import('./source.js').Level} b
 */
function byFineness(a, b) {
  return a.rows * a.cols - b.rows * b.cols || levelBytes(a) - levelBytes(b);
}

/**
 * Movements of eyes that look at one place: slow drift, and micro-saccades about once a second.
 *
 * A grid unit turns the eyes by about 2° across and .6° down (their travel of .195 and .065 eye widths at 15 units, an
 * eye of 30 mm around a ball of 12 mm radius). Micro-saccades: one to two a second, mostly below 1° (Martinez-Conde et
 * al. 2013, https://doi.org/10.1038/nrn3405). The drift is that of head and eyes together, .1 to .3 Hz.
 */
import { logNormal, normal } from './random.js';

/** Seconds between micro-saccades, median. */
const INTERVAL = 0.9;

/** Standard deviation of the places that they go to, and the farthest ones, in grid units. */
const SACCADE = 0.15;
const FARTHEST = 0.35;

/** Waves of the drift: grid units and seconds a period. Together they hardly ever repeat. */
const WAVES = [[0.14, 7.3], [0.08, 4.1]];

/** Seconds between two pictures of the drift, in which it moves a face 600 pixels wide by a twentieth of a pixel. */
const DRIFT_STEP = 0.08;

export class Fixation {
  /** Whether it drifts: off where the device draws slowly. */
  drifts = true;
  #random;
  #until = 0;
  #time;
  #jump = { x: 0, y: 0 };

  /** @param {import('./random.js').Random} random */
  constructor(random) {
    this.#random = random;
    this.#time = random() * 1000;
  }

  /** Seconds until there is something new to see. */
  get wait() {
    return Math.min(this.drifts ? DRIFT_STEP : Infinity, this.#until);
  }

  /**
   * @param {number} seconds since the last step
   * @returns {import('../grid.js').Gaze} distance from the place looked at
   */
  step(seconds) {
    this.#until -= seconds;
    if (this.drifts) this.#time += seconds;
    if (this.#until <= 0) {
      this.#until = logNormal(this.#random, INTERVAL);
      this.#jump = { x: this.#distance(), y: this.#distance() };
    }
    return { x: this.#jump.x + this.#drift(0), y: this.#jump.y + this.#drift(1.7) };
  }

  #distance() {
    return Math.min(FARTHEST, Math.max(-FARTHEST, normal(this.#random) * SACCADE));
  }

  /** @param {number} phase seconds that set one axis apart from the other */
  #drift(phase) {
    return WAVES.reduce((sum, [size, period]) => sum + size * Math.sin((2 * Math.PI * this.#time) / period + phase), 0);
  }
}

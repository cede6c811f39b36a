/**
 * Schedule and course of spontaneous blinks.
 *
 * Intervals: 5.2 ± 3.1 s, strongly skewed (Sforza et al. 2011, https://doi.org/10.1167/iovs.10-7060). The course is
 * that of a brisk blink, with the lids rising more slowly than they fall (Evinger et al. 1991).
 */
import { logNormal } from './random.js';

/** Seconds in which lids fall, stay shut (one frame of a 60 Hz display meets it) and rise. */
const FALL = 0.05;
const SHUT = 0.02;
const RISE = 0.08;
export const DURATION = FALL + SHUT + RISE;

/** Seconds between blinks: median, and standard deviation of the logarithm. */
const INTERVAL = 4.2;
const SPREAD = 0.55;

/** Share of blinks that another one follows at once, and the seconds between the two. */
const DOUBLES = 0.1;
const DOUBLE_INTERVAL = 0.12;

/**
 * @param {number} seconds since the blink began
 * @returns {number} how far the lids are closed: 0 open, 1 shut
 */
export function closureAt(seconds) {
  const share = Math.min(1, Math.max(0, Math.min(seconds / FALL, (DURATION - seconds) / RISE)));
  return share * share * (3 - 2 * share);
}

export class Blinks {
  #random;
  /** Seconds until the next blink; below 0 while one lasts. */
  #until;

  /** @param {import('./random.js').Random} random */
  constructor(random) {
    this.#random = random;
    this.#until = logNormal(random, INTERVAL, SPREAD) * random();
  }

  /** Seconds until the lids move; 0 while they do. */
  get wait() {
    return Math.max(0, this.#until);
  }

  /** Blinks at once, unless the lids are moving: people do when they look elsewhere. */
  now() {
    this.#until = Math.min(this.#until, 0);
  }

  /**
   * @param {number} seconds since the last step
   * @returns {number} closure, 0 … 1
   */
  step(seconds) {
    this.#until -= seconds;
    const closure = closureAt(-this.#until);
    if (this.#until <= -DURATION) {
      const double = this.#random() < DOUBLES;
      this.#until = double ? DOUBLE_INTERVAL : logNormal(this.#random, INTERVAL, SPREAD);
    }
    return closure;
  }
}

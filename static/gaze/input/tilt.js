/**
 * Gaze for the tilt of a phone: the portrait keeps looking at its visitor while the phone turns in the hand.
 *
 * It reads where up is, which turns evenly at every attitude; the angles of the event jump when a phone stands upright.
 * How the phone is held is straight ahead: that follows slowly, so that a new way of holding it soon is the usual one.
 */
import { LIMIT } from '../grid.js';

/** The tilt that reaches the edge of the grid: the sine of 25°. */
const FULL = 0.42;

/** Seconds in which the way that the phone is held comes 63 % nearer to what it is now. */
const SETTLING = 5;

/** Seconds without an event after which the phone may be held in another way: it was locked, or in a pocket. */
const PAUSE = 1;

/** Grid units below which a tilt is none, so that a phone that lies still lets its portrait rest. */
const SLIGHT = 0.6;

const DEGREE = Math.PI / 180;

/** @typedef {[right: number, top: number, out: number]} Up unit vector in the axes of the screen as it is turned */

export class Tilt {
  /** @type {Up | null} */
  #usual = null;

  /**
   * @param {{beta: number, gamma: number}} attitude degrees, as `deviceorientation` tells them
   * @param {number} angle of the screen, degrees (`screen.orientation.angle`)
   * @param {number} seconds since the last step
   * @returns {import('../grid.js').Gaze | null} null for a phone held as usual
   */
  step(attitude, angle, seconds) {
    const up = upOf(attitude, angle);
    const usual = this.#usual && seconds < PAUSE ? nearer(this.#usual, up, 1 - Math.exp(-seconds / SETTLING)) : up;
    this.#usual = usual;
    const x = limited(up[0] - usual[0]);
    const y = limited(usual[1] * up[2] - usual[2] * up[1]);
    return Math.hypot(x, y) < SLIGHT ? null : { x, y };
  }

  /** Takes the next attitude for the usual one: the screen has been turned. */
  reset() {
    this.#usual = null;
  }
}

/**
 * @param {{beta: number, gamma: number}} attitude
 * @param {number} angle
 * @returns {Up}
 */
function upOf({ beta, gamma }, angle) {
  const x = -Math.cos(beta * DEGREE) * Math.sin(gamma * DEGREE);
  const y = Math.sin(beta * DEGREE);
  const [cos, sin] = [Math.cos(angle * DEGREE), Math.sin(angle * DEGREE)];
  return [x * cos - y * sin, x * sin + y * cos, Math.cos(beta * DEGREE) * Math.cos(gamma * DEGREE)];
}

/** @param {Up} from @param {Up} to @param {number} share @returns {Up} */
function nearer(from, to, share) {
  const [x, y, z] = from.map((each, i) => each + (to[i] - each) * share);
  const length = Math.hypot(x, y, z) || 1;
  return [x / length, y / length, z / length];
}

/** @param {number} sine @returns {number} grid units */
function limited(sine) {
  return Math.min(1, Math.max(-1, sine / FULL)) * LIMIT;
}

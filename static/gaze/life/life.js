/**
 * Pose of a portrait over time: it follows its target, and lives while it rests.
 *
 * @typedef {import('../grid.js').Gaze} Gaze
 * @typedef {{x: number, y: number, close: number, own: number, wait: number}} Pose grid units; how far the lids are
 *   closed, and how far the eyes keep the look of the photo, 0 … 1; and the seconds after which the next one differs: 0
 *   with every frame, Infinity not by itself
 * @typedef {object} Surroundings
 * @property {Gaze | null} target what there is to look at
 * @property {boolean} [held] whether the page or a key chose it, so that no glance may leave it
 * @property {boolean} [still] whether all motion is off
 * @property {boolean} [fine] whether the portrait shows lids, and movements of a fraction of a unit
 * @property {boolean} [lagging] whether the device draws slowly, or much else
 * @property {number} [elapsed] seconds since the last step, when they are more than those since the last frame
 */
import { LIMIT } from '../grid.js';
import { Motion } from '../motion.js';
import { Blinks } from './blink.js';
import { Fixation } from './fixation.js';
import { Rest } from './rest.js';

/** How many times longer a gaze takes that returns or glances than one that follows. */
const UNHURRIED = 2.5;

/** Gaze shifts of this many grid units and more go with a blink, half of the time. */
const BLINK_SHIFT = 5;

const AHEAD = Object.freeze({ x: 0, y: 0 });

export class Life {
  motion = new Motion();
  rest;
  /** Whether it moves by itself at all, and whether it blinks then. */
  idle = true;
  blinking = true;
  /** Factor of all directions, 0 … 1.5. */
  intensity = 1;
  #random;
  #blinks;
  #fixation;
  #isAside = false;
  /** How far the eyes keep the look of the photo, as x. */
  #own = new Motion();

  /** @param {import('./random.js').Random} random each portrait draws its own times from it */
  constructor(random = Math.random) {
    this.#random = random;
    this.rest = new Rest(random);
    this.#blinks = new Blinks(random);
    this.#fixation = new Fixation(random);
  }

  /**
   * @param {number} seconds since the last frame
   * @param {Surroundings} surroundings
   * @returns {Pose}
   */
  step(seconds, { target, held = false, still = false, fine = false, lagging = false, elapsed = seconds }) {
    if (still) return this.#stop();
    const glances = this.idle && !held;
    const stirs = this.idle && fine;
    const blinks = stirs && this.blinking;
    this.#fixation.drifts = !lagging;
    const goal = this.#goal(elapsed, target, glances);
    const slowness = target && !this.rest.isAside ? 1 : UNHURRIED;
    const turning = this.motion.step(goal, seconds, slowness);
    this.#own.constant = this.motion.constant;
    const moving = this.#own.step(this.#ownLook, seconds, slowness) || turning;
    const { x, y } = stirs ? this.#fixation.step(elapsed) : AHEAD;
    const close = blinks ? this.#blinks.step(elapsed) : 0;
    const waits = [glances && this.rest, stirs && this.#fixation, blinks && this.#blinks];
    const wait = moving ? 0 : Math.min(...waits.map((each) => (each ? each.wait : Infinity)));
    const { position } = this.motion;
    const own = this.#own.position.x;
    return { x: this.#scaled(position.x, x), y: this.#scaled(position.y, y), close, own, wait };
  }

  /** @returns {Pose} the still picture's */
  #stop() {
    const own = this.rest.mode === 'photo' ? 1 : 0;
    this.motion.position = AHEAD;
    this.#own.position = { x: own, y: 0 };
    return { ...AHEAD, close: 0, own, wait: Infinity };
  }

  get #ownLook() {
    return { x: this.rest.keepsPhoto ? 1 : 0, y: 0 };
  }

  /**
   * @param {number} seconds
   * @param {Gaze | null} target
   * @param {boolean} glances
   */
  #goal(seconds, target, glances) {
    if (!glances) this.rest.attend(target);
    const goal = glances ? this.rest.step(seconds, target) : (target ?? AHEAD);
    this.#blinkOnShift(goal);
    return goal;
  }

  /** @param {Gaze} goal */
  #blinkOnShift(goal) {
    const { isAside } = this.rest;
    const { x, y } = this.motion.position;
    const far = Math.hypot(goal.x - x, goal.y - y) > BLINK_SHIFT;
    if (isAside !== this.#isAside && far && this.#random() < 0.5) this.#blinks.now();
    this.#isAside = isAside;
  }

  /** @param {number} gaze @param {number} shift grid units */
  #scaled(gaze, shift) {
    return Math.min(LIMIT, Math.max(-LIMIT, gaze * this.intensity + shift));
  }
}

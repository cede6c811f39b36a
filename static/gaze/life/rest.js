/**
 * Gaze shifts of a portrait that has nothing new to follow.
 *
 * Listeners look at a person for 8 s on average and then aside for half a second (Lee, Badler and Badler 2002, "Eyes
 * Alive"). Heads that turn along need longer, so a glance lasts a second.
 *
 * @typedef {import('../grid.js').Gaze} Gaze
 * @typedef {'viewer' | 'centre' | 'wander' | 'photo'} AtRest what it does without a target: looks at the viewer with a
 *   half-glance aside now and then, straight ahead only, about, or where it looks in the photo
 */
import { LIMIT } from '../grid.js';
import { logNormal } from './random.js';

/** Median seconds of looking at one place, of a glance, and of each look of one that wanders. */
const STAY = 8;
const GLANCE = 1;
const LOOK = 2;

/** Shares of the grid that glances reach at least and at most, to a side; up and down it is a third. */
const NEAREST = 0.25;
const FARTHEST = 0.5;

/** Share of the looks of one that wanders that meet the viewer. */
const MEETS = 0.35;

const AHEAD = Object.freeze({ x: 0, y: 0 });

export class Rest {
  /** @type {AtRest} */
  mode = 'viewer';
  #random;
  #until;
  /** @type {Gaze | null} */
  #last = null;
  /** Where it looks instead of at its target. @type {Gaze | null} */
  #aside = null;

  /** @param {import('./random.js').Random} random */
  constructor(random) {
    this.#random = random;
    this.#until = logNormal(random, STAY);
  }

  /** Whether it looks at something else than its target. */
  get isAside() {
    return this.#aside !== null;
  }

  /** Whether the eyes keep the look of the photo. */
  get keepsPhoto() {
    return !this.#last && this.mode === 'photo';
  }

  /** Seconds until the gaze shifts. */
  get wait() {
    return this.#isSteady ? Infinity : Math.max(0, this.#until);
  }

  get #isSteady() {
    return !this.#last && (this.mode === 'centre' || this.mode === 'photo');
  }

  /**
   * @param {number} seconds since the last step
   * @param {Gaze | null} target
   * @returns {Gaze} where to look
   */
  step(seconds, target) {
    if (target?.x !== this.#last?.x || target?.y !== this.#last?.y) this.attend(target);
    this.#until -= seconds;
    if (this.#isSteady) this.#aside = null;
    else if (this.#until <= 0) this.#shift();
    return this.#aside ?? target ?? AHEAD;
  }

  /** Looks at a target, or rests, from now on. @param {Gaze | null} target */
  attend(target) {
    this.#last = target;
    this.#aside = null;
    this.#until = logNormal(this.#random, STAY);
  }

  #shift() {
    const wanders = !this.#last && this.mode === 'wander';
    this.#aside = wanders ? this.#place() : this.#glance();
    this.#until = logNormal(this.#random, wanders ? LOOK : this.#aside ? GLANCE : STAY);
  }

  /** At the viewer, when there is a target; else to a side; back from there. */
  #glance() {
    if (this.#aside) return null;
    return this.#last ? AHEAD : this.#sideways(NEAREST);
  }

  #place() {
    return this.#random() < MEETS ? AHEAD : this.#sideways(0);
  }

  /** @param {number} nearest share of the grid */
  #sideways(nearest) {
    const side = this.#random() < 0.5 ? -LIMIT : LIMIT;
    const x = side * (nearest + (FARTHEST - nearest) * this.#random());
    return { x, y: ((this.#random() * 2 - 1) * FARTHEST * LIMIT) / 3 };
  }
}

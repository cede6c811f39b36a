/**
 * Motion of the gaze towards its target: an exponential approach in time, the same at any refresh rate.
 */

/** The original moved this share of the way in each frame of a 60 Hz display. */
export const DEFAULT_SMOOTHING = 0.12;

const ORIGINAL_FRAME = 1 / 60;

/** Distance in grid units below which no difference can be seen: the gaze has arrived. */
const ARRIVED = 0.01;

/**
 * @param {number} smoothing share of the way per 60 Hz frame, above 0 to 1; other values mean the default
 * @returns {number} seconds in which the distance shrinks to 37 %; 0 follows at once
 */
export function timeConstant(smoothing) {
  const share = smoothing > 0 && smoothing <= 1 ? smoothing : DEFAULT_SMOOTHING;
  return -ORIGINAL_FRAME / Math.log(1 - share);
}

export class Motion {
  /** Where the gaze is, in grid units. */
  position = { x: 0, y: 0 };
  /** Seconds; see `timeConstant`. */
  constant = timeConstant(DEFAULT_SMOOTHING);

  /**
   * @param {{x: number, y: number}} target grid units
   * @param {number} seconds since the last step
   * @param {number} [slowness] how many times longer it takes than usual
   * @returns {boolean} whether there is further to go
   */
  step(target, seconds, slowness = 1) {
    const share = this.constant > 0 ? 1 - Math.exp(-seconds / (this.constant * slowness)) : 1;
    const x = this.position.x + (target.x - this.position.x) * share;
    const y = this.position.y + (target.y - this.position.y) * share;
    const moving = Math.hypot(target.x - x, target.y - y) > ARRIVED;
    this.position = moving ? { x, y } : { ...target };
    return moving;
  }
}

/**
 * Axes of an element on the screen: a transform of the page may have turned or mirrored it.
 *
 * @typedef {{x: number, y: number}} Vector CSS pixels of the window
 * @typedef {{right: Vector, down: Vector}} Axes the element's own right and down on the screen, unit vectors
 */
import { LIMIT } from '../grid.js';

/** @type {Axes} */
const UPRIGHT = { right: { x: 1, y: 0 }, down: { x: 0, y: 1 } };

/**
 * @param {Vector} origin the element's left upper corner in the window
 * @param {Vector} right its right upper corner
 * @param {Vector} below its left lower corner
 * @returns {Axes} those of the screen for an element without an area there, such as one seen edge-on
 */
export function axesOf(origin, right, below) {
  const axes = { right: direction(origin, right), down: direction(origin, below) };
  return axes.right && axes.down ? /** @type {Axes} */ (axes) : UPRIGHT;
}

/**
 * @param {import('../grid.js').Gaze} gaze on the screen
 * @param {Axes} axes
 * @returns {import('../grid.js').Gaze} the element's own, which looks there
 */
export function inAxes({ x, y }, { right, down }) {
  return { x: limited(x * right.x + y * right.y), y: limited(x * down.x + y * down.y) };
}

/** @param {Vector} from @param {Vector} to @returns {Vector | null} */
function direction(from, to) {
  const [x, y] = [to.x - from.x, to.y - from.y];
  const length = Math.hypot(x, y);
  return length > 0 ? { x: x / length, y: y / length } : null;
}

/** @param {number} value */
function limited(value) {
  return Math.min(LIMIT, Math.max(-LIMIT, value));
}

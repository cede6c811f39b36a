/**
 * Target of one element's gaze: the place that its page named, the arrow keys, the pointer, or straight ahead.
 */
import { LIMIT } from './grid.js';
import { gazeAt, pointerPosition } from './pointer.js';

/** Share of the way from the middle to the edge that one press of an arrow key moves the gaze. */
const KEY_STEP = 0.25;

/** Steps to the right and down. @type {Record<string, [number, number]>} */
const KEYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export class Attention {
  /** @type {import('./grid.js').Gaze | null} */
  #told = null;
  /** @type {import('./grid.js').Gaze | null} */
  #steered = null;

  /**
   * @param {number | null} x from −1 (left) to 1 (right); null gives the gaze back to the pointer
   * @param {number} [y] from −1 (up) to 1 (down)
   * @throws {TypeError} when a coordinate is no number
   */
  tell(x, y) {
    if (x === null) {
      this.#told = null;
    } else if (Number.isFinite(x) && y !== undefined && Number.isFinite(y)) {
      this.#told = { x: unit(x) * LIMIT, y: unit(y) * LIMIT };
    } else {
      throw new TypeError('lookAt wants two numbers, or null');
    }
  }

  /**
   * @param {string} key as KeyboardEvent names it
   * @param {import('./grid.js').Gaze} from where the gaze is
   * @returns {boolean} whether the key moved the gaze
   */
  steer(key, from) {
    if (!Object.hasOwn(KEYS, key)) return false;
    const [right, down] = KEYS[key];
    const { x, y } = this.#steered ?? from;
    this.#steered = { x: unit(x / LIMIT + right * KEY_STEP) * LIMIT, y: unit(y / LIMIT + down * KEY_STEP) * LIMIT };
    return true;
  }

  /** The arrow keys let go: the pointer has moved, the element lost its focus, or Escape was pressed. */
  letGo() {
    this.#steered = null;
  }

  /**
   * @param {DOMRect} box of the element
   * @returns {import('./grid.js').Gaze}
   */
  target(box) {
    const point = pointerPosition();
    const viewport = { width: innerWidth, height: innerHeight };
    return this.#told ?? this.#steered ?? (point ? gazeAt(point, box, viewport) : { x: 0, y: 0 });
  }
}

/** @param {number} value */
function unit(value) {
  return Math.min(1, Math.max(-1, value));
}

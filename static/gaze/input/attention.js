/**
 * Target of one element's gaze: the place that its page named, the arrow keys, the pointer, the tilt of the phone, or
 * nothing.
 *
 * @typedef {import('../grid.js').Gaze} Gaze
 * @typedef {import('./axes.js').Axes} Axes
 */
import { boxOf } from '../box.js';
import { LIMIT } from '../grid.js';
import { inAxes } from './axes.js';
import { tiltGaze } from './gyroscope.js';
import { gazeAt, pointerPosition } from './pointer.js';

/** Share of the way from the middle to the edge that one press of an arrow key moves the gaze. */
const KEY_STEP = 0.25;

/** Steps to the right and down. @type {Record<string, [number, number]>} */
const KEYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export class Attention {
  /** Selector of what it looks at, whatever the pointer does; none while it is empty. */
  selector = '';
  /** Whether it follows a pointer on its own element only, which then spans all of the grid. */
  isNear = false;
  /** Whether it follows the tilt of a phone while there is no pointer. */
  tilts = true;
  /** Place or element that the page named. @type {Gaze | Element | null} */
  #told = null;
  /** @type {Gaze | null} */
  #steered = null;
  /** The latest target, on the screen. @type {Gaze} */
  #last = { x: 0, y: 0 };

  /** Whether it looks at an element of the page, which may move without a word. */
  get watches() {
    return isElement(this.#told) || (!this.#told && this.selector !== '');
  }

  /**
   * @param {Element | number | null} x an element, or from −1 (left) to 1 (right); null gives the gaze back to the
   *   pointer
   * @param {number} [y] from −1 (up) to 1 (down)
   * @throws {TypeError} when it is no element, and a coordinate no number
   */
  tell(x, y) {
    if (x === null || isElement(x)) this.#told = x;
    else if (Number.isFinite(x) && y !== undefined && Number.isFinite(y)) {
      this.#told = { x: unit(x) * LIMIT, y: unit(y) * LIMIT };
    } else {
      throw new TypeError('lookAt wants two numbers, an element, or null');
    }
  }

  /**
   * @param {string} key as KeyboardEvent names it
   * @returns {boolean} whether the key moved the gaze
   */
  steer(key) {
    if (!Object.hasOwn(KEYS, key)) return false;
    const [right, down] = KEYS[key];
    const { x, y } = this.#steered ?? this.#last;
    this.#steered = { x: unit(x / LIMIT + right * KEY_STEP) * LIMIT, y: unit(y / LIMIT + down * KEY_STEP) * LIMIT };
    return true;
  }

  /** The arrow keys let go: the pointer has moved, the element lost its focus, or Escape was pressed. */
  letGo() {
    this.#steered = null;
  }

  /**
   * @param {Element} element whose gaze it is
   * @param {Axes} axes of it
   * @returns {{target: Gaze | null, held: boolean}} in those axes; held: the page or a key chose it
   */
  target(element, axes) {
    const box = boxOf(element);
    const held = this.#named(element, box);
    const gaze = held ?? this.#pointed(box) ?? (this.tilts ? tiltGaze() : null);
    this.#last = gaze ?? { x: 0, y: 0 };
    return { target: gaze && inAxes(gaze, axes), held: held !== null };
  }

  /** @param {Element} element @param {DOMRect} box of it */
  #named(element, box) {
    if (this.#told && !isElement(this.#told)) return this.#told;
    if (this.#steered) return this.#steered;
    const watched = this.#told ?? found(this.selector, element);
    return watched?.getClientRects().length ? gazeAt(middleOf(boxOf(watched)), box, windowSize()) : null;
  }

  /** @param {DOMRect} box */
  #pointed(box) {
    const point = pointerPosition();
    if (!point || !this.isNear) return point && gazeAt(point, box, windowSize());
    const { left, top, right, bottom } = box;
    const isOn = point.x >= left && point.x <= right && point.y >= top && point.y <= bottom;
    return isOn ? gazeAt(point, box, box) : null;
  }
}

/**
 * Elements of other windows are of other classes.
 *
 * @param {Gaze | Element | number | null} value
 * @returns {value is Element}
 */
function isElement(value) {
  return value !== null && typeof value === 'object' && 'getClientRects' in value;
}

/**
 * @param {string} selector
 * @returns {boolean} whether browsers understand it
 */
export function isSelector(selector) {
  try {
    document.createDocumentFragment().querySelector(selector);
    return true;
  } catch {
    return false;
  }
}

/**
 * @param {string} selector
 * @param {Element} element in whose shadow tree it is looked for before it is in the document
 * @returns {Element | null}
 */
function found(selector, element) {
  if (!selector) return null;
  const root = /** @type {ParentNode & Node} */ (element.getRootNode());
  return root.querySelector(selector) ?? element.ownerDocument.querySelector(selector);
}

function windowSize() {
  return { width: innerWidth, height: innerHeight };
}

/** @param {DOMRect} box */
function middleOf({ left, top, width, height }) {
  return { x: left + width / 2, y: top + height / 2 };
}

/** @param {number} value */
function unit(value) {
  return Math.min(1, Math.max(-1, value));
}

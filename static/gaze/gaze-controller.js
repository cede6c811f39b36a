/**
 * Controller of one element's gaze: makes its attributes, the visitor's input and its own life into a pose.
 *
 * @typedef {{left: number, right: number}} Gain factors of the directions of the eyes, as the viewer sees them
 * @typedef {object} Listener
 * @property {(moved: boolean) => void} onInput there may be something new to draw; moved: the visitor did it
 * @property {() => void} onStill motion has been switched off or on
 */
import { isCrowded, isLagging } from './clock.js';
import { GazeFailure } from './failure.js';
import { Attention, isSelector } from './input/attention.js';
import { askForTilt, mustAsk, watchTilt } from './input/gyroscope.js';
import { watchPointer } from './input/pointer.js';
import { timeConstant } from './motion.js';
import { isOn } from './reflection.js';

/** Seconds between looks at an element of the page, which may move without a word. */
const WATCH = 0.05;

/** Seconds of its life at most that a portrait makes up for after a pause. */
const LONGEST_PAUSE = 1;

const STRONGEST = 1.5;

const reducedMotion = matchMedia('(prefers-reduced-motion: reduce)');
const coarsePointer = matchMedia('(pointer: coarse)');

export class GazeController {
  /** What to draw. @type {import('./frames.js').Pose} */
  pose = { x: 0, y: 0 };
  /** Null until there is something that can move. @type {import('./life/life.js').Life | null} */
  #life = null;
  #attention = new Attention();
  /** @type {Gain} */
  #gain = { left: 1, right: 1 };
  /** Whether the visitor wants motion although the system asks for less. */
  #movesAnyway = false;
  #isReady = false;
  #then = 0;
  #host;
  #tree;
  #listener;

  /**
   * @param {HTMLElement} host
   * @param {import('./shadow-tree.js').ShadowTree} tree
   * @param {Listener} listener
   */
  constructor(host, tree, listener) {
    this.#host = host;
    this.#tree = tree;
    this.#listener = listener;
    host.addEventListener('keydown', (event) => this.#onKey(event));
    host.addEventListener('focusout', () => this.#letGo());
    host.addEventListener('touchmove', (event) => this.#onTouch(event), { passive: false });
  }

  /** Whether the visitor asked for less motion, and did not ask this portrait for it. */
  get isStill() {
    return reducedMotion.matches && !this.#movesAnyway;
  }

  /** @returns {Gain} */
  get gain() {
    return this.#gain;
  }

  set gain({ left = 1, right = 1 }) {
    if (![left, right].every((each) => Math.abs(each) <= STRONGEST)) {
      throw new TypeError(`gain wants {left, right}, each from −${STRONGEST} to ${STRONGEST}`);
    }
    this.#gain = { left, right };
    this.#listener.onInput(false);
  }

  /** Begins to live, once. @param {typeof import('./life/life.js').Life} Life */
  animate(Life) {
    if (this.#life) return;
    this.#life = new Life();
    this.#configureLife(this.#life);
  }

  /** Follows the input of the page. @param {AbortSignal} signal ends it */
  listen(signal) {
    const stopPointer = watchPointer((moved) => this.#onPointer(moved));
    const stopTilt = watchTilt(() => this.#onTilt());
    reducedMotion.addEventListener('change', () => this.#onStill(), { signal });
    signal.addEventListener('abort', stopPointer);
    signal.addEventListener('abort', stopTilt);
  }

  /**
   * Reads the attributes again.
   *
   * @throws {GazeFailure} `selector`
   */
  configure() {
    if (this.#life) this.#configureLife(this.#life);
    this.#attention.isNear = this.#read('follow') === 'element';
    this.#attention.tilts = isOn(this.#host, 'tilt');
    this.#attention.selector = '';
    this.#listener.onInput(false);
    const selector = this.#read('look-at');
    if (!selector) return;
    if (!isSelector(selector)) throw new GazeFailure('selector', 'The attribute look-at holds no CSS selector.');
    this.#attention.selector = selector;
  }

  /** @param {import('./life/life.js').Life} life */
  #configureLife(life) {
    life.motion.constant = timeConstant(Number(this.#read('smoothing')));
    life.idle = isOn(this.#host, 'idle');
    life.blinking = isOn(this.#host, 'blink');
    life.intensity = intensityOf(this.#read('intensity'));
    life.rest.mode = restModeOf(this.#read('at-rest'));
  }

  /** @param {string} name of an attribute */
  #read(name) {
    return this.#host.getAttribute(name) ?? '';
  }

  /** @param {number | Element | null} x @param {number} [y] @throws {TypeError} */
  lookAt(x, y) {
    this.#attention.tell(x, y);
    this.#listener.onInput(false);
  }

  /**
   * @param {number} seconds since the last frame
   * @param {boolean} fine whether what is shown has lids, and any direction
   * @returns {number} seconds until the next step
   */
  step(seconds, fine) {
    if (!this.#life) return Infinity;
    const now = performance.now() / 1000;
    const elapsed = Math.max(seconds, Math.min(now - this.#then, LONGEST_PAUSE));
    this.#then = now;
    const still = this.isStill;
    const aim = still ? { target: null } : this.#attention.target(this.#host, this.#tree.axes);
    const [lagging, crowded] = [isLagging(), isCrowded()];
    const effort = { fine: fine && !(lagging && crowded), lagging: lagging || crowded };
    const { wait, ...pose } = this.#life.step(seconds, { ...aim, elapsed, still, ...effort });
    this.pose = { ...pose, ...this.#gain };
    return still || !this.#attention.watches ? wait : Math.min(wait, WATCH);
  }

  /** Offers the buttons that there is a use for. @param {boolean} ready whether there is a portrait */
  offerButtons(ready) {
    this.#isReady = ready;
    const label = this.#movesAnyway ? 'Hold still' : 'Move anyway';
    this.#tree.offer('motion', ready && reducedMotion.matches ? label : null, this.#movesAnyway);
    const asks = ready && !this.isStill && coarsePointer.matches && this.#attention.tilts && mustAsk();
    this.#tree.offer('tilt', asks ? 'Follow my phone' : null);
  }

  /** @param {import('./shadow-tree.js').ButtonName} name of the button that was pressed */
  press(name) {
    if (name === 'tilt') {
      askForTilt();
      return;
    }
    this.#movesAnyway = !this.#movesAnyway;
    this.#onStill();
  }

  #onStill() {
    if (this.isStill) this.step(0, false);
    this.#listener.onStill();
  }

  /** @param {boolean} moved */
  #onPointer(moved) {
    if (moved) this.#attention.letGo();
    this.#listener.onInput(moved);
  }

  /** The phone has been tilted, or its visitor has answered. */
  #onTilt() {
    this.offerButtons(this.#isReady);
    this.#listener.onInput(false);
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    if (event.ctrlKey || event.altKey || event.metaKey || this.isStill) return;
    if (event.key === 'Escape') this.#letGo();
    if (!this.#attention.steer(event.key)) return;
    event.preventDefault();
    this.#listener.onInput(true);
  }

  /** One finger scrolls the page as ever; two move the gaze and nothing else. @param {TouchEvent} event */
  #onTouch(event) {
    if (event.touches.length > 1 && event.cancelable && !this.isStill) event.preventDefault();
  }

  #letGo() {
    this.#attention.letGo();
    this.#listener.onInput(false);
  }
}

/** @param {string} value of the attribute @returns {number} 0 … 1.5; 1 unless it is a number */
function intensityOf(value) {
  const number = value.trim() ? Number(value) : 1;
  return Number.isNaN(number) ? 1 : Math.min(STRONGEST, Math.max(0, number));
}

/** @param {string} value of the attribute @returns {import('./life/rest.js').AtRest} */
function restModeOf(value) {
  return value === 'centre' || value === 'wander' || value === 'photo' ? value : 'viewer';
}

/**
 * Position of the page's pointer: the mouse or pen anywhere on it, one finger, which goes on scrolling as ever, or the
 * middle of two. One set of listeners serves all elements.
 */
import { LIMIT } from '../grid.js';

/** Seconds that a gaze lingers after the pointer has left or the finger is lifted. */
const LINGER = 1.2;

const PASSIVE = { passive: true, capture: true };

/** @type {Set<(moved: boolean) => void>} */
const watchers = new Set();
/** @type {{x: number, y: number} | null} */
let position = null;
/** @type {AbortController | null} */
let listening = null;
let timer = 0;

/**
 * @param {(moved: boolean) => void} onChange called when the pointer has moved (true), has been gone for a while
 *   or the page has scrolled under it (false)
 * @returns {() => void} stops watching
 */
export function watchPointer(onChange) {
  watchers.add(onChange);
  if (!listening) listen();
  return () => {
    watchers.delete(onChange);
    if (!watchers.size) stopListening();
  };
}

/** @returns {{x: number, y: number} | null} CSS pixels in the window; null while there is no pointer */
export function pointerPosition() {
  return position;
}

/**
 * The gaze that looks at a point. Each axis spans half the window's own axis, so that all of the grid is reachable
 * whatever the window's shape.
 *
 * @param {{x: number, y: number}} point CSS pixels in the window
 * @param {{left: number, top: number, width: number, height: number}} box of the element, in CSS pixels
 * @param {{width: number, height: number}} viewport CSS pixels
 * @returns {import('../grid.js').Gaze}
 */
export function gazeAt(point, box, viewport) {
  return {
    x: clamp((point.x - box.left - box.width / 2) / (viewport.width / 2)) * LIMIT,
    y: clamp((point.y - box.top - box.height / 2) / (viewport.height / 2)) * LIMIT,
  };
}

/** @param {number} value */
function clamp(value) {
  return Math.min(1, Math.max(-1, value));
}

function listen() {
  listening = new AbortController();
  const options = { ...PASSIVE, signal: listening.signal };
  // A finger that scrolls gets no pointer events after the first, but touch events go on.
  addEventListener('pointermove', (event) => event.pointerType !== 'touch' && move(event), options);
  addEventListener('pointerover', onOver, options);
  for (const type of ['touchstart', 'touchmove', 'touchend']) addEventListener(type, onTouch, options);
  addEventListener('touchcancel', leave, options);
  const { documentElement } = document;
  documentElement.addEventListener('pointerleave', (event) => event.pointerType !== 'touch' && leave(), options);
  addEventListener('blur', (event) => event.target === window && !isInFrame() && leave(), options);
  addEventListener('scroll', () => position && tell(false), options);
  addEventListener('resize', () => position && tell(false), options);
}

function stopListening() {
  listening?.abort();
  listening = null;
  clearTimeout(timer);
  position = null;
}

/**
 * A pointer in a frame of the page tells only that frame: it stays where it went in.
 *
 * @param {PointerEvent} event
 */
function onOver(event) {
  if (event.pointerType !== 'touch' && event.composedPath()[0] instanceof HTMLIFrameElement) move(event);
}

/** Whether a press in a frame has taken the focus there; the pointer is still on the page. */
function isInFrame() {
  return document.activeElement instanceof HTMLIFrameElement;
}

/** @param {Event} event */
function onTouch(event) {
  const [first, second = first] = /** @type {TouchEvent} */ (event).touches;
  if (!first) leave();
  else move({ clientX: (first.clientX + second.clientX) / 2, clientY: (first.clientY + second.clientY) / 2 });
}

/** @param {{clientX: number, clientY: number}} point of an event */
function move({ clientX, clientY }) {
  clearTimeout(timer);
  // Browsers also send moves that move nothing, when the page changes beneath a resting pointer.
  const moved = position?.x !== clientX || position?.y !== clientY;
  position = { x: clientX, y: clientY };
  tell(moved);
}

function leave() {
  clearTimeout(timer);
  timer = setTimeout(() => {
    position = null;
    tell(false);
  }, LINGER * 1000);
}

/** @param {boolean} moved */
function tell(moved) {
  for (const watcher of watchers) watcher(moved);
}

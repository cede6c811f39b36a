/**
 * Canvas of an element: as many pixels as the screen has under it, with the picture fitted in whole.
 */
import { cssZoom } from './box.js';
import { isLagging, isSwift } from './clock.js';

/** Larger drawings show nothing more and cost much. Pixels a side. */
const LARGEST = 4096;

/** Stride of a rig's mesh on devices that are slow, and in drawings below this share of the frame's width. */
const COARSE = 2;
const SMALL = 0.6;

export class View {
  #canvas;
  #context;
  #onResize;
  #observer;
  #drawn = '';

  /**
   * @param {HTMLCanvasElement} canvas
   * @param {() => void} onResize the canvas is blank and wants drawing now, within the same frame
   */
  constructor(canvas, onResize) {
    this.#canvas = canvas;
    this.#context = canvas.getContext('2d');
    this.#onResize = onResize;
    this.#observer = new ResizeObserver((entries) => this.#resize(entries[entries.length - 1]));
  }

  connect() {
    try {
      this.#observer.observe(this.#canvas, { box: 'device-pixel-content-box' });
    } catch {
      this.#observer.observe(this.#canvas);
    }
  }

  disconnect() {
    this.#observer.disconnect();
  }

  /** Forgets what is drawn: the next `show` draws, whatever its pose. */
  forget() {
    this.#drawn = '';
  }

  /**
   * Draws a pose unless the canvas shows that very one already.
   *
   * @param {import('./frames.js').Drawable} frames
   * @param {import('./frames.js').Pose} pose
   */
  show(frames, pose) {
    const { width, height } = this.#canvas;
    if (!width || !height || !frames.size || !this.#context) return;
    const quality = { sharp: isSwift(), stride: strideOf(width / frames.size.width, isLagging()) };
    const drawn = `${frames.key(pose)} ${quality.sharp} ${quality.stride}`;
    if (drawn === this.#drawn) return;
    frames.draw(this.#context, fitted(frames.size, { width, height }), pose, quality);
    this.#drawn = drawn;
  }

  /** @param {ResizeObserverEntry} entry the latest one */
  #resize({ contentRect, devicePixelContentBoxSize }) {
    const [exact] = devicePixelContentBoxSize ?? [];
    const zoom = cssZoom(this.#canvas);
    const width = devicePixels(contentRect.width * zoom, exact?.inlineSize);
    const height = devicePixels(contentRect.height * zoom, exact?.blockSize);
    if (width !== this.#canvas.width || height !== this.#canvas.height) {
      // Setting a size blanks the canvas, even to the one it has.
      Object.assign(this.#canvas, { width, height });
      this.forget();
    }
    this.#onResize();
  }
}

/**
 * @param {number} scale of the drawing to the frame
 * @param {boolean} lagging whether the device is slow
 * @returns {number} stride of a rig's mesh that shows no difference at that scale, or spares a slow device
 */
export function strideOf(scale, lagging) {
  return lagging || scale < SMALL ? COARSE : 1;
}

/**
 * Device pixels as the browser measures them, unless it forgets its device pixel ratio, as emulated ones do.
 *
 * @param {number} length CSS pixels
 * @param {number} [exact] device pixels, from browsers that measure in them
 */
function devicePixels(length, exact = NaN) {
  const expected = length * devicePixelRatio;
  return Math.min(LARGEST, Math.abs(exact - expected) <= 1 ? exact : Math.round(expected));
}

/**
 * @param {{width: number, height: number}} picture pixels
 * @param {{width: number, height: number}} canvas device pixels
 * @returns {{x: number, y: number, width: number, height: number}} the largest centred place of the picture's shape
 */
export function fitted(picture, canvas) {
  const scale = Math.min(canvas.width / picture.width, canvas.height / picture.height);
  const width = Math.max(1, nearly(picture.width * scale, canvas.width));
  const height = Math.max(1, nearly(picture.height * scale, canvas.height));
  return { x: Math.round((canvas.width - width) / 2), y: Math.round((canvas.height - height) / 2), width, height };
}

/**
 * A whole number of pixels; all of the room when less than one would be left, so that no hairline shows.
 *
 * @param {number} length
 * @param {number} room
 */
function nearly(length, room) {
  return room - length < 1 ? room : Math.round(length);
}

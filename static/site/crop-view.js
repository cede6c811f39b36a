/**
 * Canvas that shows the crop, moved by pointer, touch, wheel and keys.
 */

/** Share of the window that one press of an arrow key moves it. */
const STEP = 0.02;
const ZOOM_STEP = 1.05;

/**
 * Kept in memory that a script can read: one drawn upon the other would go through a busy graphics process.
 *
 * @type {CanvasRenderingContext2DSettings}
 */
const READABLE = { willReadFrequently: true };

export class CropView {
  #canvas;
  /** @type {HTMLImageElement | null} */
  #picture = null;
  #photo;
  #crop;
  #whole = false;
  #changed;
  /** Where the fingers are. @type {Map<number, {x: number, y: number}>} */
  #held = new Map();

  /**
   * @param {HTMLCanvasElement} canvas
   * @param {{width: number, height: number}} photo
   * @param {import('./crop.js').Crop} crop
   * @param {() => void} changed called after a person has changed the crop
   */
  constructor(canvas, photo, crop, changed) {
    this.#canvas = canvas;
    this.#photo = photo;
    this.#crop = crop;
    this.#changed = changed;
    canvas.addEventListener('pointerdown', (event) => this.#onDown(event));
    canvas.addEventListener('pointermove', (event) => this.#onMove(event));
    canvas.addEventListener('pointerup', (event) => this.#onUp(event));
    canvas.addEventListener('pointercancel', (event) => this.#onUp(event));
    canvas.addEventListener('wheel', (event) => this.#onWheel(event), { passive: false });
    canvas.addEventListener('keydown', (event) => this.#onKey(event));
    new ResizeObserver(() => this.draw()).observe(canvas);
  }

  /** @param {import('./crop.js').Crop} crop */
  set crop(crop) {
    this.#crop = crop;
    this.draw();
  }

  /** The whole picture instead of the crop. @param {boolean} whole */
  set whole(whole) {
    this.#whole = whole;
    this.#canvas.classList.toggle('whole', whole);
    this.draw();
  }

  /** @param {HTMLImageElement} picture decoded; any size of the photo */
  show(picture) {
    this.#picture = picture;
    this.draw();
  }

  draw() {
    const { clientWidth, clientHeight } = this.#canvas;
    const picture = this.#picture;
    const context = this.#canvas.getContext('2d', READABLE);
    if (!picture || !context || !clientWidth) return;
    const density = Math.min(devicePixelRatio, 3);
    this.#canvas.width = Math.round(clientWidth * density);
    this.#canvas.height = Math.round(clientHeight * density);
    context.imageSmoothingQuality = 'high';
    this.#drawBackdrop(context, picture);
    const { scale, left, top } = this.#placed();
    context.drawImage(picture, left, top, this.#photo.width * scale, this.#photo.height * scale);
  }

  /**
   * Fills the room beyond the photo's edge with its colours, as the site will do.
   *
   * @param {CanvasRenderingContext2D} context
   * @param {HTMLImageElement} picture
   */
  #drawBackdrop(context, picture) {
    const small = document.createElement('canvas');
    Object.assign(small, { width: 6, height: 8 });
    const { x, y, width, height } = this.#whole ? { x: 0, y: 0, ...this.#photo } : this.#crop.box;
    const ratio = picture.naturalWidth / this.#photo.width;
    const [left, top] = [Math.max(0, x) * ratio, Math.max(0, y) * ratio];
    const few = small.getContext('2d', READABLE);
    few?.drawImage(picture, left, top, width * ratio, height * ratio, 0, 0, 6, 8);
    context.drawImage(small, 0.5, 0.5, 5, 7, 0, 0, this.#canvas.width, this.#canvas.height);
  }

  /** Where the photo's corner lies on the canvas, and how many canvas pixels one of its pixels takes. */
  #placed() {
    const { width, height } = this.#canvas;
    if (this.#whole) {
      const scale = Math.min(width / this.#photo.width, height / this.#photo.height);
      return { scale, left: (width - this.#photo.width * scale) / 2, top: (height - this.#photo.height * scale) / 2 };
    }
    const { box } = this.#crop;
    const scale = width / box.width;
    return { scale, left: -box.x * scale, top: -box.y * scale };
  }

  /** @param {PointerEvent} event */
  #onDown(event) {
    if (this.#whole || event.button > 0) return;
    this.#canvas.setPointerCapture(event.pointerId);
    this.#held.set(event.pointerId, this.#place(event));
    this.#canvas.classList.add('held');
  }

  /** @param {PointerEvent} event */
  #onMove(event) {
    const before = this.#held.get(event.pointerId);
    if (!before || this.#whole) return;
    const now = this.#place(event);
    const other = [...this.#held].find(([id]) => id !== event.pointerId)?.[1];
    this.#held.set(event.pointerId, now);
    const share = other ? 0.5 : 1; // of two fingers, each moves half
    const { width, height } = this.#crop.box;
    this.#crop.move((before.x - now.x) * width * share, (before.y - now.y) * height * share);
    if (other) this.#crop.scale(apart(before, other) / (apart(now, other) || 1), middle(now, other));
    this.#tell();
  }

  /** @param {PointerEvent} event */
  #onUp(event) {
    this.#held.delete(event.pointerId);
    this.#canvas.classList.toggle('held', this.#held.size > 0);
  }

  /** Only when it is meant: a wheel that merely passes scrolls the page. @param {WheelEvent} event */
  #onWheel(event) {
    if (this.#whole || !(event.ctrlKey || document.activeElement === this.#canvas)) return;
    event.preventDefault();
    this.#crop.scale(Math.exp(event.deltaY * (event.ctrlKey ? 0.01 : 0.0015)), this.#place(event));
    this.#tell();
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    if (this.#whole || event.ctrlKey || event.altKey || event.metaKey || !this.#steer(event.key)) return;
    event.preventDefault();
    this.#tell();
  }

  /** @param {string} key @returns {boolean} whether it means something here */
  #steer(key) {
    const { width, height } = this.#crop.box;
    /** @type {Record<string, () => void>} */
    const acts = {
      ArrowLeft: () => this.#crop.move(-STEP * width, 0),
      ArrowRight: () => this.#crop.move(STEP * width, 0),
      ArrowUp: () => this.#crop.move(0, -STEP * height),
      ArrowDown: () => this.#crop.move(0, STEP * height),
      '+': () => this.#crop.scale(1 / ZOOM_STEP),
      '=': () => this.#crop.scale(1 / ZOOM_STEP),
      '-': () => this.#crop.scale(ZOOM_STEP),
      0: () => this.#crop.reset(),
    };
    acts[key]?.();
    return key in acts;
  }

  #tell() {
    this.draw();
    this.#changed();
  }

  /** Where an event is, 0 … 1 of the canvas. @param {MouseEvent} event */
  #place({ clientX, clientY }) {
    const box = this.#canvas.getBoundingClientRect();
    return { x: (clientX - box.left) / box.width, y: (clientY - box.top) / box.height };
  }
}

/** @typedef {{x: number, y: number}} Point */

/** @param {Point} a @param {Point} b */
function apart(a, b) {
  return Math.hypot(a.x - b.x, a.y - b.y);
}

/** @param {Point} a @param {Point} b */
function middle(a, b) {
  return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
}

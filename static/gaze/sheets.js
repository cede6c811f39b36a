/**
 * Loader of a level: fetches its sheets, decodes each once, cuts it into frames and uploads them in slices so short
 * that a running animation does not notice.
 */
import { GazeFailure, isFailure } from './failure.js';
import { FlatFrames, LevelFrames } from './frames.js';
import { sheetSize } from './grid.js';
import { request } from './request.js';
import { stripsOf } from './strips.js';

/** Milliseconds of cutting and uploading before other tasks get their turn. */
const SLICE = 4;

/**
 * Whether an ImageBitmap is decoded beside the page. Blink does that, and decodes an <img> again when it is drawn;
 * Gecko and WebKit hold up the page for a bitmap (0.7 s a sheet), and decode an <img> beside it. No feature tells
 * which, so the engine is asked by the name that HTML lays down for it.
 */
const BITMAPS_DECODE_ASIDE = navigator.vendor === 'Google Inc.';

/** "RIFF", which a WebP file begins with; the length of all that follows the eighth byte comes next. */
const RIFF = 0x52494646;

/** Bytes that may be on their way to the graphics card; a row of the finest level takes as much. */
const UNDER_WAY = 12e6;

/** Pixels at the edges of frames of odd sizes that take colour from the neighbour: two pixels share one in a photo. */
const BLED = 2;

/** The sheet that is being decoded, cut and uploaded: one at a time on the whole page, it takes up to 189 MB. */
/** @type {Promise<unknown>} */
let busy = Promise.resolve();

/**
 * @typedef {object} Options
 * @property {AbortSignal} signal
 * @property {boolean} tolerant let neighbours stand in for a sheet that fails; otherwise the level fails
 * @property {(frame: Size) => boolean} fits asked once, if the frames have another size than the level says
 * @property {(failure: GazeFailure) => void} onProblem told of each sheet that a neighbour stands in for
 *
 * @typedef {import('./manifest.js').Size} Size
 * @typedef {{source: CanvasImageSource, width: number, height: number, close: () => void}} Picture pixels
 */

/**
 * @param {import('./source.js').Level} level
 * @param {import('./renderer.js').Renderer | null} renderer null keeps the sheets as they are, for a 2-D canvas
 * @param {Options} options
 * @returns {Promise<LevelFrames | FlatFrames>}
 * @throws {GazeFailure} `sheet`, `decode`, `memory`, `context-lost`
 */
export async function loadLevel(level, renderer, options) {
  const frames = renderer ? new LevelFrames(level, drawing(renderer)) : new FlatFrames(level);
  if (!renderer && !document.createElement('canvas').getContext('2d')) throw noRoom();
  const downloads = level.sheets.map((url) => download(url, options));
  const failures = [];
  try {
    for (const [sheet, downloaded] of downloads.entries()) {
      try {
        const blob = await downloaded;
        await inTurn(() => takeSheet(frames, sheet, blob, options));
      } catch (failure) {
        if (!options.tolerant || !isSheetFailure(failure)) throw failure;
        failures.push({ sheet, failure });
      }
    }
    if (failures.length === downloads.length) throw failures[0].failure;
    for (const { sheet, failure } of failures) {
      frames.standIn(sheet);
      options.onProblem(failure);
    }
    return frames;
  } catch (error) {
    frames.delete();
    throw error;
  }
}

/**
 * PixiJS's renderer holds strips itself, the page's own does not.
 *
 * @param {import('./renderer.js').Renderer | import('./frames.js').Strips} renderer
 */
function drawing(renderer) {
  return 'createStrip' in renderer ? renderer : stripsOf(renderer);
}

/** @param {string} url @param {Options} options */
function download(url, { signal }) {
  const blob = fetchBlob(url, signal);
  // The caller that awaits it hears of the failure; until then it must not count as unhandled.
  blob.catch(() => {});
  return blob;
}

/** @param {string} url @param {AbortSignal} signal */
function fetchBlob(url, signal) {
  /** @param {Response} response */
  const read = (response) => response.blob();
  // Another portrait may have come to lie under the same name: the server is asked whether the sheet still holds.
  const init = { signal, cache: /** @type {const} */ ('no-cache') };
  return request(url, { code: 'sheet', name: 'A sheet of the portrait', read, init });
}

/** @param {() => Promise<void>} task */
function inTurn(task) {
  const result = busy.then(task);
  busy = result.catch(() => {});
  return result;
}

/**
 * @param {LevelFrames | FlatFrames} frames
 * @param {number} sheet
 * @param {Blob} blob
 * @param {Options} options
 */
async function takeSheet(frames, sheet, blob, { signal, fits }) {
  signal.throwIfAborted();
  const picture = await decode(blob);
  let kept = false;
  try {
    signal.throwIfAborted();
    const size = frameSize(frames.level, picture);
    if (frames.size === null) {
      frames.size = size;
      if (!sameSize(size, frames.level.frame) && !fits(size)) throw noRoom();
    }
    if (!sameSize(size, frames.size)) throw new GazeFailure('sheet', 'The sheets of the portrait differ in size.');
    if (frames instanceof FlatFrames) {
      frames.keep(sheet, picture);
      kept = true;
    } else {
      await cutAndUpload(frames, sheet, new Cutter(picture.source, size), signal);
    }
  } finally {
    if (!kept) picture.close();
  }
}

/** @param {Size} a @param {Size | null} b */
function sameSize(a, b) {
  return a.width === b?.width && a.height === b.height;
}

function noRoom() {
  return new GazeFailure('memory', 'This device has no room for a finer portrait.');
}

/** @param {Blob} blob @returns {Promise<Picture>} */
async function decode(blob) {
  if (BITMAPS_DECODE_ASIDE) return decodedBitmap(blob);
  if (await isCutOff(blob)) throw undecodable();
  // A page whose policy allows no blob: pictures is held up by the bitmap, but lives.
  return (await decodedImage(blob)) ?? decodedBitmap(blob);
}

/** @param {Blob} blob @returns {Promise<Picture | null>} */
async function decodedImage(blob) {
  const image = new Image();
  const address = URL.createObjectURL(blob);
  const close = () => {
    image.removeAttribute('src');
    URL.revokeObjectURL(address);
  };
  image.src = address;
  try {
    await image.decode();
    return { source: image, width: image.naturalWidth, height: image.naturalHeight, close };
  } catch {
    close();
    return null;
  }
}

/** @param {Blob} blob @returns {Promise<Picture>} */
async function decodedBitmap(blob) {
  try {
    const bitmap = await createImageBitmap(blob, { premultiplyAlpha: 'premultiply' });
    return { source: bitmap, width: bitmap.width, height: bitmap.height, close: () => bitmap.close() };
  } catch {
    throw undecodable();
  }
}

function undecodable() {
  return new GazeFailure('decode', 'A sheet of the portrait is no picture that this browser can decode.');
}

/**
 * Whether a WebP file is shorter than it says: WebKit shows the part that is there, and nothing where the rest was.
 *
 * @param {Blob} blob
 */
async function isCutOff(blob) {
  const head = new DataView(await blob.slice(0, 8).arrayBuffer());
  return head.byteLength === 8 && head.getUint32(0) === RIFF && head.getUint32(4, true) + 8 > blob.size;
}

/**
 * The size that a sheet's frames have; its manifest may be wrong about it, its pixels cannot be.
 *
 * @param {import('./source.js').Level} level
 * @param {Picture} sheet
 */
function frameSize(level, sheet) {
  const { rows, cols } = sheetSize(level);
  const size = { width: sheet.width / cols, height: sheet.height / rows };
  if (!Number.isInteger(size.width) || !Number.isInteger(size.height)) {
    throw new GazeFailure('sheet', `A sheet of ${sheet.width}×${sheet.height} pixels does not hold ${cols}×${rows} frames.`);
  }
  return size;
}

/**
 * @param {LevelFrames} frames
 * @param {number} sheet
 * @param {Cutter} cutter
 * @param {AbortSignal} signal
 */
async function cutAndUpload(frames, sheet, cutter, signal) {
  const { renderer } = frames;
  const { rows, cols } = sheetSize(frames.level);
  const pace = new Pace();
  let underWay = 0;
  for (let row = 0; row < rows; row += 1) {
    const strip = frames.addStrip(sheet);
    for (let col = 0; col < cols; col += 1) {
      renderer.fillLayer(strip, col, cutter.cut(row, col));
      await pace.rest();
      signal.throwIfAborted();
    }
    underWay += strip.bytes;
    if (underWay < UNDER_WAY && row < rows - 1) continue;
    await renderer.drained(frames.epoch);
    underWay = 0;
  }
}

/**
 * Cuts frames out of a sheet through one small canvas. Uploading from a part of the sheet, or from a bitmap of that
 * part, makes Gecko and WebKit convert the whole sheet: 60 to 1,700 ms a frame, where this takes one.
 */
class Cutter {
  #source;
  #size;
  #context;

  /**
   * @param {CanvasImageSource} source a sheet
   * @param {Size} size of its frames
   * @throws {GazeFailure} `memory`
   */
  constructor(source, size) {
    this.#source = source;
    this.#size = size;
    const canvas = Object.assign(document.createElement('canvas'), size);
    // In main memory: a canvas on the graphics card would bring the whole sheet there first.
    const context = canvas.getContext('2d', { willReadFrequently: true });
    if (!context) throw noRoom();
    this.#context = context;
  }

  /**
   * @param {number} row of the sheet
   * @param {number} col of the sheet
   * @returns {HTMLCanvasElement} the frame there, until the next one is cut
   * @throws {GazeFailure} `memory`
   */
  cut(row, col) {
    const { width, height } = this.#size;
    try {
      this.#context.clearRect(0, 0, width, height);
      this.#context.drawImage(this.#source, col * width, row * height, width, height, 0, 0, width, height);
      if (width % 2 || height % 2) this.#coverEdges();
    } catch {
      throw noRoom();
    }
    return this.#context.canvas;
  }

  /** Repeats what lies inside over the edges. */
  #coverEdges() {
    const { width, height } = this.#size;
    const { canvas } = this.#context;
    for (const [from, to] of [[BLED, 0], [width - BLED - 1, width - BLED]]) {
      this.#context.drawImage(canvas, from, 0, 1, height, to, 0, BLED, height);
    }
    for (const [from, to] of [[BLED, 0], [height - BLED - 1, height - BLED]]) {
      this.#context.drawImage(canvas, 0, from, width, 1, 0, to, width, BLED);
    }
  }
}

class Pace {
  #since = performance.now();

  /** Pauses when the slice is used up. */
  async rest() {
    if (performance.now() - this.#since > SLICE) await this.pause();
  }

  async pause() {
    await otherTasks();
    this.#since = performance.now();
  }
}

function otherTasks() {
  // Not in the background: a page that is always a little busy would never let us continue.
  if ('scheduler' in globalThis) return scheduler.postTask(() => {});
  return new Promise((resolve) => setTimeout(resolve));
}

/** @param {unknown} error @returns {error is GazeFailure} */
function isSheetFailure(error) {
  return isFailure(error) && ['sheet', 'decode'].includes(error.code);
}

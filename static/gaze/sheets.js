/**
 * Loads a level: fetches its sheets, decodes each once, cuts it into frames and uploads them in slices so short
 * that a running animation does not notice.
 */
import { GazeFailure } from './failure.js';
import { LevelFrames } from './frames.js';
import { sheetSize } from './grid.js';

/** Milliseconds of cutting and uploading before other tasks get their turn. */
const SLICE = 4;

/** Bytes of frames that are cut at once: small ones wait for each other longer than cutting them takes. */
const CUT_AT_ONCE = 1.5e6;

/** Bytes that may be on their way to the graphics card; a row of the finest level takes as much. */
const UNDER_WAY = 12e6;

/** The sheet that is being decoded, cut and uploaded: one at a time on the whole page, it takes up to 189 MB. */
let busy = Promise.resolve();

/**
 * @param {import('./source.js').Level} level
 * @param {import('./renderer.js').Renderer} renderer
 * @param {object} options
 * @param {AbortSignal} options.signal
 * @param {boolean} options.tolerant let neighbours stand in for a sheet that fails; otherwise the level fails
 * @param {(frame: {width: number, height: number}) => boolean} options.fits asked once, if the frames have another
 *   size than the level says
 * @param {(failure: GazeFailure) => void} options.onProblem told of each sheet that a neighbour stands in for
 * @returns {Promise<LevelFrames>}
 * @throws {GazeFailure} `sheet`, `decode`, `memory`, `context-lost`
 */
export async function loadLevel(level, renderer, options) {
  const frames = new LevelFrames(level, renderer);
  const downloads = level.sheets.map((url) => download(url, options));
  const failures = [];
  try {
    for (const [sheet, downloaded] of downloads.entries()) {
      try {
        const blob = await downloaded;
        await inTurn(() => takeSheet(frames, sheet, blob, renderer, options));
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

function download(url, { signal }) {
  const blob = fetchBlob(url, signal);
  // Whoever awaits it hears of the failure; until then it must not count as unhandled.
  blob.catch(() => {});
  return blob;
}

async function fetchBlob(url, signal) {
  try {
    // Another portrait may have come to lie under the same name: the server is asked whether the sheet still holds.
    const response = await fetch(url, { signal, cache: 'no-cache' });
    if (!response.ok) throw new Error(`status ${response.status}`);
    return await response.blob();
  } catch (error) {
    signal.throwIfAborted();
    throw new GazeFailure('sheet', `A sheet of the portrait cannot be loaded (${error.message}).`);
  }
}

function inTurn(task) {
  const result = busy.then(task);
  busy = result.catch(() => {});
  return result;
}

async function takeSheet(frames, sheet, blob, renderer, { signal, fits }) {
  signal.throwIfAborted();
  const bitmap = await decode(blob);
  try {
    signal.throwIfAborted();
    const size = frameSize(frames.level, bitmap);
    if (frames.size === null) {
      frames.size = size;
      if (!sameSize(size, frames.level.frame) && !fits(size)) throw noRoom();
    }
    if (!sameSize(size, frames.size)) throw new GazeFailure('sheet', 'The sheets of the portrait differ in size.');
    await cutAndUpload(frames, sheet, bitmap, renderer, signal);
  } finally {
    bitmap.close();
  }
}

function sameSize(a, b) {
  return a?.width === b?.width && a?.height === b?.height;
}

function noRoom() {
  return new GazeFailure('memory', 'This device has no room for a finer portrait.');
}

async function decode(blob) {
  try {
    return await createImageBitmap(blob, { premultiplyAlpha: 'premultiply' });
  } catch {
    throw new GazeFailure('decode', 'A sheet of the portrait is no picture that this browser can decode.');
  }
}

/** The size that a sheet's frames have; its manifest may be wrong about it, its pixels cannot be. */
function frameSize(level, bitmap) {
  const { rows, cols } = sheetSize(level);
  const size = { width: bitmap.width / cols, height: bitmap.height / rows };
  if (!Number.isInteger(size.width) || !Number.isInteger(size.height)) {
    throw new GazeFailure('sheet', `A sheet of ${bitmap.width}×${bitmap.height} pixels does not hold ${cols}×${rows} frames.`);
  }
  return size;
}

async function cutAndUpload(frames, sheet, bitmap, renderer, signal) {
  const { rows, cols } = sheetSize(frames.level);
  const { width, height } = frames.size;
  const pace = new Pace();
  const together = Math.max(1, Math.floor(CUT_AT_ONCE / (width * height * 4)));
  let underWay = 0;
  for (let row = 0; row < rows; row += 1) {
    const strip = frames.addStrip(sheet);
    for (let col = 0; col < cols; col += together) {
      const count = Math.min(together, cols - col);
      const cuts = Array.from({ length: count }, (_, i) => cut(bitmap, (col + i) * width, row * height, width, height));
      for (const [i, frame] of (await Promise.all(cuts)).entries()) {
        renderer.fillLayer(strip, col + i, frame);
        frame.close();
      }
      await pace.rest();
      signal.throwIfAborted();
    }
    underWay += strip.bytes;
    if (underWay < UNDER_WAY && row < rows - 1) continue;
    await renderer.drained(frames.epoch, () => pace.pause());
    underWay = 0;
  }
}

async function cut(bitmap, x, y, width, height) {
  try {
    return await createImageBitmap(bitmap, x, y, width, height);
  } catch {
    throw noRoom();
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
  if (globalThis.scheduler?.postTask) return scheduler.postTask(() => {});
  return new Promise((resolve) => setTimeout(resolve));
}

function isSheetFailure(error) {
  return error instanceof GazeFailure && ['sheet', 'decode'].includes(error.code);
}

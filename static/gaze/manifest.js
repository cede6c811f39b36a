/**
 * Reader of manifest.json, version 1. The Python reader (gpuworker/contract.py) keeps the same rules and shares
 * tests/golden/manifest.json and refused-manifests.json: a change to one is a change to all.
 */
import { GazeFailure } from './failure.js';

const VERSION = 1;

/** Formats that a rig's photo may have, best first; the last one is always there. */
export const PHOTO_FORMATS = /** @type {const} */ (['avif', 'webp']);

/** Frame that is assumed while nothing is known about a portrait: the one that most have. @type {Size} */
export const USUAL_FRAME = { width: 410, height: 512 };

/**
 * @typedef {{width: number, height: number}} Size pixels
 * @typedef {Record<string, unknown>} Unread parsed JSON that may hold anything
 * @typedef {{name: string, kind: 'sheets', rows: number, cols: number, x: number[], y: number[], frame: Size,
 *   sheets: string[]}} ManifestLevel
 * @typedef {{webp: string, avif?: string}} Photo
 * @typedef {{name: string, kind: 'rig', rig: string, photo: Photo, frame: Size}} ManifestRig `frame`: the photo's size
 * @typedef {{version: 1, engine: string, synthetic: boolean, frame: Size, alpha: boolean, poster: string,
 *   complete: boolean, levels: (ManifestLevel | ManifestRig)[]}} Manifest
 */

/**
 * @param {unknown} data parsed JSON
 * @returns {Manifest} without the levels of a kind that this version does not know
 * @throws {GazeFailure} `manifest`
 */
export function readManifest(data) {
  if (!isObject(data) || data.version !== VERSION) throw unusable('it is not a manifest of version 1');
  const { engine } = data;
  if (typeof engine !== 'string') throw unusable('it names no engine');
  demand(Array.isArray(data.levels) && data.levels.every(isObject), 'it lists no levels');
  for (const flag of ['alpha', 'synthetic', 'complete']) demand(flag in data, `it lacks ${flag}`);
  const levels = /** @type {Unread[]} */ (data.levels);
  demand(levels.every((level) => 'kind' in level), 'a level is of no kind');
  return {
    version: VERSION,
    engine,
    synthetic: Boolean(data.synthetic),
    frame: readSize(data.frame),
    alpha: Boolean(data.alpha),
    poster: readFileName(data.poster),
    complete: Boolean(data.complete),
    levels: levels
      .filter(({ kind }) => kind === 'rig' || kind === 'sheets')
      .map((level) => (level.kind === 'rig' ? readRigLevel(level) : readLevel(level))),
  };
}

/** @param {Unread} data @returns {ManifestLevel} */
function readLevel(data) {
  if (!Array.isArray(data.sheets)) throw unusable('a level lists no sheets');
  const x = readValues(data.x);
  const y = readValues(data.y);
  /** @type {ManifestLevel} */
  const level = {
    name: String(data.name),
    kind: 'sheets',
    rows: y.length,
    cols: x.length,
    x,
    y,
    frame: readSize(data.frame),
    sheets: data.sheets.map(readFileName),
  };
  const fits = data.cols === level.cols && data.rows === level.rows && [1, 4].includes(level.sheets.length);
  demand(fits, `level ${level.name} does not fit its own grid`);
  return level;
}

/** @param {Unread} data @returns {ManifestRig} */
function readRigLevel({ name, rig, photo, frame }) {
  if (!isObject(photo) || !('webp' in photo)) throw unusable("a rig's photo has no webp");
  const formats = PHOTO_FORMATS.filter((format) => format in photo);
  const files = Object.fromEntries(formats.map((format) => [format, readFileName(photo[format])]));
  const names = /** @type {Photo} */ (/** @type {unknown} */ (files));
  return { name: String(name), kind: 'rig', rig: readFileName(rig), photo: names, frame: readSize(frame) };
}

/** @param {unknown} data @returns {number[]} */
function readValues(data) {
  const usable = Array.isArray(data) && data.length > 0 && data.every(Number.isFinite);
  if (!usable) throw unusable('a level has no grid values');
  return [...data];
}

/** @param {unknown} data @returns {Size} */
function readSize(data) {
  if (!isObject(data) || !isLength(data.width) || !isLength(data.height)) throw unusable('a size is missing');
  return { width: data.width, height: data.height };
}

/** A plain file name: nothing that leaves the manifest's own folder. @param {unknown} name @returns {string} */
function readFileName(name) {
  const plain = typeof name === 'string' && name !== '' && !name.startsWith('.') && !/[/\\:?#"<>]/.test(name);
  if (!plain) throw unusable(`${JSON.stringify(name)} is not a plain file name`);
  return name;
}

/** @param {unknown} data @returns {data is number} */
function isLength(data) {
  return Number.isInteger(data) && Number(data) > 0;
}

/** @param {unknown} data @returns {data is Unread} */
function isObject(data) {
  return typeof data === 'object' && data !== null && !Array.isArray(data);
}

/** @param {boolean} condition @param {string} complaint */
function demand(condition, complaint) {
  if (!condition) throw unusable(complaint);
}

/** @param {string} complaint */
function unusable(complaint) {
  return new GazeFailure('manifest', `The portrait's manifest cannot be used: ${complaint}.`);
}

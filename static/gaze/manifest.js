/**
 * Reads manifest.json, version 1. The Python reader (gpuworker/contract.py) keeps the same rules and shares
 * tests/golden/manifest.json; whoever changes one changes all three.
 */
import { GazeFailure } from './failure.js';

const VERSION = 1;

/**
 * @typedef {{width: number, height: number}} Size pixels
 * @typedef {{name: string, kind: 'sheets', rows: number, cols: number, x: number[], y: number[], frame: Size,
 *   sheets: string[]}} ManifestLevel
 * @typedef {{version: 1, engine: string, synthetic: boolean, frame: Size, alpha: boolean, poster: string,
 *   complete: boolean, levels: ManifestLevel[]}} Manifest
 */

/**
 * @param {unknown} data parsed JSON
 * @returns {Manifest} without the levels of a kind that this version does not know
 * @throws {GazeFailure} `manifest`
 */
export function readManifest(data) {
  demand(isObject(data) && data.version === VERSION, 'it is not a manifest of version 1');
  demand(typeof data.engine === 'string', 'it names no engine');
  demand(Array.isArray(data.levels) && data.levels.every(isObject), 'it lists no levels');
  for (const flag of ['alpha', 'synthetic', 'complete']) demand(flag in data, `it lacks ${flag}`);
  demand(data.levels.every((level) => 'kind' in level), 'a level is of no kind');
  return {
    version: VERSION,
    engine: data.engine,
    synthetic: Boolean(data.synthetic),
    frame: readSize(data.frame),
    alpha: Boolean(data.alpha),
    poster: readFileName(data.poster),
    complete: Boolean(data.complete),
    levels: data.levels.filter((level) => level.kind === 'sheets').map(readLevel),
  };
}

function readLevel(data) {
  demand(Array.isArray(data.sheets), 'a level lists no sheets');
  const level = {
    name: String(data.name),
    kind: 'sheets',
    rows: data.rows,
    cols: data.cols,
    x: readValues(data.x),
    y: readValues(data.y),
    frame: readSize(data.frame),
    sheets: data.sheets.map(readFileName),
  };
  const fits = level.x.length === level.cols && level.y.length === level.rows && [1, 4].includes(level.sheets.length);
  demand(fits, `level ${level.name} does not fit its own grid`);
  return level;
}

function readValues(data) {
  demand(Array.isArray(data) && data.length > 0 && data.every(Number.isFinite), 'a level has no grid values');
  return [...data];
}

function readSize(data) {
  demand(isObject(data) && [data.width, data.height].every((n) => Number.isInteger(n) && n > 0), 'a size is missing');
  return { width: data.width, height: data.height };
}

/** A plain file name: nothing that leaves the manifest's own folder. */
function readFileName(name) {
  const plain = typeof name === 'string' && name !== '' && !name.startsWith('.') && !/[/\\:?#"<>]/.test(name);
  demand(plain, `${JSON.stringify(name)} is not a plain file name`);
  return name;
}

function isObject(data) {
  return typeof data === 'object' && data !== null && !Array.isArray(data);
}

function demand(condition, complaint) {
  if (!condition) throw new GazeFailure('manifest', `The portrait's manifest cannot be used: ${complaint}.`);
}

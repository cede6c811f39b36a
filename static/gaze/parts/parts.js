/**
 * Parts of the script, each loaded when it is needed. Where the page pins the script with `integrity`, a part is pinned
 * to what it was when both were bundled.
 */
import { GazeFailure } from '../failure.js';

/** Values of `integrity`, by file name; the bundler writes them. @type {Record<string, string>} */
const INTEGRITY = {};

/** @returns {Promise<typeof import('./rig.js')>} @throws {GazeFailure} `rig` */
export function rigPart() {
  return load('rig', 'gaze-tracker-rig.min.js', () => import('./rig.js'));
}

/** @returns {Promise<typeof import('./sheets.js')>} @throws {GazeFailure} `sheet` */
export function sheetsPart() {
  return load('sheet', 'gaze-tracker-sheets.min.js', () => import('./sheets.js'));
}

/** @returns {Promise<typeof import('../pixi.js')>} @throws {GazeFailure} `pixi` */
export function pixiPart() {
  return load('pixi', 'gaze-tracker-pixi.min.js', () => import('../pixi.js'));
}

/**
 * @template Part
 * @param {import('../failure.js').FailureCode} code
 * @param {string} name of the part's file in the bundle
 * @param {() => Promise<Part>} importPart
 * @returns {Promise<Part>}
 */
async function load(code, name, importPart) {
  try {
    if (INTEGRITY[name] && isPinned()) await verify(name);
    return await importPart();
  } catch {
    throw new GazeFailure(code, `The script ${name} of the portrait cannot be loaded.`, { temporary: true });
  }
}

/** @returns {boolean} whether the page names the hash of this script, and this browser can check that of a module */
function isPinned() {
  const here = import.meta.url;
  const pinned = [...document.scripts].some(({ src, integrity }) => integrity && src === here);
  return pinned && document.createElement('link').relList.supports('modulepreload');
}

/**
 * Loads a part as a module that can be imported next, if it has the hash that was written down.
 *
 * @param {string} name
 * @returns {Promise<unknown>} rejected when it has not, or is not there
 */
function verify(name) {
  const { href } = new URL(name, import.meta.url);
  const attributes = { rel: 'modulepreload', crossOrigin: 'anonymous', integrity: INTEGRITY[name], href };
  return new Promise((resolve, reject) => {
    const link = Object.assign(document.createElement('link'), attributes, { onload: resolve, onerror: reject });
    document.head.append(link);
  });
}

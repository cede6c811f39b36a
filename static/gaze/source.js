/**
 * Parser of the attributes `src`, `mode` and `grid`: a manifest, a list of sheets, or the folder of an older portrait.
 */
import { GazeFailure } from './failure.js';
import { sheetValues } from './grid.js';
import { readManifest } from './manifest.js';
import { request } from './request.js';

const DEFAULT_GRID = 30;
const MOST_STEPS = 64;

/** Where the import map of a page has PixiJS. */
const PIXI = 'pixi.js';

/**
 * @typedef {import('./manifest.js').Size} Size
 * @typedef {{name: string, rows: number, cols: number, x: number[], y: number[], frame: Size | null,
 *   sheets: string[]}} Level `sheets` are absolute addresses; `frame` is null until a sheet has been decoded
 * @typedef {{name: string, rig: string, photo: import('./manifest.js').Photo, frame: Size}} RigLevel as the manifest
 *   has it, with absolute addresses
 * @typedef {{engine: string, frame: Size | null, alpha: boolean, poster: string | null, complete: boolean,
 *   rig: RigLevel | null, levels: Level[]}} Description what may be loaded right now
 * @typedef {({manifest: string} | {description: Description}) & {key: string, pixi?: string}} Source `key` is equal for
 *   attributes that ask for the same thing; `pixi`: where PixiJS is, which shall draw the sheets
 */

/**
 * @typedef {{src: string, mode?: string | null, grid?: string | null}} PictureAttributes
 * @param {PictureAttributes & {renderer?: string | null, 'pixi-src'?: string | null}} attributes
 * @param {string} base the page's own base address
 * @returns {Source}
 * @throws {GazeFailure} `source`
 */
export function parseSource({ renderer, 'pixi-src': script, ...attributes }, base) {
  const source = parsePicture(attributes, base);
  if (renderer !== 'pixi') return source;
  const pixi = script ? absolute(script, base) : PIXI;
  return { ...source, key: `${source.key} ${pixi}`, pixi };
}

/** @param {string} address @param {string} base @returns {string} the same where it is none: its import will say so */
function absolute(address, base) {
  return URL.canParse(address, base) ? new URL(address, base).href : address;
}

/**
 * @param {PictureAttributes} attributes
 * @param {string} base
 * @returns {Source}
 */
function parsePicture({ src, mode = null, grid = null }, base) {
  if (mode === 'single') return listed([safeUrl(src, base)], mode, grid);
  const parts = splitList(src);
  if (parts.length > 1) return listed(parts.map((part) => safeUrl(part, base)), mode, grid);
  const url = safeUrl(src, base);
  return isManifest(url) ? { key: `manifest ${url}`, manifest: url } : folder(url);
}

/**
 * @param {Source} source
 * @param {AbortSignal} signal
 * @returns {Promise<Description>}
 * @throws {GazeFailure} `manifest`
 */
export async function describe(source, signal) {
  if ('description' in source) return source.description;
  const manifest = readManifest(await fetchJson(source.manifest, signal));
  /** @param {string} name */
  const address = (name) => new URL(encodeURIComponent(name), source.manifest).href;
  /** @type {Description} */
  const description = { ...manifest, poster: address(manifest.poster), rig: null, levels: [] };
  for (const level of manifest.levels) {
    if (level.kind === 'sheets') {
      description.levels.push({ ...level, sheets: level.sheets.map(address) });
    } else {
      const { webp, avif } = level.photo;
      const photo = { webp: address(webp), ...(avif && { avif: address(avif) }) };
      description.rig ??= { ...level, rig: address(level.rig), photo };
    }
  }
  return description;
}

/**
 * @param {string} text an address from an attribute
 * @param {string} base
 * @returns {boolean} whether it is http(s), blob: or a data: picture
 */
export function isSafe(text, base) {
  try {
    const { protocol, href } = new URL(text, base);
    return ['http:', 'https:', 'blob:'].includes(protocol) || href.startsWith('data:image/');
  } catch {
    return false;
  }
}

/** @param {string} text @param {string} base */
function safeUrl(text, base) {
  if (!isSafe(text, base)) throw new GazeFailure('source', 'src is not an address that a portrait can be loaded from.');
  return new URL(text, base).href;
}

/** Splits at commas, except at the one that every data: address has. @param {string} text */
function splitList(text) {
  /** @type {string[]} */
  const parts = [];
  for (const part of text.split(',')) {
    if (/^\s*data:[^,]*$/.test(parts.at(-1) ?? '')) parts.push(`${parts.pop()},${part}`);
    else parts.push(part);
  }
  return parts;
}

/** @param {string} url */
function isManifest(url) {
  return new URL(url).pathname.endsWith('.json');
}

/**
 * @param {string[]} sheets
 * @param {string | null} mode
 * @param {string | null} grid
 * @returns {Source}
 */
function listed(sheets, mode, grid) {
  const steps = grid === null ? DEFAULT_GRID : Number(grid);
  const quadrants = mode !== 'single';
  if (!Number.isInteger(steps) || steps < 1 || steps > MOST_STEPS || (quadrants && steps % 2)) {
    throw new GazeFailure('source', 'grid is not a number of steps that these sheets can have.');
  }
  if (sheets.length !== (quadrants ? 4 : 1)) {
    throw new GazeFailure('source', 'src lists four sheets (mode="quadrants") or one (mode="single").');
  }
  return described([plainLevel('sheets', steps, sheets)], null);
}

/**
 * The folder of a portrait made by the original: q0 … q3 of 30×30, q0_20 … q3_20 of 20×20, input.jpg.
 *
 * @param {string} url
 */
function folder(url) {
  /** @param {string} name */
  const inside = (name) => {
    const address = new URL(url);
    address.pathname = `${address.pathname.replace(/\/+$/, '')}/${name}`;
    return address.href;
  };
  /** @param {string} ending */
  const quadrants = (ending) => [0, 1, 2, 3].map((n) => inside(`q${n}${ending}.webp`));
  const levels = [plainLevel('mobile', 20, quadrants('_20')), plainLevel('full', 30, quadrants(''))];
  return described(levels, inside('input.jpg'));
}

/** @param {string} name @param {number} steps @param {string[]} sheets @returns {Level} */
function plainLevel(name, steps, sheets) {
  const values = sheetValues(steps);
  return { name, rows: steps, cols: steps, x: values, y: values, frame: null, sheets };
}

/** @param {Level[]} levels @param {string | null} poster @returns {Source} */
function described(levels, poster) {
  const key = JSON.stringify(levels.map((level) => [level.rows, ...level.sheets]));
  return { key, description: { engine: '', frame: null, alpha: false, poster, complete: true, rig: null, levels } };
}

/** @param {string} url @param {AbortSignal} signal @returns {Promise<unknown>} */
function fetchJson(url, signal) {
  /** @param {Response} response */
  const read = (response) => response.json();
  // A manifest grows several times a second: not even asking whether it is newer would be quick enough.
  const init = { signal, cache: /** @type {const} */ ('no-store') };
  return request(url, { code: 'manifest', name: "The portrait's manifest", read, init });
}

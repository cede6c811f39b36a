/**
 * Reader of rig.bin, version 1: the measured face that the shaders turn (docs/rig.md). A rig is data from strangers:
 * every length and range is checked before use. The Python reader (gpuworker/rig) keeps the same rules and shares
 * tests/golden/rig.bin and rig.json: a change to one is a change to all.
 */
import { GazeFailure, isFailure } from '../failure.js';

const VERSION = 1;
const MAGIC = 'RIG1';
const HEADER = 8;

/** Pixels between two grid points. */
export const STEP = 4;

/** Bytes of JSON at most. */
const LARGEST_HEADER = 65536;

/** Pixels a side of the atlas at most; every WebGL 2 takes that. */
const LARGEST_ATLAS = 2048;

/** How far a direction may differ from the length 1. */
const UNIT_TOLERANCE = 0.001;

/** Largest height as a share of the camera's distance: the picture would be seen from inside the head. */
const STEEPEST = 0.75;

/** Source pixels: no place in a picture is farther out. */
const FAR = 5120;

/**
 * @typedef {'too-short' | 'magic' | 'header-length' | 'json' | 'version' | 'missing' | 'range' | 'parts' | 'inflate' |
 *   'fields-length' | 'atlas'} DamageKind
 * @typedef {number[]} Numbers
 * @typedef {{centre: Numbers, right: Numbers, width: number, eyeSpan: number, distance: number, gain: number,
 *   yawGain: number, yawMore: Numbers}} Head frame pixels
 * @typedef {{box: Numbers, middle: Numbers, along: Numbers, width: number, inner: number, iris: Numbers,
 *   ahead: number, photoY: number, radius: number, softness: number, travel: Numbers, white: Numbers, whiteAt: Numbers,
 *   texture: Numbers, reach: number, closes: boolean, lid: Lid | null, over: Numbers | null,
 *   lids: Float32Array}} Eye source pixels; `lids`: the upper margin's v, then the lower one's; `photoY`: grid units
 * @typedef {{place: Numbers, at: Numbers, lashes: Numbers}} Lid closed
 * @typedef {Record<'travelV' | 'upperTravel' | 'lowerTravel' | 'fold' | 'lashes' | 'lowerMargin' | 'shadow' |
 *   'shadowDepth' | 'ball' | 'restReach' | 'browRaise' | 'inPlane', number>} Model the engine's constants
 * @typedef {{frame: Numbers, supersampling: number, alpha: boolean, intensity: number, grid: Numbers, curve: number,
 *   head: Head, model: Model, eyes: Eye[], height: Float32Array, brows: Float32Array, atlas: Uint8Array}} Rig
 *   `height`: frame pixels, by grid point; `brows`: 0 … 1; `atlas`: a WebP file
 *
 * @typedef {Record<string, unknown>} Unread parsed JSON that may hold anything
 * @typedef {[count: number, low: number, high: number, whole?: boolean]} Rule `count` 0: a number; else that many
 */

/** @type {Record<string, Rule>} */
const SHAPE = {
  frame: [2, 64, 640, true],
  supersampling: [0, 1, 4, true],
  intensity: [0, 0.25, 1.5],
  grid: [2, 1, 640, true],
  step: [0, STEP, STEP],
  heightUnit: [0, 1 / 1024, 1],
  curve: [0, 2, 257, true],
  curveUnit: [0, 1 / 1024, 1],
};

/** @type {Record<string, Rule>} */
const HEAD = {
  centre: [2, -FAR, FAR],
  right: [2, -1.001, 1.001],
  width: [0, 8, 4096],
  eyeSpan: [0, 4, 4096],
  distance: [0, 64, 16384],
  gain: [0, 0.2, 1],
  yawGain: [0, 0.4, 1],
};

/** @type {Record<string, Rule>} */
const MODEL = {
  travelV: [0, 0, 0.02],
  upperTravel: [0, 0, 0.02],
  lowerTravel: [0, 0, 0.02],
  fold: [0, 0.1, 1],
  lashes: [0, 0, 0.2],
  lowerMargin: [0, 0, 0.2],
  shadow: [0, 0, 1],
  shadowDepth: [0, 0.01, 1],
  ball: [0, 1, 10],
  restReach: [0, 0.1, 30],
  browRaise: [0, 0, 0.02],
  inPlane: [0, 0.01, 2],
};

/** @type {Record<string, Rule>} */
const EYE = {
  box: [4, 0, 2560, true],
  middle: [2, -FAR, FAR],
  along: [2, -1.001, 1.001],
  width: [0, 16, 2560],
  inner: [0, -1, 1, true],
  iris: [2, -2560, 2560],
  radius: [0, 1, 2560],
  travel: [2, 0, 1],
  white: [4, 0, LARGEST_ATLAS, true],
  whiteAt: [2, 0, 2560, true],
  texture: [4, 0, LARGEST_ATLAS, true],
  reach: [0, 1, LARGEST_ATLAS / 2, true],
};

/**
 * Older rigs lack it.
 *
 * @type {Record<string, Rule>}
 */
const YAW_MORE = { yawMore: [2, 1, 2] };

/**
 * Older rigs lack these: their eyes look straight ahead as photographed.
 *
 * @type {Record<string, Rule>}
 */
const AHEAD = { ahead: [0, -2560, 2560] };
/** @type {Record<string, Rule>} */
const PHOTO_Y = { photoY: [0, -60, 60] };

/**
 * Where hair hangs over the eye.
 *
 * @type {Record<string, Rule>}
 */
const OVER = { over: [4, 0, LARGEST_ATLAS, true] };

/**
 * Older rigs lack it: their edges are sharp.
 *
 * @type {Record<string, Rule>}
 */
const SOFTNESS = { softness: [0, 0, 2560] };

/**
 * Older rigs lack it: their eyes stay open.
 *
 * @type {Record<string, Rule>}
 */
const LID = { place: [4, 0, LARGEST_ATLAS, true], at: [2, 0, 2560, true], lashes: [3, 0, 1] };

/**
 * @param {ArrayBuffer} buffer a whole file
 * @returns {Promise<Rig>}
 * @throws {GazeFailure} `rig`, with the kind of damage in `kind`
 */
export async function readRig(buffer) {
  const [data, rest] = split(buffer);
  const rig = read(data);
  const parts = /** @type {Unread} */ (object(data, 'parts'));
  const packed = part(parts, 'fields', rest);
  rig.atlas = rig.eyes.length ? part(parts, 'atlas', rest) : new Uint8Array();
  if (rig.eyes.length) checkAtlas(rig);
  const { heightUnit, curveUnit } = /** @type {Record<string, number>} */ (data);
  const points = rig.grid[0] * rig.grid[1];
  const next = fields(await inflate(packed, 2 * (2 * points + 2 * rig.curve * rig.eyes.length)));
  const [cols, rows] = rig.grid;
  rig.height = next('height', cols, rows, heightUnit, [0, STEEPEST * rig.head.distance]);
  rig.brows = next('brows', cols, rows, 1 / 255, [0, 1]);
  for (const eye of rig.eyes) eye.lids = next('lids', rig.curve, 2, curveUnit, [-eye.width, eye.width]);
  return rig;
}

/** @param {ArrayBuffer} buffer @returns {[Unread, Uint8Array]} the JSON, and what follows it */
function split(buffer) {
  const bytes = new Uint8Array(buffer);
  demand(bytes.length >= HEADER, 'too-short');
  demand(String.fromCharCode(...bytes.subarray(0, 4)) === MAGIC, 'magic');
  const length = new DataView(buffer).getUint32(4, true);
  const end = HEADER + length;
  demand(length <= LARGEST_HEADER && end <= bytes.length, 'header-length');
  let data;
  try {
    data = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(HEADER, end)));
  } catch {
    throw damaged('json');
  }
  demand(isObject(data), 'json');
  return [data, bytes.subarray(end)];
}

/** @param {Unread} data @returns {Rig} without what the parts hold */
function read(data) {
  demand(data.version === VERSION, 'version');
  const rig = { ...numbers(data, SHAPE), alpha: flag(data, 'alpha') };
  const own = object(data, 'head');
  rig.head = { yawMore: [1, 1], ...numbers(own, HEAD), ...('yawMore' in own && numbers(own, YAW_MORE)) };
  rig.model = numbers(object(data, 'model'), MODEL);
  const { frame, grid, head } = /** @type {Rig} */ (rig);
  demand(isUnit(head.right), 'range', 'head.right');
  demand(grid.every((points, i) => points === Math.floor(frame[i] / STEP) + 1), 'range', 'grid');
  demand('eyes' in data, 'missing', 'eyes');
  const { eyes } = data;
  if (!Array.isArray(eyes) || eyes.length > 2) throw damaged('range', 'eyes');
  rig.eyes = eyes.map((eye) => readEye(eye, rig));
  return rig;
}

/** @param {unknown} data @param {Rig} rig */
function readEye(data, { frame, supersampling }) {
  if (!isObject(data)) throw damaged('range', 'eyes');
  const eye = { ...numbers(data, EYE), closes: flag(data, 'closes') };
  eye.ahead = 'ahead' in data ? numbers(data, AHEAD).ahead : eye.iris[0];
  eye.photoY = 'photoY' in data ? numbers(data, PHOTO_Y).photoY : 0;
  eye.softness = 'softness' in data ? numbers(data, SOFTNESS).softness : 0;
  eye.lid = 'lid' in data ? numbers(object(data, 'lid'), LID) : null;
  eye.over = 'over' in data ? numbers(data, OVER).over : null;
  const [x0, y0, x1, y1] = eye.box;
  const { width, iris, radius, reach, white, whiteAt, texture } = eye;
  const inside = x0 < x1 && y0 < y1 && x1 <= frame[0] * supersampling && y1 <= frame[1] * supersampling;
  demand(inside, 'range', 'box');
  demand(eye.inner !== 0, 'range', 'inner');
  demand(isUnit(eye.along), 'range', 'along');
  demand(Math.max(...iris.map(Math.abs), Math.abs(eye.ahead), radius, eye.softness) <= width, 'range', 'iris');
  demand(Math.min(...places(eye).flatMap((place) => place.slice(2))) > 0, 'range', 'white');
  demand(whiteAt[0] + white[2] <= x1 - x0 && whiteAt[1] + white[3] <= y1 - y0, 'range', 'whiteAt');
  demand(texture[2] === 2 * reach + 1 && texture[3] === texture[2], 'range', 'texture');
  return eye;
}

/**
 * @param {Unread} data
 * @param {Record<string, Rule>} rules
 * @returns {any} the numbers that the rules name
 */
function numbers(data, rules) {
  /** @type {Unread} */
  const taken = {};
  for (const [name, [count, low, high, whole]] of Object.entries(rules)) {
    demand(name in data, 'missing', name);
    const list = count ? data[name] : [data[name]];
    /** @param {unknown} value */
    const fits = (value) => {
      const number = whole ? Number.isInteger(value) : Number.isFinite(value);
      return number && Number(value) >= low && Number(value) <= high;
    };
    if (!Array.isArray(list) || list.length !== (count || 1) || !list.every(fits)) throw damaged('range', name);
    taken[name] = count ? [...list] : list[0];
  }
  return taken;
}

/** @param {Unread} data @param {string} name */
function flag(data, name) {
  demand(name in data, 'missing', name);
  demand(typeof data[name] === 'boolean', 'range', name);
  return data[name];
}

/** @param {Unread} data @param {string} name @returns {Unread} */
function object(data, name) {
  demand(name in data, 'missing', name);
  const value = data[name];
  if (!isObject(value)) throw damaged('range', name);
  return value;
}

/** @param {Unread} parts @param {string} name @param {Uint8Array} rest @returns {Uint8Array} */
function part(parts, name, rest) {
  demand(name in parts, 'missing', name);
  const place = parts[name];
  const whole = Array.isArray(place) && place.length === 2 && place.every((n) => Number.isInteger(n) && n >= 0);
  if (!whole || place[0] + place[1] > rest.length) throw damaged('parts', name);
  return rest.subarray(place[0], place[0] + place[1]);
}

/** Size and format of the atlas are read from its head: only then may a decoder have it. @param {Rig} rig */
function checkAtlas({ atlas, eyes }) {
  demand(atlas.length > 25, 'atlas');
  const head = new DataView(atlas.buffer, atlas.byteOffset);
  const name = String.fromCharCode(...atlas.subarray(0, 4), ...atlas.subarray(8, 16));
  demand(name === 'RIFFWEBPVP8L' && head.getUint32(4, true) + 8 === atlas.length, 'atlas');
  const bits = head.getUint32(21, true);
  const width = (bits & 0x3fff) + 1;
  const height = ((bits >> 14) & 0x3fff) + 1;
  demand(width <= LARGEST_ATLAS && height <= LARGEST_ATLAS, 'atlas');
  for (const [x, y, w, h] of eyes.flatMap(places)) {
    // Each part has a border of one pixel.
    demand(x > 0 && y > 0 && x + w < width && y + h < height, 'atlas');
  }
}

/** @param {Eye} eye @returns {Numbers[]} its parts of the atlas */
function places({ white, texture, lid, over }) {
  return [white, texture, lid?.place ?? white, over ?? white];
}

/**
 * @param {Uint8Array} packed
 * @param {number} length bytes that must come out, no more
 * @returns {Promise<Uint8Array>}
 */
async function inflate(packed, length) {
  const bytes = new Uint8Array(length);
  let at = 0;
  try {
    // Safari before 16.4 has no such stream: there the rig counts as damaged, and sheets serve.
    const stream = new Blob([new Uint8Array(packed)]).stream().pipeThrough(new DecompressionStream('deflate'));
    for (const reader = stream.getReader(); ;) {
      const { done, value } = await reader.read();
      if (done) break;
      if (at + value.length > length) {
        await reader.cancel();
        throw damaged('fields-length');
      }
      bytes.set(value, at);
      at += value.length;
    }
  } catch (error) {
    throw isFailure(error) ? error : damaged('inflate');
  }
  demand(at === length, 'fields-length');
  return bytes;
}

/**
 * Fields as they follow one another: differences down and across, zigzag, all low bytes before all high ones.
 *
 * @param {Uint8Array} bytes
 * @returns {(name: string, cols: number, rows: number, unit: number, range: Numbers) => Float32Array} the next field
 */
function fields(bytes) {
  let from = 0;
  return (name, cols, rows, unit, [low, high]) => {
    const count = cols * rows;
    const sums = new Int32Array(count);
    for (let i = 0; i < count; i += 1) {
      const zigzag = bytes[from + i] | (bytes[from + count + i] << 8);
      const above = i >= cols ? sums[i - cols] : 0;
      const beside = i % cols ? sums[i - 1] - (i >= cols ? sums[i - cols - 1] : 0) : 0;
      sums[i] = ((zigzag >> 1) ^ -(zigzag & 1)) + above + beside;
    }
    from += 2 * count;
    const values = new Float32Array(count);
    for (let i = 0; i < count; i += 1) values[i] = sums[i] * unit;
    demand(values.every((value) => value >= low && value <= high), 'range', name);
    return values;
  };
}

/** @param {Numbers} vector */
function isUnit([x, y]) {
  return Math.abs(Math.hypot(x, y) - 1) < UNIT_TOLERANCE;
}

/** @param {unknown} data @returns {data is Unread} */
function isObject(data) {
  return typeof data === 'object' && data !== null && !Array.isArray(data);
}

/**
 * @param {boolean} condition
 * @param {DamageKind} kind
 * @param {string} [where]
 */
function demand(condition, kind, where) {
  if (!condition) throw damaged(kind, where);
}

/** @param {DamageKind} kind @param {string} [where] */
export function damaged(kind, where = '') {
  const sentence = `The portrait's rig cannot be used (${kind}${where && `: ${where}`}).`;
  return Object.assign(new GazeFailure('rig', sentence), { kind });
}

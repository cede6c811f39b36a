/**
 * PixiJS 8 as the renderer of sheets, for pages that ask for it by `renderer="pixi"`. It does for frames what
 * renderer.js does, one for each copy of PixiJS. This module is loaded only when it is asked for; PixiJS is the page's.
 *
 * @typedef {{x: number, y: number, width: number, height: number}} Place device pixels
 * @typedef {{destroy(withSource: boolean): void, source: object}} Texture
 * @typedef {{texture: Texture, visible: boolean}} Sprite
 * @typedef {object} Pixi the part of PixiJS 8 that is used
 * @property {string} [VERSION]
 * @property {new () => Drawing} WebGLRenderer
 * @property {new () => {addChild(...children: Sprite[]): void}} Container
 * @property {new () => Sprite} Sprite
 * @property {{from(canvas: HTMLCanvasElement, skipCache: boolean): Texture, EMPTY: Texture}} Texture
 * @typedef {object} Drawing a renderer of PixiJS
 * @property {HTMLCanvasElement} canvas
 * @property {(options: object) => Promise<void>} init
 * @property {(width: number, height: number) => void} resize
 * @property {(options: {container: object, clear: boolean}) => void} render
 * @property {{initSource(source: object): void}} texture
 * @property {WebGL2RenderingContext} gl
 * @property {{destroy(): void}} [scheduler]
 * @property {{setTargetElement(element: null): void}} [events]
 * @typedef {{id: number, textures: Texture[], width: number, height: number, layers: number, bytes: number}} Strip
 */

/** Where a page's import map has PixiJS. */
export const PIXI = 'pixi.js';

/** A frame is held twice: as a canvas, from which PixiJS uploads it again after a loss of the context, and uploaded. */
const COPIES = 2;

/** PixiJS collects no garbage by itself: the frames are deleted when they are no longer shown. */
const STILL = { renderableGCActive: false, textureGCActive: false };

/** Renderers by what was imported. @type {Map<string, Promise<PixiRenderer>>} */
const opened = new Map();

/**
 * @param {string} address of a module, or a name in the page's import map
 * @param {(address: string) => Promise<Pixi>} [load]
 * @returns {Promise<PixiRenderer>} the page's only one of that address
 * @throws {Error} when there is no PixiJS 8, or it cannot draw here
 */
export function openPixi(address, load = load8) {
  const renderer = opened.get(address) ?? begun(address, load);
  opened.set(address, renderer);
  // A page may bring its import map later.
  renderer.catch(() => opened.delete(address));
  return renderer;
}

/** @param {string} address @returns {Promise<Pixi>} */
function load8(address) {
  if (address !== PIXI && !/^(https?|blob):/.test(address)) throw new Error('pixi-src is not an address of a script');
  return import(address);
}

/** @param {string} address @param {(address: string) => Promise<Pixi>} load */
async function begun(address, load) {
  const pixi = await load(address);
  if (!pixi.VERSION?.startsWith('8.')) throw new Error(`version ${pixi.VERSION ?? 'unknown'} is not 8`);
  const drawing = new pixi.WebGLRenderer();
  await drawing.init({ ...STILL, width: 1, height: 1, backgroundAlpha: 0, antialias: false });
  rest(drawing);
  return new PixiRenderer(pixi, drawing);
}

/**
 * Keeps PixiJS from asking for frames: nothing is drawn while nothing moves. Its shared ticker, which the page's own
 * drawings may use, stops when it has no listener any more.
 *
 * @param {Drawing} drawing
 */
function rest({ scheduler, events }) {
  scheduler?.destroy();
  events?.setTargetElement(null);
}

/** Has the methods of `Renderer` that frames need. PixiJS itself makes up for a lost context. */
export class PixiRenderer extends EventTarget {
  epoch = 0;
  lost = false;
  #pixi;
  #drawing;
  #stage;
  #sprites;
  #strips = 0;

  /** @param {Pixi} pixi @param {Drawing} drawing */
  constructor(pixi, drawing) {
    super();
    this.#pixi = pixi;
    this.#drawing = drawing;
    this.#stage = new pixi.Container();
    this.#sprites = Array.from({ length: 4 }, () => new pixi.Sprite());
    this.#stage.addChild(...this.#sprites);
  }

  /** @returns {{maxLayers: number, maxSize: number}} layers of a strip, each a texture of its own; pixels */
  get limits() {
    const { gl } = this.#drawing;
    return { maxLayers: Infinity, maxSize: gl.getParameter(gl.MAX_TEXTURE_SIZE) };
  }

  /**
   * @param {number} width pixels
   * @param {number} height pixels
   * @param {number} layers
   * @returns {Strip}
   */
  createStrip(width, height, layers) {
    this.#strips += 1;
    return { id: this.#strips, textures: [], width, height, layers, bytes: width * height * layers * 4 * COPIES };
  }

  /** @param {Strip} strip @param {number} layer @param {HTMLCanvasElement} frame of the strip's size */
  fillLayer(strip, layer, frame) {
    const { width, height } = strip;
    const copy = Object.assign(document.createElement('canvas'), { width, height });
    copy.getContext('2d', { willReadFrequently: true })?.drawImage(frame, 0, 0);
    const texture = this.#pixi.Texture.from(copy, true);
    this.#drawing.texture.initSource(texture.source);
    strip.textures[layer] = texture;
  }

  /** @param {Strip} strip */
  deleteStrip(strip) {
    for (const sprite of this.#sprites) sprite.texture = this.#pixi.Texture.EMPTY;
    for (const texture of strip.textures) texture?.destroy(true);
  }

  /** Lets other tasks run before the next uploads. @returns {Promise<void>} */
  drained() {
    return new Promise((resolve) => setTimeout(resolve));
  }

  /**
   * Draws frames over each other so that their weights add up, into a rectangle of an element's own canvas.
   *
   * @param {CanvasRenderingContext2D} target
   * @param {Place} place
   * @param {{strip: Strip, layer: number, weight: number}[]} frames one to four; their weights sum to 1
   */
  draw(target, { x, y, width, height }, frames) {
    const alphas = alphasOf(frames.map(({ weight }) => weight));
    this.#sprites.forEach((sprite, i) => place(sprite, frames[i], { alpha: alphas[i], width, height }));
    const { canvas } = this.#drawing;
    // Only ever grows: elements of different sizes take turns.
    if (canvas.width < width || canvas.height < height) {
      this.#drawing.resize(Math.max(canvas.width, width), Math.max(canvas.height, height));
    }
    this.#drawing.render({ container: this.#stage, clear: true });
    target.clearRect(0, 0, target.canvas.width, target.canvas.height);
    target.drawImage(canvas, 0, 0, width, height, x, y, width, height);
  }
}

/**
 * @param {Sprite} sprite
 * @param {{strip: Strip, layer: number} | undefined} frame
 * @param {{alpha: number, width: number, height: number}} how pixels
 */
function place(sprite, frame, how) {
  sprite.visible = frame !== undefined;
  if (!frame) return;
  sprite.texture = frame.strip.textures[frame.layer];
  Object.assign(sprite, { blendMode: 'add', ...how });
}

/**
 * PixiJS rounds an alpha down to one of 256 steps. What is rounded off must not make an opaque portrait transparent.
 *
 * @param {number[]} weights which sum to 1
 * @returns {number[]} alphas whose steps sum to 255
 */
export function alphasOf(weights) {
  let sum = 0;
  let steps = 0;
  return weights.map((weight) => {
    sum += weight;
    const before = steps;
    steps = Math.round(sum * 255);
    return (steps - before + 0.5) / 255;
  });
}

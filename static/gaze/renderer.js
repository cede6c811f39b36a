/**
 * WebGL 2 renderer, one for the whole page: browsers allow some sixteen contexts, and portraits shown several times
 * share their frames. Elements get their picture copied onto a 2D canvas of their own, which also keeps the last
 * picture while a context is lost.
 */
import { GazeFailure } from './failure.js';
import { Program } from './program.js';
import { MIX, SCALE } from './shaders.js';

/** @type {WebGLContextAttributes} */
const CONTEXT = { alpha: true, antialias: false, depth: false, stencil: false, premultipliedAlpha: true };

const NO_WEBGL = 'This browser shows the portrait as a still picture: it has no WebGL 2.';

/** WebGL remembers one error of each kind until it is asked. */
const ERROR_KINDS = 6;

/**
 * A row of a sheet: frames of one size as layers of one texture array. A strip takes 13 MB where a sheet takes
 * 189 MB: drivers clear an array when it is made, and that must not be felt.
 *
 * @typedef {{id: number, texture: WebGLTexture, width: number, height: number, layers: number, bytes: number}} Strip
 *   `id` is never used twice
 * @typedef {{strip: Strip, layer: number, weight: number}} DrawnFrame
 */

/** `lost` and `restored` events tell of the context. */
export class Renderer extends EventTarget {
  /** How often the context has been lost; what was uploaded before is gone. */
  epoch = 0;
  #canvas = document.createElement('canvas');
  /** Programs by their fragment shaders. @type {Map<string, Program>} */
  #programs = new Map();
  /** @type {{texture: WebGLTexture, framebuffer: WebGLFramebuffer, width: number, height: number} | null} */
  #picture = null;
  #strips = 0;

  /** @throws {GazeFailure} `webgl` when the browser has no WebGL 2 to give */
  constructor() {
    super();
    const gl = this.#canvas.getContext('webgl2', CONTEXT);
    if (!gl) throw new GazeFailure('webgl', NO_WEBGL);
    this.gl = gl;
    this.#canvas.addEventListener('webglcontextlost', (event) => this.#lose(event));
    this.#canvas.addEventListener('webglcontextrestored', () => this.#restore());
    this.#prepare();
  }

  /**
   * @param {string} fragment source
   * @param {Record<string, number>} samplers the texture unit of each
   * @param {string} [vertex] source
   * @returns {Program} the page's only one of that source; the compiler starts with the first call
   */
  program(fragment, samplers, vertex) {
    const program = this.#programs.get(fragment) ?? new Program(this.gl, fragment, samplers, vertex);
    this.#programs.set(fragment, program);
    return program;
  }

  get #mix() {
    return this.program(MIX, { frame0: 0, frame1: 1, frame2: 2, frame3: 3 });
  }

  get #scale() {
    return this.program(SCALE, { picture: 0 });
  }

  /** Starts the compiler, which works while the frames come. */
  #compile() {
    return [this.#mix, this.#scale];
  }

  get lost() {
    return this.gl.isContextLost();
  }

  /** @returns {{maxLayers: number, maxSize: number}} of a texture array: layers, pixels */
  get limits() {
    const gl = this.gl;
    return {
      maxLayers: gl.getParameter(gl.MAX_ARRAY_TEXTURE_LAYERS) ?? 0,
      maxSize: gl.getParameter(gl.MAX_TEXTURE_SIZE) ?? 0,
    };
  }

  /**
   * @param {number} width pixels
   * @param {number} height pixels
   * @param {number} layers
   * @returns {Strip} whether there was room for it, `drained` says
   * @throws {GazeFailure} `context-lost`
   */
  createStrip(width, height, layers) {
    const gl = this.gl;
    this.#compile();
    const texture = gl.createTexture();
    gl.bindTexture(gl.TEXTURE_2D_ARRAY, texture);
    gl.texParameteri(gl.TEXTURE_2D_ARRAY, gl.TEXTURE_MIN_FILTER, gl.NEAREST);
    gl.texParameteri(gl.TEXTURE_2D_ARRAY, gl.TEXTURE_MAG_FILTER, gl.NEAREST);
    gl.texStorage3D(gl.TEXTURE_2D_ARRAY, 1, gl.RGBA8, width, height, layers);
    if (this.lost) throw contextLost();
    this.#strips += 1;
    return { id: this.#strips, texture, width, height, layers, bytes: width * height * layers * 4 };
  }

  /**
   * @param {Strip} strip
   * @param {number} layer
   * @param {HTMLCanvasElement} frame of the strip's size
   */
  fillLayer(strip, layer, frame) {
    const gl = this.gl;
    gl.bindTexture(gl.TEXTURE_2D_ARRAY, strip.texture);
    const { width, height } = strip;
    gl.texSubImage3D(gl.TEXTURE_2D_ARRAY, 0, 0, 0, layer, width, height, 1, gl.RGBA, gl.UNSIGNED_BYTE, frame);
  }

  /** @param {Strip} strip */
  deleteStrip(strip) {
    this.gl.deleteTexture(strip.texture);
  }

  /**
   * Waits, without blocking, until the graphics card has done what it was told: uploads must not pile up. Only then is
   * it asked how that went: a question that comes earlier holds up the page until everything before it is done.
   *
   * @param {number} epoch in which the uploads began
   * @param {() => Promise<void>} [pause] before it looks again
   * @throws {GazeFailure} `memory`; `webgl` when its shaders are refused; `context-lost` when that epoch is over
   */
  async drained(epoch, pause = shortly) {
    const gl = this.gl;
    const over = () => this.lost || this.epoch !== epoch;
    const fence = gl.fenceSync(gl.SYNC_GPU_COMMANDS_COMPLETE, 0);
    gl.flush();
    do await pause();
    while (fence && !over() && gl.clientWaitSync(fence, 0, 0) === gl.TIMEOUT_EXPIRED);
    if (over() || !fence) throw contextLost();
    gl.deleteSync(fence);
    for (const program of this.#programs.values()) program.finish();
    const failed = this.#takeErrors();
    if (over()) throw contextLost();
    if (failed) throw new GazeFailure('memory', 'The graphics card has no room for a finer portrait.');
  }

  /** All of them, or what comes next would answer for what was before. @returns {boolean} whether there were any */
  #takeErrors() {
    const gl = this.gl;
    const failed = gl.getError() !== gl.NO_ERROR;
    for (let kinds = 1; failed && kinds < ERROR_KINDS; kinds += 1) gl.getError();
    return failed;
  }

  /**
   * Draws a pose, opaque or with alpha, into a rectangle of an element's own canvas.
   *
   * @param {CanvasRenderingContext2D} target
   * @param {{x: number, y: number, width: number, height: number}} place device pixels
   * @param {DrawnFrame[]} frames one to four; their weights sum to 1
   * @param {boolean} sharp magnify with the better, nine times dearer filter
   */
  draw(target, place, frames, sharp) {
    const { width, height } = frames[0].strip;
    const magnify = place.width >= width;
    this.paint(target, place, () => {
      this.#scalePicture(this.#mixFrames(frames, width, height), place, magnify, magnify && sharp);
    });
  }

  /**
   * Copies what is drawn into the lower left corner of the renderer's canvas to an element's own canvas.
   *
   * @param {CanvasRenderingContext2D} target
   * @param {{x: number, y: number, width: number, height: number}} place device pixels
   * @param {(place: {width: number, height: number}) => void} draw
   */
  paint(target, place, draw) {
    const { x, y, width, height } = place;
    this.#growCanvas(width, height);
    draw(place);
    target.clearRect(0, 0, target.canvas.width, target.canvas.height);
    target.drawImage(this.#canvas, 0, this.#canvas.height - height, width, height, x, y, width, height);
  }

  /**
   * @param {DrawnFrame[]} frames
   * @param {number} width pixels
   * @param {number} height pixels
   * @returns {WebGLTexture} the mixture
   */
  #mixFrames(frames, width, height) {
    const gl = this.gl;
    const { texture, framebuffer } = this.#sizedPicture(width, height);
    gl.bindFramebuffer(gl.FRAMEBUFFER, framebuffer);
    gl.viewport(0, 0, width, height);
    this.#mix.use();
    const four = [0, 1, 2, 3].map((i) => frames[i] ?? { ...frames[0], weight: 0 });
    four.forEach(({ strip }, unit) => {
      gl.activeTexture(gl.TEXTURE0 + unit);
      gl.bindTexture(gl.TEXTURE_2D_ARRAY, strip.texture);
    });
    gl.uniform4iv(this.#mix.at.layers, four.map(({ layer }) => layer));
    gl.uniform4fv(this.#mix.at.weights, four.map(({ weight }) => weight));
    gl.drawArrays(gl.TRIANGLES, 0, 3);
    return texture;
  }

  /**
   * @param {WebGLTexture} picture
   * @param {{width: number, height: number}} place device pixels
   * @param {boolean} magnify
   * @param {boolean} sharp
   */
  #scalePicture(picture, { width, height }, magnify, sharp) {
    const gl = this.gl;
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
    gl.viewport(0, 0, width, height);
    this.#scale.use();
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D, picture);
    if (!magnify) gl.generateMipmap(gl.TEXTURE_2D);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, magnify ? gl.LINEAR : gl.LINEAR_MIPMAP_LINEAR);
    gl.uniform2f(this.#scale.at.size, width, height);
    gl.uniform1i(this.#scale.at.sharp, sharp ? 1 : 0);
    gl.drawArrays(gl.TRIANGLES, 0, 3);
  }

  /**
   * Only ever grows: elements of different sizes take turns, and a new drawing buffer is not free.
   *
   * @param {number} width pixels
   * @param {number} height pixels
   */
  #growCanvas(width, height) {
    if (this.#canvas.width < width) this.#canvas.width = width;
    if (this.#canvas.height < height) this.#canvas.height = height;
  }

  /**
   * The picture that the first pass paints and the second one reads, at the frames' own size.
   *
   * @param {number} width pixels
   * @param {number} height pixels
   */
  #sizedPicture(width, height) {
    if (this.#picture?.width === width && this.#picture.height === height) return this.#picture;
    const gl = this.gl;
    if (this.#picture) {
      gl.deleteTexture(this.#picture.texture);
      gl.deleteFramebuffer(this.#picture.framebuffer);
    }
    const texture = gl.createTexture();
    const framebuffer = gl.createFramebuffer();
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D, texture);
    gl.texStorage2D(gl.TEXTURE_2D, Math.floor(Math.log2(Math.max(width, height))) + 1, gl.RGBA8, width, height);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE);
    gl.bindFramebuffer(gl.FRAMEBUFFER, framebuffer);
    gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, texture, 0);
    this.#picture = { texture, framebuffer, width, height };
    return this.#picture;
  }

  #prepare() {
    // A canvas keeps its colours premultiplied by alpha, and so do the shaders.
    this.gl.pixelStorei(this.gl.UNPACK_PREMULTIPLY_ALPHA_WEBGL, true);
  }

  /** @param {Event} event */
  #lose(event) {
    event.preventDefault();
    this.epoch += 1;
    this.#picture = null;
    this.#programs.clear();
    this.dispatchEvent(new Event('lost'));
  }

  #restore() {
    this.#prepare();
    this.dispatchEvent(new Event('restored'));
  }
}

/** @returns {Promise<void>} */
function shortly() {
  return new Promise((resolve) => setTimeout(resolve, 4));
}

/** @type {Renderer | null} */
let shared = null;

/**
 * @returns {Renderer} the page's own
 * @throws {GazeFailure} `webgl`
 */
export function pageRenderer() {
  shared ??= new Renderer();
  return shared;
}

/** @returns {GazeFailure} */
export function contextLost() {
  const sentence = 'The browser took the graphics card away; the portrait rests until it is back.';
  return new GazeFailure('context-lost', sentence);
}

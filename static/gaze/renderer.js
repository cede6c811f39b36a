/**
 * WebGL 2 renderer, one for the whole page: browsers allow some sixteen contexts, and portraits shown several times
 * share their pictures. Elements get their picture copied onto a 2D canvas of their own, which also keeps the last
 * picture while a context is lost.
 */
import { contextLost, GazeFailure } from './failure.js';
import { Program } from './program.js';

/** @type {WebGLContextAttributes} */
const CONTEXT = { alpha: true, antialias: false, depth: false, stencil: false, premultipliedAlpha: true };

const NO_WEBGL = 'This browser shows the portrait as a still picture: it has no WebGL 2.';

/** WebGL remembers one error of each kind until it is asked. */
const ERROR_KINDS = 6;

/** `lost` and `restored` events tell of the context. */
export class Renderer extends EventTarget {
  /** How often the context has been lost; what was uploaded before is gone. */
  epoch = 0;
  #canvas = document.createElement('canvas');
  /** Programs by their fragment shaders. @type {Map<string, Program>} */
  #programs = new Map();

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
   * Only ever grows: elements of different sizes take turns, and a new drawing buffer is not free.
   *
   * @param {number} width pixels
   * @param {number} height pixels
   */
  #growCanvas(width, height) {
    if (this.#canvas.width < width) this.#canvas.width = width;
    if (this.#canvas.height < height) this.#canvas.height = height;
  }

  #prepare() {
    // A canvas keeps its colours premultiplied by alpha, and so do the shaders.
    this.gl.pixelStorei(this.gl.UNPACK_PREMULTIPLY_ALPHA_WEBGL, true);
  }

  /** @param {Event} event */
  #lose(event) {
    event.preventDefault();
    this.epoch += 1;
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

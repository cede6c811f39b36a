/**
 * Renderer of sheet frames, on the page's one context: rows of sheets as texture arrays, mixed by the pose.
 */
import { contextLost } from './failure.js';
import { MIX, SCALE } from './shaders.js';

/**
 * A row of a sheet: frames of one size as layers of one texture array. A strip takes 13 MB where a sheet takes
 * 189 MB: drivers clear an array when it is made, and that must not be felt.
 *
 * @typedef {{id: number, texture: WebGLTexture, width: number, height: number, layers: number, bytes: number}} Strip
 *   `id` is never used twice
 * @typedef {{strip: Strip, layer: number, weight: number}} DrawnFrame
 */


/** @type {WeakMap<import('./renderer.js').Renderer, StripRenderer>} */
const known = new WeakMap();

/** @param {import('./renderer.js').Renderer} renderer @returns {StripRenderer} the only one of that renderer */
export function stripsOf(renderer) {
  const strips = known.get(renderer) ?? new StripRenderer(renderer);
  known.set(renderer, strips);
  return strips;
}

export class StripRenderer {
  #renderer;
  /** @type {{texture: WebGLTexture, framebuffer: WebGLFramebuffer, width: number, height: number} | null} */
  #picture = null;
  #strips = 0;

  /** @param {import('./renderer.js').Renderer} renderer */
  constructor(renderer) {
    this.#renderer = renderer;
    renderer.addEventListener('lost', () => {
      this.#picture = null;
    });
  }

  get epoch() {
    return this.#renderer.epoch;
  }

  /** @param {number} epoch @returns {Promise<void>} see Renderer.drained */
  drained(epoch) {
    return this.#renderer.drained(epoch);
  }

  get #mix() {
    return this.#renderer.program(MIX, { frame0: 0, frame1: 1, frame2: 2, frame3: 3 });
  }

  get #scale() {
    return this.#renderer.program(SCALE, { picture: 0 });
  }

  /** Starts the compiler, which works while the frames come. */
  #compile() {
    return [this.#mix, this.#scale];
  }

  /**
   * @param {number} width pixels
   * @param {number} height pixels
   * @param {number} layers
   * @returns {Strip} whether there was room for it, `drained` says
   * @throws {GazeFailure} `context-lost`
   */
  createStrip(width, height, layers) {
    const gl = this.#renderer.gl;
    this.#compile();
    const texture = gl.createTexture();
    gl.bindTexture(gl.TEXTURE_2D_ARRAY, texture);
    gl.texParameteri(gl.TEXTURE_2D_ARRAY, gl.TEXTURE_MIN_FILTER, gl.NEAREST);
    gl.texParameteri(gl.TEXTURE_2D_ARRAY, gl.TEXTURE_MAG_FILTER, gl.NEAREST);
    gl.texStorage3D(gl.TEXTURE_2D_ARRAY, 1, gl.RGBA8, width, height, layers);
    if (this.#renderer.lost) throw contextLost();
    this.#strips += 1;
    return { id: this.#strips, texture, width, height, layers, bytes: width * height * layers * 4 };
  }

  /**
   * @param {Strip} strip
   * @param {number} layer
   * @param {HTMLCanvasElement} frame of the strip's size
   */
  fillLayer(strip, layer, frame) {
    const gl = this.#renderer.gl;
    gl.bindTexture(gl.TEXTURE_2D_ARRAY, strip.texture);
    const { width, height } = strip;
    gl.texSubImage3D(gl.TEXTURE_2D_ARRAY, 0, 0, 0, layer, width, height, 1, gl.RGBA, gl.UNSIGNED_BYTE, frame);
  }

  /** @param {Strip} strip */
  deleteStrip(strip) {
    this.#renderer.gl.deleteTexture(strip.texture);
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
    this.#renderer.paint(target, place, () => {
      this.#scalePicture(this.#mixFrames(frames, width, height), place, magnify, magnify && sharp);
    });
  }

  /**
   * @param {DrawnFrame[]} frames
   * @param {number} width pixels
   * @param {number} height pixels
   * @returns {WebGLTexture} the mixture
   */
  #mixFrames(frames, width, height) {
    const gl = this.#renderer.gl;
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
    const gl = this.#renderer.gl;
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
   * The picture that the first pass paints and the second one reads, at the frames' own size.
   *
   * @param {number} width pixels
   * @param {number} height pixels
   */
  #sizedPicture(width, height) {
    if (this.#picture?.width === width && this.#picture.height === height) return this.#picture;
    const gl = this.#renderer.gl;
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
}

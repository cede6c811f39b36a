/**
 * WebGL program of two shaders. Making it asks nothing of the graphics card, so that the page goes on while the card
 * compiles; the answers are fetched when the program is needed.
 */
import { GazeFailure } from './failure.js';
import { COVER } from './shaders.js';

export class Program {
  #gl;
  #program;
  #samplers;
  /** @type {Record<string, WebGLUniformLocation | null> | null} */
  #at = null;

  /**
   * @param {WebGL2RenderingContext} gl
   * @param {string} fragment source
   * @param {Record<string, number>} samplers the texture unit of each sampler
   * @param {string} [vertex] source
   */
  constructor(gl, fragment, samplers, vertex = COVER) {
    this.#gl = gl;
    this.#samplers = samplers;
    this.#program = gl.createProgram();
    this.#attach(gl.VERTEX_SHADER, vertex);
    this.#attach(gl.FRAGMENT_SHADER, fragment);
    gl.linkProgram(this.#program);
  }

  /** The locations of its uniforms by name. */
  get at() {
    return this.finish();
  }

  use() {
    this.finish();
    this.#gl.useProgram(this.#program);
  }

  /** Uses the program with these uniforms: floats, one to four each. @param {Record<string, number[]>} uniforms */
  set(uniforms) {
    this.use();
    for (const [name, values] of Object.entries(uniforms)) {
      /** @type {Record<number, 'uniform1fv' | 'uniform2fv' | 'uniform3fv' | 'uniform4fv'>} */
      const methods = { 1: 'uniform1fv', 2: 'uniform2fv', 3: 'uniform3fv', 4: 'uniform4fv' };
      this.#gl[methods[values.length]](this.at[name], values);
    }
  }

  /**
   * Waits for the compiler, the first time.
   *
   * @returns {Record<string, WebGLUniformLocation | null>} the locations of its uniforms by name
   * @throws {GazeFailure} `webgl` when the card refuses the program
   */
  finish() {
    if (this.#at) return this.#at;
    const gl = this.#gl;
    if (!gl.getProgramParameter(this.#program, gl.LINK_STATUS) && !gl.isContextLost()) {
      throw new GazeFailure('webgl', `The graphics card refuses to draw the portrait. ${gl.getProgramInfoLog(this.#program)}`);
    }
    /** @type {Record<string, WebGLUniformLocation | null>} */
    const at = {};
    const count = gl.getProgramParameter(this.#program, gl.ACTIVE_UNIFORMS) ?? 0;
    for (let i = 0; i < count; i += 1) {
      const uniform = gl.getActiveUniform(this.#program, i);
      if (uniform) at[uniform.name] = gl.getUniformLocation(this.#program, uniform.name);
    }
    gl.useProgram(this.#program);
    for (const [name, unit] of Object.entries(this.#samplers)) gl.uniform1i(at[name], unit);
    this.#at = at;
    return at;
  }

  /**
   * @param {number} type of shader
   * @param {string} text its source
   */
  #attach(type, text) {
    const gl = this.#gl;
    const shader = gl.createShader(type);
    if (!shader) return; // a lost context makes none
    gl.shaderSource(shader, text);
    gl.compileShader(shader);
    gl.attachShader(this.#program, shader);
    gl.deleteShader(shader);
  }
}

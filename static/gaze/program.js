/**
 * Two shaders as one program. Making it asks nothing of the graphics card, so that the page goes on while the card
 * compiles; the answers are fetched when the program is needed.
 */
import { GazeFailure } from './failure.js';
import { COVER } from './shaders.js';

export class Program {
  #gl;
  #program;
  #samplers;
  #at = null;

  /**
   * @param {WebGL2RenderingContext} gl
   * @param {string} fragment source
   * @param {Record<string, number>} samplers the texture unit of each sampler
   */
  constructor(gl, fragment, samplers) {
    this.#gl = gl;
    this.#samplers = samplers;
    this.#program = gl.createProgram();
    for (const [type, text] of [[gl.VERTEX_SHADER, COVER], [gl.FRAGMENT_SHADER, fragment]]) {
      const shader = gl.createShader(type);
      gl.shaderSource(shader, text);
      gl.compileShader(shader);
      gl.attachShader(this.#program, shader);
      gl.deleteShader(shader);
    }
    gl.linkProgram(this.#program);
  }

  /** The locations of its uniforms by name. */
  get at() {
    this.finish();
    return this.#at;
  }

  use() {
    this.finish();
    this.#gl.useProgram(this.#program);
  }

  /**
   * Waits for the compiler, the first time.
   *
   * @throws {GazeFailure} `webgl` when the card refuses the program
   */
  finish() {
    if (this.#at) return;
    const gl = this.#gl;
    if (!gl.getProgramParameter(this.#program, gl.LINK_STATUS) && !gl.isContextLost()) {
      throw new GazeFailure('webgl', `The graphics card refuses to draw the portrait. ${gl.getProgramInfoLog(this.#program)}`);
    }
    this.#at = {};
    const count = gl.getProgramParameter(this.#program, gl.ACTIVE_UNIFORMS) ?? 0;
    for (let i = 0; i < count; i += 1) {
      const { name } = gl.getActiveUniform(this.#program, i);
      this.#at[name] = gl.getUniformLocation(this.#program, name);
    }
    gl.useProgram(this.#program);
    for (const [name, unit] of Object.entries(this.#samplers)) gl.uniform1i(this.#at[name], unit);
  }
}

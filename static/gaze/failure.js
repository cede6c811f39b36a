/**
 * Error that keeps a portrait from loading, or from a finer level; never fatal to the page.
 *
 * @typedef {'source' | 'manifest' | 'sheet' | 'decode' | 'memory' | 'webgl' | 'context-lost' | 'rig' | 'selector' |
 *   'pixi'} FailureCode
 */
export class GazeFailure extends Error {
  /**
   * @param {FailureCode} code stable, for programs
   * @param {string} message one sentence, for people
   * @param {{temporary?: boolean, retryAfter?: number}} outlook whether trying again may help, and the seconds that the
   *   server asks to wait before that
   */
  constructor(code, message, { temporary = false, retryAfter = 0 } = {}) {
    super(message);
    this.name = 'GazeFailure';
    this.code = code;
    this.temporary = temporary;
    this.retryAfter = retryAfter;
  }
}

/**
 * Told by its name: what is loaded only when it is needed may bring a class of its own along.
 *
 * @param {unknown} error
 * @returns {error is GazeFailure}
 */
export function isFailure(error) {
  return error instanceof Error && error.name === 'GazeFailure';
}

/** @returns {GazeFailure} */
export function contextLost() {
  const sentence = 'The browser took the graphics card away; the portrait rests until it is back.';
  return new GazeFailure('context-lost', sentence);
}

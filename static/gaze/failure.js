/**
 * Error that keeps a portrait from loading, or from a finer level; never fatal to the page.
 *
 * @typedef {'source' | 'manifest' | 'sheet' | 'decode' | 'memory' | 'webgl' | 'context-lost' | 'rig'} FailureCode
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

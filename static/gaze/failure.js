/**
 * Something that keeps a portrait from being livelier than it is; never fatal to the page.
 *
 * @typedef {'source' | 'manifest' | 'sheet' | 'decode' | 'memory' | 'webgl' | 'context-lost'} FailureCode
 */
export class GazeFailure extends Error {
  /**
   * @param {FailureCode} code stable, for programs
   * @param {string} message one sentence, for people
   */
  constructor(code, message) {
    super(message);
    this.name = 'GazeFailure';
    this.code = code;
  }
}

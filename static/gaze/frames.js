/**
 * Frames of a level on the graphics card: one strip for each row of each sheet.
 */
import { placeOf, pose, sheetSize } from './grid.js';

export class LevelFrames {
  /** Strips by sheet and row; a sheet that failed stays undefined. @type {import('./renderer.js').Strip[][]} */
  #strips = [];
  /** The cells that stand in for others, by the number of those. @type {Map<number, {row: number, col: number}>} */
  #stands = new Map();
  #renderer;

  /**
   * @param {import('./source.js').Level} level
   * @param {import('./renderer.js').Renderer} renderer
   */
  constructor(level, renderer) {
    this.level = level;
    /** Pixels; null until the first sheet has been decoded. @type {{width: number, height: number} | null} */
    this.size = null;
    this.bytes = 0;
    this.epoch = renderer.epoch;
    this.#renderer = renderer;
  }

  /**
   * Adds a strip for the next row of a sheet.
   *
   * @param {number} sheet
   * @returns {import('./renderer.js').Strip}
   * @throws {GazeFailure} `context-lost`
   */
  addStrip(sheet) {
    if (!this.size) throw new TypeError('the size of the frames is not known yet');
    const strip = this.#renderer.createStrip(this.size.width, this.size.height, sheetSize(this.level).cols);
    (this.#strips[sheet] ??= []).push(strip);
    this.bytes += strip.bytes;
    return strip;
  }

  /** Lets the nearest frames stand in for those of a sheet that failed. @param {number} sheet */
  standIn(sheet) {
    this.#dropSheet(sheet);
    const present = this.#cells().filter(({ row, col }) => this.#has(row, col));
    for (const { row, col } of this.#cells()) {
      if (this.#has(row, col)) continue;
      /** @param {{row: number, col: number}} other */
      const distance = (other) => (other.row - row) ** 2 + (other.col - col) ** 2;
      const stand = present.reduce((best, each) => (distance(each) < distance(best) ? each : best));
      this.#stands.set(row * this.level.cols + col, stand);
    }
  }

  /**
   * @param {import('./grid.js').Gaze} gaze
   * @returns {{strip: import('./renderer.js').Strip, layer: number, weight: number}[]} what to draw
   */
  pose(gaze) {
    return pose(this.level, gaze).map(({ row, col, weight }) => {
      const cell = this.#stands.get(row * this.level.cols + col) ?? { row, col };
      const place = placeOf(this.level, cell.row, cell.col);
      return { strip: this.#strips[place.sheet][place.row], layer: place.col, weight };
    });
  }

  delete() {
    this.#strips.forEach((_, sheet) => this.#dropSheet(sheet));
  }

  /** @param {number} sheet */
  #dropSheet(sheet) {
    for (const strip of this.#strips[sheet] ?? []) {
      this.#renderer.deleteStrip(strip);
      this.bytes -= strip.bytes;
    }
    delete this.#strips[sheet];
  }

  /** @param {number} row @param {number} col */
  #has(row, col) {
    return placeOf(this.level, row, col).sheet in this.#strips;
  }

  #cells() {
    const { rows, cols } = this.level;
    return Array.from({ length: rows * cols }, (_, i) => ({ row: Math.floor(i / cols), col: i % cols }));
  }
}

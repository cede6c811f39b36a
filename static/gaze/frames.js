/**
 * Frames of a level, by sheet: on the graphics card, one strip for each row of a sheet, or as the pictures that they
 * came in, where there is no WebGL.
 */
import { nearestCell, placeOf, pose, sheetSize } from './grid.js';

/**
 * @typedef {{x: number, y: number, width: number, height: number}} Place device pixels
 * @typedef {{sharp: boolean, stride: number}} Quality `sharp`: enlarge with the better, nine times dearer filter;
 *   `stride`: of a rig's mesh, 2 draws a quarter of its triangles
 * @typedef {{x: number, y: number, close?: number, left?: number, right?: number, own?: number}} Pose grid units;
 *   `close`: how far the lids are shut, 0 … 1; `left` and `right`: gain of the eye on the viewer's side, 1 unless
 *   given; `own`: how far the eyes keep the look of the photo, 0 … 1. Sheets show x and y alone.
 *
 * @typedef {Pick<import('./strips.js').StripRenderer, keyof import('./strips.js').StripRenderer>} Strips
 *
 * @typedef {object} Drawable what an element shows
 * @property {import('./source.js').Level | import('./source.js').RigLevel} level
 * @property {import('./manifest.js').Size | null} size pixels of a frame
 * @property {number} width of the finest picture that it has, pixels
 * @property {number} bytes
 * @property {(pose: Pose) => string} key equal for poses that are drawn alike
 * @property {(target: CanvasRenderingContext2D, place: Place, pose: Pose, quality: Quality) => void} draw
 * @property {() => void} delete
 */

/** @template T */
class SheetFrames {
  /** What is held of each sheet; nothing of one that failed. @type {T[]} */
  sheets = [];
  /** Pixels; null until the first sheet has been decoded. @type {import('./manifest.js').Size | null} */
  size = null;
  bytes = 0;
  /** The cells that stand in for others, by the number of those. @type {Map<number, {row: number, col: number}>} */
  #stands = new Map();

  /** @param {import('./source.js').Level} level */
  constructor(level) {
    this.level = level;
  }

  get width() {
    return this.size?.width ?? 0;
  }

  /** Lets the nearest frames stand in for those of a sheet that failed. @param {number} sheet */
  standIn(sheet) {
    this.dropSheet(sheet);
    const present = this.#cells().filter(({ row, col }) => this.#has(row, col));
    for (const { row, col } of this.#cells()) {
      if (this.#has(row, col)) continue;
      /** @param {{row: number, col: number}} other */
      const distance = (other) => (other.row - row) ** 2 + (other.col - col) ** 2;
      const stand = present.reduce((best, each) => (distance(each) < distance(best) ? each : best));
      this.#stands.set(row * this.level.cols + col, stand);
    }
  }

  /** Where a cell's frame lies, or that of the one that stands in for it. @param {{row: number, col: number}} cell */
  place({ row, col }) {
    const cell = this.#stands.get(row * this.level.cols + col) ?? { row, col };
    return placeOf(this.level, cell.row, cell.col);
  }

  delete() {
    this.sheets.forEach((_, sheet) => this.dropSheet(sheet));
  }

  /** @param {number} sheet */
  dropSheet(sheet) {
    delete this.sheets[sheet];
  }

  /** @param {number} row @param {number} col */
  #has(row, col) {
    return placeOf(this.level, row, col).sheet in this.sheets;
  }

  #cells() {
    const { rows, cols } = this.level;
    return Array.from({ length: rows * cols }, (_, i) => ({ row: Math.floor(i / cols), col: i % cols }));
  }
}

/** @extends {SheetFrames<import('./strips.js').Strip[]>} */
export class LevelFrames extends SheetFrames {
  /**
   * @param {import('./source.js').Level} level
   * @param {Strips} renderer
   */
  constructor(level, renderer) {
    super(level);
    this.epoch = renderer.epoch;
    this.renderer = renderer;
  }

  /**
   * Adds a strip for the next row of a sheet.
   *
   * @param {number} sheet
   * @returns {import('./strips.js').Strip}
   * @throws {import('./failure.js').GazeFailure} `context-lost`
   */
  addStrip(sheet) {
    if (!this.size) throw new TypeError('the size of the frames is not known yet');
    const strip = this.renderer.createStrip(this.size.width, this.size.height, sheetSize(this.level).cols);
    (this.sheets[sheet] ??= []).push(strip);
    this.bytes += strip.bytes;
    return strip;
  }

  /**
   * @param {import('./grid.js').Gaze} gaze
   * @returns {{strip: import('./strips.js').Strip, layer: number, weight: number}[]} what to draw
   */
  pose(gaze) {
    return pose(this.level, gaze).map(({ row, col, weight }) => {
      const place = this.place({ row, col });
      return { strip: this.sheets[place.sheet][place.row], layer: place.col, weight };
    });
  }

  /** @param {Pose} gaze */
  key(gaze) {
    return this.pose(gaze).map(({ strip, layer, weight }) => `${strip.id}/${layer}/${weight}`).join();
  }

  /**
   * @param {CanvasRenderingContext2D} target
   * @param {Place} place
   * @param {Pose} gaze
   * @param {Quality} quality
   */
  draw(target, place, gaze, { sharp }) {
    this.renderer.draw(target, place, this.pose(gaze), sharp);
  }

  /** @override @param {number} sheet */
  dropSheet(sheet) {
    for (const strip of this.sheets[sheet] ?? []) {
      this.renderer.deleteStrip(strip);
      this.bytes -= strip.bytes;
    }
    super.dropSheet(sheet);
  }
}

/** @extends {SheetFrames<import('./sheets.js').Picture>} */
export class FlatFrames extends SheetFrames {
  /** @param {number} sheet @param {import('./sheets.js').Picture} picture */
  keep(sheet, picture) {
    this.sheets[sheet] = picture;
    this.bytes += picture.width * picture.height * 4;
  }

  /** @param {Pose} gaze */
  key(gaze) {
    return JSON.stringify([this.level.sheets, this.place(nearestCell(this.level, gaze))]);
  }

  /**
   * @param {CanvasRenderingContext2D} target
   * @param {Place} place
   * @param {Pose} gaze
   */
  draw(target, { x, y, width, height }, gaze) {
    const { sheet, row, col } = this.place(nearestCell(this.level, gaze));
    const size = /** @type {import('./manifest.js').Size} */ (this.size);
    target.clearRect(0, 0, target.canvas.width, target.canvas.height);
    const { source } = this.sheets[sheet];
    target.drawImage(source, col * size.width, row * size.height, size.width, size.height, x, y, width, height);
  }

  /** @override @param {number} sheet */
  dropSheet(sheet) {
    this.sheets[sheet]?.close();
    super.dropSheet(sheet);
  }
}

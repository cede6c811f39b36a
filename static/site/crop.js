/**
 * Which part of a photo is shown: a window of the frame's shape that always holds the face. Pixels of the photo.
 */

/** Height over width of a frame. */
export const ASPECT = 512 / 410;

/** Room that a face needs beside its own bounds: one that the frame cuts would fold. */
const ROOM = 1.14;

/** A face narrower than this in the frame shows no gaze. */
const LEAST_FRAMED_FACE = 41;
const FRAME_WIDTH = 410;

/** @typedef {{x: number, y: number, width: number, height: number}} Box */

export class Crop {
  /** What is shown. @type {Box} */
  box;
  #photo;
  #face;
  #automatic;
  #least;
  #most;

  /**
   * @param {{width: number, height: number}} photo
   * @param {{box: Box, width: number, crop: Box}} face as the site found it; `crop` is what it suggests
   */
  constructor(photo, face) {
    this.#photo = photo;
    this.#face = face.box;
    this.#automatic = face.crop;
    const visible = (face.width * FRAME_WIDTH) / LEAST_FRAMED_FACE;
    const inside = Math.min(photo.width, photo.height / ASPECT, visible);
    this.#most = Math.max(face.crop.width, inside);
    this.#least = Math.min(Math.max(face.box.width, face.box.height / ASPECT) * ROOM, this.#most);
    this.box = { ...face.crop };
  }

  /** Whether it is still the one that was suggested. */
  get automatic() {
    return ['x', 'y', 'width'].every((side) => Math.abs(this.box[side] - this.#automatic[side]) < 0.5);
  }

  /** 0 (as much as possible) … 1 (as close as possible); each step enlarges by the same factor. */
  get zoom() {
    if (this.#most <= this.#least) return 0;
    return Math.log(this.#most / this.box.width) / Math.log(this.#most / this.#least);
  }

  set zoom(share) {
    this.scale(this.#most * (this.#least / this.#most) ** share / this.box.width);
  }

  /** Moves the window. @param {number} dx @param {number} dy */
  move(dx, dy) {
    this.#place(this.box.x + dx, this.box.y + dy, this.box.width);
  }

  /**
   * Widens (factor above 1) or narrows the window around a point that stays where it is.
   *
   * @param {number} factor
   * @param {{x: number, y: number}} [at] 0 … 1 of the window
   */
  scale(factor, at = { x: 0.5, y: 0.5 }) {
    const width = between(this.box.width * factor, this.#least, this.#most);
    const grown = width - this.box.width;
    this.#place(this.box.x - grown * at.x, this.box.y - grown * ASPECT * at.y, width);
  }

  reset() {
    this.box = { ...this.#automatic };
  }

  /** As the form sends it. */
  toString() {
    return ['x', 'y', 'width', 'height'].map((side) => this.box[side].toFixed(1)).join(',');
  }

  /** Inside the photo as far as it goes, but above all around the face. */
  #place(x, y, width) {
    const height = width * ASPECT;
    this.box = {
      x: around(inside(x, width, this.#photo.width), width, this.#face.x, this.#face.width),
      y: around(inside(y, height, this.#photo.height), height, this.#face.y, this.#face.height),
      width,
      height,
    };
  }
}

function between(value, low, high) {
  return Math.min(Math.max(value, low), high);
}

/** A side longer than the photo lies around it. */
function inside(start, side, available) {
  return between(start, Math.min(0, available - side), Math.max(0, available - side));
}

function around(start, side, inner, innerSide) {
  return between(start, Math.min(inner, inner + innerSide - side), Math.max(inner, inner + innerSide - side));
}

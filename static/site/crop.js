/**
 * Crop of a photo: a window of the frame's shape that always holds the face. Pixels of the photo.
 */

/**
 * @typedef {{x: number, y: number, width: number, height: number}} Box
 * @typedef {{box: Box, width: number, crop: Box}} Face as the site found it; `crop` is what it suggests
 * @typedef {object} Limits as portraits/uploads/forms.py has them
 * @property {{width: number, height: number}} frame pixels
 * @property {number} least_framed_face pixels of the frame; a narrower face shows no gaze
 * @property {number} large_face pixels of the photo; a narrower face gains nothing from large frames
 * @property {number} margin room around a face, in its own sides: one that the frame cuts would fold
 */

export class Crop {
  /** The window. @type {Box} */
  box;
  #photo;
  #face;
  #automatic;
  #aspect;
  #least;
  #most;

  /**
   * @param {{width: number, height: number}} photo
   * @param {Face} face
   * @param {Limits} limits
   */
  constructor(photo, face, limits) {
    this.#photo = photo;
    this.#face = face.box;
    this.#automatic = face.crop;
    this.#aspect = limits.frame.height / limits.frame.width;
    const room = 1 + 2 * limits.margin;
    // In whole pixels, as the worker draws it.
    const visible = Math.floor((face.width * limits.frame.width) / limits.least_framed_face);
    this.#most = Math.max(face.crop.width, Math.min(photo.width, photo.height / this.#aspect, visible));
    this.#least = Math.min(Math.max(face.box.width, face.box.height / this.#aspect) * room, this.#most);
    this.box = { ...face.crop };
  }

  /** Whether it is still the one that was suggested. */
  get automatic() {
    const { x, y, width } = this.#automatic;
    return [this.box.x - x, this.box.y - y, this.box.width - width].every((apart) => Math.abs(apart) < 0.5);
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
    this.#place(this.box.x - grown * at.x, this.box.y - grown * this.#aspect * at.y, width);
  }

  reset() {
    this.box = { ...this.#automatic };
  }

  /** The value of the form's field: x, y, width and height. */
  toString() {
    const { x, y, width, height } = this.box;
    return [x, y, width, height].map((side) => side.toFixed(1)).join();
  }

  /**
   * Inside the photo as far as it goes, but above all around the face.
   *
   * @param {number} x
   * @param {number} y
   * @param {number} width
   */
  #place(x, y, width) {
    const height = width * this.#aspect;
    this.box = {
      x: around(inside(x, width, this.#photo.width), width, this.#face.x, this.#face.width),
      y: around(inside(y, height, this.#photo.height), height, this.#face.y, this.#face.height),
      width,
      height,
    };
  }
}

/** @param {number} value @param {number} low @param {number} high */
function between(value, low, high) {
  return Math.min(Math.max(value, low), high);
}

/** A side longer than the photo lies around it. @param {number} start @param {number} side @param {number} available */
function inside(start, side, available) {
  return between(start, Math.min(0, available - side), Math.max(0, available - side));
}

/** @param {number} start @param {number} side @param {number} inner @param {number} innerSide */
function around(start, side, inner, innerSide) {
  return between(start, Math.min(inner, inner + innerSide - side), Math.max(inner, inner + innerSide - side));
}

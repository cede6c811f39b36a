/**
 * Sizing of one element: the room that it takes on the page, known before any picture has come, so that nothing jumps.
 *
 * @typedef {import('./manifest.js').Size} Size
 */
import { USUAL_FRAME } from './manifest.js';
import { lengthOf, sizeOf } from './size.js';
import { styleRoot } from './style.js';

export class Sizing {
  #host;
  #tree;
  /** The size that the style sheet has. @type {string | null} */
  #styled = null;
  /** The size of the last portrait whose size is known; another one keeps it until its own is. @type {Size | null} */
  #last = null;

  /** @param {HTMLElement} host @param {import('./shadow-tree.js').ShadowTree} tree */
  constructor(host, tree) {
    this.#host = host;
    this.#tree = tree;
  }

  /**
   * Takes the attributes' size, else the portrait's own.
   *
   * @param {import('./portrait.js').Portrait | null} portrait
   */
  fit(portrait) {
    const own = this.#ownSize(portrait);
    const size = sizeOf(lengthOf(this.#host, 'width'), lengthOf(this.#host, 'height'), own);
    if (JSON.stringify(size) === this.#styled) return;
    this.#styled = JSON.stringify(size);
    styleRoot(this.#tree.root, size);
  }

  /** A portrait that cannot be loaded gives the room to the picture that stands for it. */
  forgetPortrait() {
    this.#last = null;
  }

  /** A document gives up the style sheets of what moves to another one. */
  forgetStyle() {
    this.#styled = null;
  }

  /**
   * The finished portrait's; while that is unknown, the last one's, or a picture's that the page has given already.
   *
   * @param {import('./portrait.js').Portrait | null} portrait
   */
  #ownSize(portrait) {
    if (portrait) this.#last = portrait.size ?? this.#last;
    if (portrait && this.#last) return this.#last;
    const picture = this.#host.querySelector('img') ?? this.#tree.poster;
    const { naturalWidth, naturalHeight } = picture;
    const seen = naturalWidth && naturalHeight ? { width: naturalWidth, height: naturalHeight } : null;
    return attributesOf(picture) ?? seen ?? USUAL_FRAME;
  }
}

/**
 * @param {HTMLImageElement} picture
 * @returns {Size | null} the room that its attributes keep for it
 */
function attributesOf(picture) {
  const width = lengthOf(picture, 'width');
  const height = lengthOf(picture, 'height');
  return width?.pixels && height?.pixels ? { width: width.pixels, height: height.pixels } : null;
}

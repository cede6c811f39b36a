/**
 * Lists of portraits: one at most is alive, the one under the pointer, with the focus, or whose eye button is pressed.
 */

/** Milliseconds that a pointer must rest: one that only crosses the page wakes no portrait. */
const REST = 120;

const reducedMotion = matchMedia('(prefers-reduced-motion: reduce)');

class Gallery {
  /** @type {HTMLElement | null} */
  #awake = null;
  #timer = 0;

  /** @param {HTMLElement} list with tiles as templates/portraits/_gallery_item.html has them */
  constructor(list) {
    list.addEventListener('pointerover', (event) => event.pointerType === 'mouse' && this.#soon(tileOf(event.target)));
    list.addEventListener('pointerleave', () => this.#soon(null));
    list.addEventListener('focusin', ({ target }) => isFocusVisible(target) && this.#soon(tileOf(target)));
    list.addEventListener('click', (event) => this.#onClick(event));
  }

  /** @param {MouseEvent} event */
  #onClick({ target }) {
    const button = target instanceof Element && target.closest('.wake');
    if (!button) return;
    clearTimeout(this.#timer);
    this.#wake(button.getAttribute('aria-pressed') === 'true' ? null : tileOf(button));
  }

  /** @param {HTMLElement | null} tile */
  #soon(tile) {
    clearTimeout(this.#timer);
    if (tile !== this.#awake) this.#timer = setTimeout(() => this.#wake(tile), tile ? REST : 3 * REST);
  }

  /** @param {HTMLElement | null} tile */
  #wake(tile) {
    if (this.#awake) this.#sleep(this.#awake);
    this.#awake = tile;
    if (!tile || reducedMotion.matches) return;
    const tracker = document.createElement('gaze-tracker');
    tracker.setAttribute('src', tile.dataset.manifest ?? '');
    tracker.setAttribute('no-poll', '');
    tracker.setAttribute('aria-hidden', 'true');
    tracker.tabIndex = -1; // the link around it is what one reaches
    tracker.addEventListener('gaze-ready', () => tile.classList.add('seen'));
    tile.querySelector('.tile-frame')?.append(tracker);
    tile.classList.add('live');
    tile.querySelector('.wake')?.setAttribute('aria-pressed', 'true');
  }

  /** @param {HTMLElement} tile */
  #sleep(tile) {
    tile.querySelector('gaze-tracker')?.remove();
    tile.classList.remove('live', 'seen');
    tile.querySelector('.wake')?.setAttribute('aria-pressed', 'false');
  }
}

/** @param {EventTarget | null} target */
function isFocusVisible(target) {
  return target instanceof Element && target.matches(':focus-visible');
}

/** @param {EventTarget | null} target @returns {HTMLElement | null} the tile of a living portrait around it */
function tileOf(target) {
  return target instanceof Element ? target.closest('.tile[data-manifest]') : null;
}

/** @type {NodeListOf<HTMLElement>} */
const lists = document.querySelectorAll('.tiles');
for (const list of lists) new Gallery(list);

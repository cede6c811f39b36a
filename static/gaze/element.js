/**
 * <gaze-tracker>: a portrait whose gaze follows the pointer. README documents its attributes and events.
 */
import { Attention } from './attention.js';
import { boxOf } from './box.js';
import { nextTurn, noTurn } from './clock.js';
import { isFailure } from './failure.js';
import { USUAL_FRAME } from './manifest.js';
import { Motion, timeConstant } from './motion.js';
import { watchPointer } from './pointer.js';
import { openPortrait } from './portrait.js';
import { lengthOf, sizeOf } from './size.js';
import { isSafe, parseSource } from './source.js';
import { styleRoot } from './style.js';
import { View } from './view.js';
import { afterInteraction, hasInteracted, loadingOf } from './loading.js';

const SOURCE_ATTRIBUTES = ['src', 'mode', 'grid'];
/** Each is also a property of that name. */
const ATTRIBUTES = [...SOURCE_ATTRIBUTES, 'poster', 'width', 'height', 'smoothing', 'alt', 'loading'];
const LABEL = 'Portrait whose eyes follow the pointer';

/** Seconds that an element out of the document keeps its portrait: routers take elements out to move them. */
const LINGER = 1;

/** An element this far outside the window begins to load, so that it is alive when it is scrolled to. */
const NEAR = '200px';

/** An element lower than this share of the window leaves room beside it to scroll the page. */
const SCROLL_ROOM = 0.7;

const reducedMotion = matchMedia('(prefers-reduced-motion: reduce)');

/**
 * Events, all bubbling and composed: `gaze-ready` (alive), `gaze-level` (detail: {name, width}, its pictures' pixels),
 * `gaze-error` (detail: {code, message}; see failure.js). Custom states for style sheets: `live`, `moved`, `alpha`.
 */
export class GazeTracker extends HTMLElement {
  static observedAttributes = [...ATTRIBUTES, 'no-poll'];

  #root = this.attachShadow({ mode: 'open' });
  #internals = this.attachInternals?.();
  #still = document.createElement('div');
  #poster = new Image();
  #canvas = document.createElement('canvas');
  #view;
  #motion = new Motion();
  #attention = new Attention();
  #onScreen = false;
  /** Whether it is on the screen or soon will be. */
  #near = false;
  #settling = false;
  #lingering = 0;
  #live = false;
  /** @type {import('./portrait.js').Portrait | null} */
  #portrait = null;
  /** Base addresses of `src` and `poster` when they were set: a router may change the page's address later. */
  #bases = { src: '', poster: '' };
  /** The attributes for which the portrait was opened. @type {string | null} */
  #asked = null;
  /** The size that the style sheet has. @type {string | null} */
  #styled = null;
  /**
   * The size of the last portrait whose size is known; another one keeps it until its own is known.
   *
   * @type {import('./manifest.js').Size | null}
   */
  #lastSize = null;
  /** Ends whatever lasts while the element is in a document. @type {AbortController | null} */
  #leaving = null;
  /** Ends whatever lasts while the portrait is open. @type {AbortController | null} */
  #closing = null;

  constructor() {
    super();
    this.#still.className = 'still';
    this.#canvas.className = 'live';
    this.#poster.hidden = true;
    this.#poster.alt = '';
    this.#poster.part = 'poster';
    this.#canvas.part = 'canvas';
    this.#still.append(this.#poster, document.createElement('slot'));
    this.#root.append(this.#still, this.#canvas);
    this.#view = new View(this.#canvas, () => this.#onResize());
    this.#poster.addEventListener('load', () => this.#fitSize());
    this.#poster.addEventListener('error', () => this.#onPosterError());
    this.addEventListener('keydown', (event) => this.#onKey(event));
    this.addEventListener('blur', () => this.#letGo());
  }

  connectedCallback() {
    this.#takeEarlyProperties();
    if (!this.hasAttribute('tabindex')) this.tabIndex = 0;
    if (!this.hasAttribute('role')) this.setAttribute('role', 'img');
    this.#label();
    this.#settleSoon();
  }

  disconnectedCallback() {
    this.#settleSoon();
  }

  /** A document gives up the style sheets of what moves to another one. */
  adoptedCallback() {
    this.#styled = null;
  }

  /** @param {string} name */
  attributeChangedCallback(name) {
    if (name === 'src' || name === 'poster') this.#bases[name] = document.baseURI;
    if (name === 'alt') this.#label();
    else if (name === 'smoothing') this.#motion.constant = timeConstant(Number(this.getAttribute(name)));
    else this.#settleSoon();
  }

  /** The attribute of the same name, without a value. @type {boolean} */
  get noPoll() {
    return this.hasAttribute('no-poll');
  }

  set noPoll(value) {
    this.toggleAttribute('no-poll', Boolean(value));
  }

  /** Whether the portrait is alive: a level is loaded and follows. @type {boolean} */
  get ready() {
    return Boolean(this.#portrait?.frames);
  }

  /**
   * Makes the portrait look at a place, whatever the pointer does; `lookAt(null)` gives it back to the pointer.
   *
   * @param {number | null} x from −1 (the viewer's left) to 1 (right)
   * @param {number} [y] from −1 (up) to 1 (down)
   * @throws {TypeError} when a coordinate is no number
   */
  lookAt(x, y) {
    this.#attention.tell(x, y);
    this.#wake();
  }

  /** Looks at the manifest again and loads what is new in it. */
  async refresh() {
    await this.#portrait?.refresh();
    this.#keepUp();
  }

  /**
   * Moves the gaze on and draws it, when it is the element's turn.
   *
   * @param {number} seconds since the last turn
   * @returns {boolean} whether it wants another
   */
  turn(seconds) {
    if (!this.#awake) return false;
    const target = this.#isStill ? { x: 0, y: 0 } : this.#attention.target(boxOf(this));
    const moving = this.#motion.step(target, seconds);
    this.#draw();
    return moving;
  }

  get #awake() {
    return this.#onScreen && !document.hidden && this.ready;
  }

  /** Whether the person asked for less motion. */
  get #isStill() {
    return reducedMotion.matches;
  }

  get #hasStill() {
    return !this.#poster.hidden || this.querySelector('img') !== null;
  }

  /** Several attributes and moves in the document count as one change. */
  #settleSoon() {
    if (this.#settling) return;
    this.#settling = true;
    queueMicrotask(() => {
      this.#settling = false;
      this.#settle();
    });
  }

  #settle() {
    // A document without a window is a template, or a page that a router is still putting together.
    if (!this.isConnected || !this.ownerDocument.defaultView) {
      this.#leave();
      return;
    }
    if (!this.#leaving) this.#enter();
    const asked = JSON.stringify([this.#bases.src, ...SOURCE_ATTRIBUTES.map((name) => this.getAttribute(name))]);
    if (asked !== this.#asked) this.#open(this.#parsedSource());
    this.#asked = asked;
    this.#start();
    this.#fitSize();
  }

  /** Loads what may be loaded by now: first what describes the portrait, then the portrait. */
  #start() {
    if (!this.#near && loadingOf(this) !== 'eager') return;
    this.#portrait?.describe();
    this.#showPoster();
    this.#climb();
    this.#keepUp();
  }

  #keepUp() {
    if (!this.noPoll) this.#portrait?.keepUp();
  }

  #enter() {
    clearTimeout(this.#lingering);
    this.#leaving = new AbortController();
    const { signal } = this.#leaving;
    const stopWatching = watchPointer((moved) => this.#onPointer(moved));
    const onScreen = new IntersectionObserver((entries) => this.#onIntersection(entries[entries.length - 1]));
    onScreen.observe(this);
    const near = new IntersectionObserver((entries) => this.#onNear(entries), { rootMargin: NEAR });
    near.observe(this);
    afterInteraction(() => this.#start(), signal);
    this.#view.connect();
    reducedMotion.addEventListener('change', () => this.#onMotionPreference(), { signal });
    document.addEventListener('visibilitychange', () => this.#wake(), { signal });
    addEventListener('resize', () => this.#fitTouch(), { signal });
    signal.addEventListener('abort', () => {
      stopWatching();
      onScreen.disconnect();
      near.disconnect();
      this.#view.disconnect();
    });
  }

  #leave() {
    noTurn(this);
    this.#leaving?.abort();
    this.#leaving = null;
    this.#onScreen = false;
    this.#near = false;
    clearTimeout(this.#lingering);
    this.#lingering = setTimeout(() => this.#forget(), LINGER * 1000);
  }

  #forget() {
    this.#open(null);
    this.#asked = null;
  }

  #parsedSource() {
    const src = this.getAttribute('src')?.trim();
    if (!src) return null;
    try {
      return parseSource({ src, mode: this.getAttribute('mode'), grid: this.getAttribute('grid') }, this.#bases.src);
    } catch (error) {
      this.#report(error);
      return null;
    }
  }

  /** @param {import('./source.js').Source | null} source */
  #open(source) {
    this.#closing?.abort();
    this.#portrait?.close();
    this.#portrait = null;
    this.#uncover();
    if (!source) return;
    this.#closing = new AbortController();
    const { signal } = this.#closing;
    const portrait = openPortrait(source);
    this.#portrait = portrait;
    portrait.addEventListener('described', () => this.#onDescribed(), { signal });
    portrait.addEventListener('level', () => this.#onLevel(), { signal });
    portrait.addEventListener('problem', (event) => this.#onProblem(portrait, failureOf(event)), { signal });
    if (portrait.description) this.#onDescribed();
    if (portrait.frames) queueMicrotask(() => signal.aborted || this.#onLevel());
  }

  #climb() {
    if (!this.#portrait || (loadingOf(this) === 'interaction' && !hasInteracted())) return;
    if (this.#isStill && (this.#hasStill || !this.#portrait.description)) return;
    this.#portrait.climb();
  }

  #onDescribed() {
    this.#toggleState('alpha', Boolean(this.#portrait?.description?.alpha));
    this.#fitSize();
    this.#start();
  }

  #onLevel() {
    this.#fitSize();
    if (this.#awake) this.#draw();
    this.#wake();
    if (!this.#live) this.#tell('gaze-ready');
    this.#live = true;
    this.#tell('gaze-level', { name: this.#portrait?.frames?.level.name, width: this.#portrait?.frames?.width });
    this.#portrait?.want(this.#canvas.width);
  }

  /** @param {import('./portrait.js').Portrait} portrait @param {import('./failure.js').GazeFailure} failure */
  #onProblem(portrait, failure) {
    // A portrait that cannot be loaded gives the room to the picture that stands for it.
    if (!portrait.size && !failure.temporary) this.#lastSize = null;
    this.#fitSize();
    this.#report(failure);
    this.#keepUp();
  }

  /** @param {IntersectionObserverEntry} entry the latest one */
  #onIntersection({ isIntersecting }) {
    this.#onScreen = isIntersecting;
    if (isIntersecting) this.#wake();
  }

  /** @param {IntersectionObserverEntry[]} entries */
  #onNear(entries) {
    this.#near = entries[entries.length - 1].isIntersecting;
    this.#start();
  }

  #onMotionPreference() {
    if (this.#awake) this.#draw();
    this.#start();
    this.#wake();
  }

  /** @param {boolean} moved */
  #onPointer(moved) {
    if (moved) {
      this.#attention.letGo();
      if (this.ready) this.#toggleState('moved', true);
    }
    this.#wake();
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    if (event.ctrlKey || event.altKey || event.metaKey || this.#isStill) return;
    if (event.key === 'Escape') this.#letGo();
    if (!this.#attention.steer(event.key, this.#motion.position)) return;
    event.preventDefault();
    if (this.ready) this.#toggleState('moved', true);
    this.#wake();
  }

  #letGo() {
    this.#attention.letGo();
    this.#wake();
  }

  #onResize() {
    this.#fitTouch();
    this.#portrait?.want(this.#canvas.width);
    if (this.#awake) this.#draw();
  }

  #onPosterError() {
    this.#poster.hidden = true;
    this.#start();
  }

  #wake() {
    if (this.#awake) nextTurn(this);
  }

  #draw() {
    const still = this.#isStill && this.#hasStill;
    const frames = this.#portrait?.frames;
    if (!still && frames) this.#view.show(frames, this.#motion.position);
    this.#cover(!still);
  }

  /**
   * Shows the canvas instead of the still picture, which must not shine through a transparent portrait.
   *
   * @param {boolean} live
   */
  #cover(live) {
    this.#canvas.classList.toggle('shown', live);
    this.#still.classList.toggle('covered', live);
    this.#toggleState('live', live);
  }

  #uncover() {
    for (const state of ['moved', 'alpha']) this.#toggleState(state, false);
    this.#cover(false);
    this.#live = false;
    this.#view.forget();
  }

  #showPoster() {
    const address = this.#posterAddress();
    if (address === (this.#poster.getAttribute('src') ?? '')) return;
    this.#poster.hidden = !address;
    if (address) this.#poster.src = address;
    else this.#poster.removeAttribute('src');
  }

  /** The attribute's, none where the page brings a picture of its own, else the portrait's. */
  #posterAddress() {
    const own = this.getAttribute('poster');
    if (own && isSafe(own, this.#bases.poster)) return new URL(own, this.#bases.poster).href;
    return this.querySelector('img') ? '' : (this.#portrait?.description?.poster ?? '');
  }

  /** The attributes' size, else the portrait's own; known before any picture has come, so that nothing jumps. */
  #fitSize() {
    const size = sizeOf(lengthOf(this, 'width'), lengthOf(this, 'height'), this.#ownSize());
    if (JSON.stringify(size) === this.#styled) return;
    this.#styled = JSON.stringify(size);
    styleRoot(this.#root, size);
  }

  /** The finished portrait's; while that is unknown, the last one's, or a picture's that the page has given already. */
  #ownSize() {
    if (this.#portrait) this.#lastSize = this.#portrait.size ?? this.#lastSize;
    if (this.#portrait && this.#lastSize) return this.#lastSize;
    const picture = this.querySelector('img') ?? this.#poster;
    const { naturalWidth, naturalHeight } = picture;
    const seen = naturalWidth && naturalHeight ? { width: naturalWidth, height: naturalHeight } : null;
    return attributesOf(picture) ?? seen ?? USUAL_FRAME;
  }

  /** Properties that were set while the element was not defined yet hide those of the class. */
  #takeEarlyProperties() {
    for (const name of [...ATTRIBUTES, 'noPoll']) {
      if (!Object.hasOwn(this, name)) continue;
      const value = Reflect.get(this, name);
      Reflect.deleteProperty(this, name);
      Reflect.set(this, name, value);
    }
  }

  /** A drag on the element moves the gaze; where it fills the window, it must let the page scroll. */
  #fitTouch() {
    const low = boxOf(this).height < innerHeight * SCROLL_ROOM;
    for (const part of [this.#still, this.#canvas]) part.style.touchAction = low ? 'none' : 'pan-y';
  }

  #label() {
    const alt = this.getAttribute('alt');
    if (alt || !this.hasAttribute('aria-label')) this.setAttribute('aria-label', alt || LABEL);
  }

  /**
   * Browsers without custom states, or with an early form of them, lack only what style sheets make of them.
   *
   * @param {string} name
   * @param {boolean} on
   */
  #toggleState(name, on) {
    const states = this.#internals?.states;
    try {
      if (on) states?.add(name);
      else states?.delete(name);
    } catch {
      // Chromium before 125 takes names with two dashes only.
    }
  }

  /** @param {unknown} error */
  #report(error) {
    if (!isFailure(error)) throw error;
    this.#tell('gaze-error', { code: error.code, message: error.message });
  }

  /** @param {string} type @param {object | null} detail */
  #tell(type, detail = null) {
    this.dispatchEvent(new CustomEvent(type, { bubbles: true, composed: true, detail }));
  }
}

for (const name of ATTRIBUTES) {
  Object.defineProperty(GazeTracker.prototype, name, {
    configurable: true,
    enumerable: true,
    get() {
      return this.getAttribute(name) ?? '';
    },
    set(value) {
      if (value === null || value === undefined) this.removeAttribute(name);
      else this.setAttribute(name, value);
    },
  });
}

/** @param {Event} event `problem` of a portrait @returns {import('./failure.js').GazeFailure} */
function failureOf(event) {
  return /** @type {CustomEvent} */ (event).detail;
}

/**
 * @param {HTMLImageElement} picture
 * @returns {{width: number, height: number} | null} the room that its attributes keep for it
 */
function attributesOf(picture) {
  const width = lengthOf(picture, 'width');
  const height = lengthOf(picture, 'height');
  return width?.pixels && height?.pixels ? { width: width.pixels, height: height.pixels } : null;
}

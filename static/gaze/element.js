/**
 * <gaze-tracker>: a portrait whose gaze follows the pointer. README documents its attributes and events.
 */
import { nextTurn, noTurn } from './clock.js';
import { isFailure } from './failure.js';
import { GazeController } from './gaze-controller.js';
import { afterInteraction, hasInteracted, loadingOf } from './loading.js';
import { openPortrait } from './portrait.js';
import { ATTRIBUTES, reflectAttributes, takeEarlyProperties } from './reflection.js';
import { ShadowTree } from './shadow-tree.js';
import { Sizing } from './sizing.js';
import { isSafe, parseSource } from './source.js';
import { View } from './view.js';

const SOURCE_ATTRIBUTES = ['src', 'mode', 'grid', 'renderer', 'pixi-src'];
/** What the element shows, and how large. */
const PICTURE_ATTRIBUTES = [...SOURCE_ATTRIBUTES, 'poster', 'width', 'height', 'no-poll', 'loading'];
const NAMING_ATTRIBUTES = ['alt', 'aria-label', 'role'];
const LABEL = 'Portrait whose eyes follow the pointer';

/** Seconds that an element out of the document keeps its portrait: routers take elements out to move them. */
const LINGER = 1;

/** An element this far outside the window begins to load, so that it is alive when it is scrolled to. */
const NEAR = '200px';

/**
 * Events, all bubbling and composed: `gaze-ready` (alive), `gaze-level` (detail: {name, width}, its pictures' pixels),
 * `gaze-error` (detail: {code, message}; see failure.js). Custom states for style sheets: `live`, `moved`, `alpha`.
 */
export class GazeTracker extends HTMLElement {
  static observedAttributes = [...ATTRIBUTES, 'aria-label', 'role'];

  #internals = this.attachInternals?.();
  #tree = new ShadowTree(this, (button) => this.#gaze.press(button));
  #view = new View(this.#tree.canvas, () => this.#onResize());
  #sizing = new Sizing(this, this.#tree);
  #gaze = new GazeController(this, this.#tree, {
    onInput: (moved) => this.#onInput(moved),
    onStill: () => this.#onStill(),
  });
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
  /** Ends whatever lasts while the element is in a document. @type {AbortController | null} */
  #leaving = null;
  /** Ends whatever lasts while the portrait is open. @type {AbortController | null} */
  #closing = null;

  constructor() {
    super();
    const { poster, root } = this.#tree;
    poster.addEventListener('load', () => this.#fitSize());
    poster.addEventListener('error', () => this.#onPosterError());
    root.addEventListener('slotchange', () => this.#settleSoon());
  }

  connectedCallback() {
    takeEarlyProperties(this);
    this.#label();
    this.#settleSoon();
  }

  disconnectedCallback() {
    this.#settleSoon();
  }

  /** Pages that move it with `moveBefore` interrupt nothing. */
  connectedMoveCallback() {}

  /** A document gives up the style sheets of what moves to another one. */
  adoptedCallback() {
    this.#sizing.forgetStyle();
  }

  /** @param {string} name */
  attributeChangedCallback(name) {
    if (name === 'src' || name === 'poster') this.#bases[name] = document.baseURI;
    if (NAMING_ATTRIBUTES.includes(name)) this.#label();
    else if (PICTURE_ATTRIBUTES.includes(name)) this.#settleSoon();
    else this.#configure(name);
  }

  /** The attribute of the same name, without a value. @type {boolean} */
  get noPoll() {
    return this.hasAttribute('no-poll');
  }

  set noPoll(value) {
    this.toggleAttribute('no-poll', Boolean(value));
  }

  /**
   * Factors of the directions of the two eyes, as the viewer sees them, −1.5 … 1.5.
   *
   * @returns {{left: number, right: number}}
   */
  get gain() {
    return this.#gaze.gain;
  }

  /** @throws {TypeError} */
  set gain(gain) {
    this.#gaze.gain = gain;
  }

  /** Whether the portrait is alive: a level is loaded and follows. @type {boolean} */
  get ready() {
    return Boolean(this.#portrait?.frames);
  }

  /**
   * Makes the portrait look at a place or an element, whatever the pointer does; `lookAt(null)` gives it back to the
   * pointer.
   *
   * @param {number | Element | null} x an element, or from −1 (the viewer's left) to 1 (right)
   * @param {number} [y] from −1 (up) to 1 (down)
   * @throws {TypeError} when it is no element, and a coordinate no number
   */
  lookAt(x, y) {
    this.#gaze.lookAt(x, y);
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
   * @returns {number} seconds until it wants another; Infinity when it wants none
   */
  turn(seconds) {
    if (!this.#awake) return Infinity;
    const wait = this.#gaze.step(seconds, this.#isFine);
    this.#draw();
    return wait;
  }

  get #awake() {
    return this.#onScreen && !document.hidden && this.ready;
  }

  /** Whether it shows a rig, which has lids and any direction. */
  get #isFine() {
    const level = this.#portrait?.frames?.level;
    return Boolean(level && 'rig' in level);
  }

  get #hasStill() {
    return !this.#tree.poster.hidden || this.querySelector('img') !== null;
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
    this.#label();
    this.#offerButtons();
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
    this.#gaze.listen(signal);
    const onScreen = new IntersectionObserver((entries) => this.#onIntersection(entries[entries.length - 1]));
    onScreen.observe(this);
    const near = new IntersectionObserver((entries) => this.#onNear(entries), { rootMargin: NEAR });
    near.observe(this);
    afterInteraction(() => this.#start(), signal);
    this.#view.connect();
    document.addEventListener('visibilitychange', () => this.#wake(), { signal });
    signal.addEventListener('abort', () => {
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
      const others = Object.fromEntries(SOURCE_ATTRIBUTES.map((name) => [name, this.getAttribute(name)]));
      return parseSource({ ...others, src }, this.#bases.src);
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
    if (this.#gaze.isStill && (this.#hasStill || !this.#portrait.description)) return;
    this.#portrait.climb();
  }

  #onDescribed() {
    this.#toggleState('alpha', Boolean(this.#portrait?.description?.alpha));
    this.#fitSize();
    this.#start();
  }

  #onLevel() {
    const { part = null } = this.#portrait ?? {};
    if (part) this.#gaze.animate(part.Life);
    this.#fitSize();
    if (this.#awake) this.#draw();
    this.#wake();
    if (!this.#live) this.#tell('gaze-ready');
    this.#live = true;
    this.#tell('gaze-level', { name: this.#portrait?.frames?.level.name, width: this.#portrait?.frames?.width });
    this.#portrait?.want(this.#tree.canvas.width);
  }

  /** @param {import('./portrait.js').Portrait} portrait @param {import('./failure.js').GazeFailure} failure */
  #onProblem(portrait, failure) {
    // A portrait that cannot be loaded gives the room to the picture that stands for it.
    if (!portrait.size && !failure.temporary) this.#sizing.forgetPortrait();
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

  /** Motion has been switched off or on. */
  #onStill() {
    this.#offerButtons();
    if (this.#awake) this.#draw();
    this.#start();
    this.#wake();
  }

  /** @param {boolean} moved whether the visitor moved the gaze */
  #onInput(moved) {
    if (moved && this.ready) this.#toggleState('moved', true);
    this.#wake();
  }

  #onResize() {
    this.#portrait?.want(this.#tree.canvas.width);
    if (this.#awake) this.#draw();
  }

  #onPosterError() {
    this.#tree.poster.hidden = true;
    this.#start();
  }

  #wake() {
    if (this.#awake) nextTurn(this);
  }

  #draw() {
    const still = this.#gaze.isStill && this.#hasStill;
    const frames = this.#portrait?.frames;
    if (!still && frames) this.#view.show(frames, this.#gaze.pose);
    this.#cover(!still);
  }

  /**
   * Shows the canvas instead of the still picture, which must not shine through a transparent portrait.
   *
   * @param {boolean} live
   */
  #cover(live) {
    this.#tree.cover(live);
    this.#toggleState('live', live);
  }

  #uncover() {
    for (const state of ['moved', 'alpha']) this.#toggleState(state, false);
    this.#cover(false);
    this.#live = false;
    this.#view.forget();
  }

  #showPoster() {
    this.#tree.showPoster(this.#posterAddress());
  }

  /** The attribute's, none where the page brings a picture of its own, else the portrait's. */
  #posterAddress() {
    const own = this.getAttribute('poster');
    if (own && isSafe(own, this.#bases.poster)) return new URL(own, this.#bases.poster).href;
    return this.querySelector('img') ? '' : (this.#portrait?.description?.poster ?? '');
  }

  #fitSize() {
    this.#sizing.fit(this.#portrait);
  }

  /** Names the face, unless the page has given the host a role of its own. */
  #label() {
    const name = this.getAttribute('aria-label') || this.getAttribute('alt') || this.querySelector('img')?.alt;
    this.#tree.label(this.hasAttribute('role') ? null : name || LABEL);
  }

  /** @param {string} name of the attribute that has changed */
  #configure(name) {
    try {
      this.#gaze.configure();
    } catch (error) {
      if (name === 'look-at') this.#report(error);
    }
  }

  #offerButtons() {
    this.#gaze.offerButtons(Boolean(this.#portrait));
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

reflectAttributes(GazeTracker.prototype);

/** @param {Event} event `problem` of a portrait @returns {import('./failure.js').GazeFailure} */
function failureOf(event) {
  return /** @type {CustomEvent} */ (event).detail;
}

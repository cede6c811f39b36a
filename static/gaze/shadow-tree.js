/**
 * Shadow tree of an element: the face, which can be focused and has a role and a name, so that nothing needs to be
 * written on the host; the still picture and the canvas in it; and buttons beside it.
 *
 * @typedef {'motion' | 'tilt'} ButtonName
 */
import { axesOf } from './input/axes.js';

/** Parts of the buttons, for style sheets: `motion-button`, `tilt-button`. @type {ButtonName[]} */
const BUTTONS = ['motion', 'tilt'];

export class ShadowTree {
  root;
  poster = new Image();
  canvas = document.createElement('canvas');
  #face = made('div', 'face');
  #still = made('div', 'still');
  #corners = ['origin', 'right', 'below'].map((name) => made('i', name));
  /** @type {Record<string, HTMLElement>} */
  #buttons = {};

  /**
   * @param {HTMLElement} host
   * @param {(name: ButtonName) => void} onPress
   */
  constructor(host, onPress) {
    this.root = host.attachShadow({ mode: 'open', delegatesFocus: true });
    this.#face.tabIndex = 0;
    this.canvas.className = 'live';
    this.poster.hidden = true;
    this.poster.alt = '';
    this.poster.part = 'poster';
    this.canvas.part = 'canvas';
    this.#still.append(this.poster, document.createElement('slot'));
    this.#face.append(this.#still, this.canvas, ...this.#corners);
    const controls = made('div', 'controls');
    for (const name of BUTTONS) controls.append(this.#button(name, onPress));
    this.root.append(this.#face, controls);
  }

  /** The element's own right and down on the screen. */
  get axes() {
    const [origin, right, below] = this.#corners.map((each) => each.getBoundingClientRect());
    return axesOf(origin, right, below);
  }

  /**
   * Names the face; a host to which the page has given a role speaks for itself.
   *
   * @param {string | null} name
   */
  label(name) {
    const attributes = { role: name && 'img', 'aria-label': name };
    for (const [attribute, value] of Object.entries(attributes)) {
      if (value) this.#face.setAttribute(attribute, value);
      else this.#face.removeAttribute(attribute);
    }
  }

  /**
   * Shows the canvas instead of the still picture, which must not shine through a transparent portrait.
   *
   * @param {boolean} live
   */
  cover(live) {
    this.canvas.classList.toggle('shown', live);
    this.#still.classList.toggle('covered', live);
  }

  /** @param {string} address none is the empty one */
  showPoster(address) {
    if (address === (this.poster.getAttribute('src') ?? '')) return;
    this.poster.hidden = !address;
    if (address) this.poster.src = address;
    else this.poster.removeAttribute('src');
  }

  /**
   * Offers a button, or takes it away.
   *
   * @param {ButtonName} name
   * @param {string | null} label
   * @param {boolean} [on] whether pressing it would switch off
   */
  offer(name, label, on = false) {
    const button = this.#buttons[name];
    button.hidden = !label;
    button.classList.toggle('on', on);
    if (label && button.textContent !== label) button.textContent = label;
  }

  /** @param {ButtonName} name @param {(name: ButtonName) => void} onPress */
  #button(name, onPress) {
    const button = /** @type {HTMLButtonElement} */ (made('button', name));
    button.type = 'button';
    button.hidden = true;
    button.part = `${name}-button`;
    button.addEventListener('click', () => onPress(name));
    this.#buttons[name] = button;
    return button;
  }
}

/** @param {string} tag @param {string} name of its class */
function made(tag, name) {
  return Object.assign(document.createElement(tag), { className: name });
}

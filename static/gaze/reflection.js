/**
 * Properties of the element that reflect its attributes.
 *
 * @typedef {{get(this: Element): unknown, set(this: Element, value: unknown): void}} Accessors
 */

/** Values are strings. */
const STRINGS = [
  'src', 'mode', 'grid', 'poster', 'width', 'height', 'smoothing', 'alt', 'intensity', 'at-rest', 'follow',
  'loading', 'renderer', 'pixi-src',
];

/** What is on unless the attribute says `off`, or `false`. */
const SWITCHES = ['idle', 'blink', 'tilt'];

/** `no-poll` is true when it is there. `look-at` has no property: `lookAt` is the method. */
export const ATTRIBUTES = [...STRINGS, ...SWITCHES, 'no-poll', 'look-at'];

/** @param {unknown} value @returns {boolean} whether it switches off */
function isOff(value) {
  return ['off', 'false', false].includes(/** @type {string} */ (value));
}

/**
 * @param {Element} element
 * @param {string} name
 * @returns {boolean}
 */
export function isOn(element, name) {
  return !isOff(element.getAttribute(name));
}

/** @param {string} name @returns {Accessors} null and undefined remove the attribute */
function stringly(name) {
  return {
    get() {
      return this.getAttribute(name) ?? '';
    },
    set(value) {
      if (value === null || value === undefined) this.removeAttribute(name);
      else this.setAttribute(name, String(value));
    },
  };
}

/** @param {string} name @returns {Accessors} */
function switching(name) {
  return {
    get() {
      return isOn(this, name);
    },
    set(value) {
      if (isOff(value)) this.setAttribute(name, 'off');
      else this.removeAttribute(name);
    },
  };
}

/** Gives a class the properties of the attributes. @param {Element} prototype */
export function reflectAttributes(prototype) {
  for (const name of [...STRINGS, ...SWITCHES]) {
    const accessors = SWITCHES.includes(name) ? switching(name) : stringly(name);
    const property = name.replace(/-(.)/, (_, letter) => letter.toUpperCase());
    Object.defineProperty(prototype, property, { configurable: true, enumerable: true, ...accessors });
  }
}

/**
 * Sets again the properties that were set while the element was not defined yet: they hide those of its class.
 *
 * @param {Element} element
 */
export function takeEarlyProperties(element) {
  for (const name of Object.keys(element)) {
    if (!(name in Object.getPrototypeOf(element))) continue;
    const value = Reflect.get(element, name);
    Reflect.deleteProperty(element, name);
    Reflect.set(element, name, value);
  }
}

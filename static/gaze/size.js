/**
 * Sizes that `width` and `height` ask for: a number of CSS pixels, or a percentage as on an <img>.
 *
 * @typedef {import('./manifest.js').Size} Size
 * @typedef {{css: string, pixels: number | null}} Length `pixels` is null for a percentage
 */

const LENGTH = /^(\d+\.?\d*|\.\d+)(px|%)?$/i;

/**
 * @param {{getAttribute(name: string): string | null}} element
 * @param {'width' | 'height'} attribute
 * @returns {Length | null} null when the attribute is absent, zero, or no length that it may have
 */
export function lengthOf(element, attribute) {
  const [, number, unit] = LENGTH.exec(element.getAttribute(attribute)?.trim() ?? '') ?? [];
  if (!(Number(number) > 0)) return null;
  return unit === '%' ? { css: `${number}%`, pixels: null } : { css: `${number}px`, pixels: Number(number) };
}

/**
 * @param {Length | null} width
 * @param {Length | null} height a percentage counts only beside a width: alone, it gives none where the room around
 *   the element has no height
 * @param {Size} own the portrait's size, for what the attributes leave open
 * @returns {{width: string, height: string, shape: Size}} CSS lengths and the proportion
 */
export function sizeOf(width, height, own) {
  if (!width) return { width: `${widthFor(height?.pixels, own)}px`, height: 'auto', shape: own };
  if (!width.pixels || !height?.pixels) return { width: width.css, height: height?.css ?? 'auto', shape: own };
  return { width: width.css, height: 'auto', shape: { width: width.pixels, height: height.pixels } };
}

/** @param {number | null | undefined} height @param {Size} own */
function widthFor(height, own) {
  return height ? (height * own.width) / own.height : own.width;
}

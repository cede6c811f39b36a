/**
 * Part of a page that its template always has.
 *
 * @template {Element} T
 * @param {string} selector
 * @param {{new (): T}} type such as HTMLFormElement
 * @param {ParentNode} [root]
 * @returns {T}
 * @throws {TypeError} where there is no such part
 */
export function part(selector, type, root = document) {
  const found = root.querySelector(selector);
  if (!(found instanceof type)) throw new TypeError(`this page has no ${selector}`);
  return found;
}

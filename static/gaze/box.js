/**
 * Bounding box of an element in the window, with CSS `zoom` counted in.
 */

/**
 * @param {Element} element
 * @returns {number} how much its own `zoom` and those around it enlarge it
 */
export function cssZoom(element) {
  if (!leavesZoomOut(element)) return element.currentCSSZoom;
  let zoom = 1;
  /** @type {Element | null} */
  let each = element;
  while (each) {
    zoom *= Number.parseFloat(getComputedStyle(each).zoom) || 1;
    each = each.assignedSlot ?? each.parentElement ?? hostOf(each);
  }
  return zoom;
}

/**
 * @param {Element} element
 * @returns {DOMRect} CSS pixels of the window, as pointer events have them
 */
export function boxOf(element) {
  const box = element.getBoundingClientRect();
  if (!leavesZoomOut(element)) return box;
  const zoom = cssZoom(element);
  return new DOMRect(box.x * zoom, box.y * zoom, box.width * zoom, box.height * zoom);
}

/** @param {Element} element @returns {Element | null} the element whose shadow tree holds it */
function hostOf(element) {
  const root = /** @type {Partial<ShadowRoot>} */ (element.getRootNode());
  return root.host ?? null;
}

/**
 * WebKit measures in the element's own pixels; engines that measure in the window's tell the zoom, too.
 *
 * @param {Element} element
 */
function leavesZoomOut(element) {
  return element.currentCSSZoom === undefined;
}

/**
 * Where an element lies in the window, with CSS `zoom` counted in.
 */

/**
 * @param {Element} element
 * @returns {number} how much its own `zoom` and those around it enlarge it
 */
export function cssZoom(element) {
  if (!leavesZoomOut(element)) return element.currentCSSZoom;
  let zoom = 1;
  for (let each = element; each; each = each.assignedSlot ?? each.parentElement ?? each.getRootNode().host) {
    zoom *= Number.parseFloat(getComputedStyle(each).zoom) || 1;
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

/** WebKit measures in the element's own pixels; engines that measure in the window's tell the zoom, too. */
function leavesZoomOut(element) {
  return element.currentCSSZoom === undefined;
}

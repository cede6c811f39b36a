/**
 * Eye in the header, which looks where the pointer is, as the portraits do.
 */

const CENTRE = 16;

/** How far the iris gets from the middle of the eye, in units of the drawing. */
const REACH = 5;

/** Pixels from the eye at which it looks as far aside as it can. */
const FAR = 420;

const mark = document.querySelector('.mark');
const iris = mark?.querySelector('.mark-iris');
const reducedMotion = matchMedia('(prefers-reduced-motion: reduce)');

/** @param {PointerEvent} event */
function look({ clientX, clientY }) {
  if (!mark || !iris || reducedMotion.matches) return;
  const box = mark.getBoundingClientRect();
  const x = clientX - (box.left + box.width / 2);
  const y = clientY - (box.top + box.height / 2);
  const distance = Math.hypot(x, y) || 1;
  const reach = REACH * Math.min(1, distance / FAR);
  iris.setAttribute('cx', String(CENTRE + (x / distance) * reach));
  iris.setAttribute('cy', String(CENTRE + (y / distance) * reach));
}

if (iris) addEventListener('pointermove', look, { passive: true });

/**
 * Pointer to a face that was not found: a click or tap, or a ring that the arrow keys move.
 */

import { part } from './part.js';

/** Shares of the photo's longer side: a step by key, the ring's radius. */
const STEP = 0.025;
const RING = 0.07;

/** Steps to the right and down. @type {Record<string, [number, number]>} */
const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/**
 * @param {SVGSVGElement} map the photo; its view box is in the photo's pixels
 * @param {HTMLFormElement} form takes x and y, 0 … 1 of the photo's sides
 */
export function letPeoplePoint(map, form) {
  const ring = part('#place', SVGCircleElement, map);
  const hint = part('#point-hint', HTMLElement);
  const [across, down] = ['x', 'y'].map((name) => part(`input[name="${name}"]`, HTMLInputElement, form));
  const { width, height } = map.viewBox.baseVal;
  const longer = Math.max(width, height);
  let place = { x: width / 2, y: height / 2 };
  let looking = false;

  /** @param {number} x pixels of the photo @param {number} y */
  function show(x, y) {
    place = { x: between(x, width), y: between(y, height) };
    ring.setAttribute('cx', String(place.x));
    ring.setAttribute('cy', String(place.y));
    ring.setAttribute('visibility', 'visible');
  }

  function look() {
    if (looking) return;
    looking = true;
    ring.classList.add('looking');
    hint.textContent = 'Looking there…';
    across.value = (place.x / width).toFixed(4);
    down.value = (place.y / height).toFixed(4);
    form.submit();
  }

  /** @param {MouseEvent} event */
  function onClick({ clientX, clientY, target }) {
    if (target instanceof Element && target.closest('.face-box.usable')) return; // it chooses that face
    const { x, y } = new DOMPoint(clientX, clientY).matrixTransform(map.getScreenCTM()?.inverse());
    show(x, y);
    look();
  }

  /** @param {KeyboardEvent} event */
  function onKey(event) {
    const move = MOVES[event.key];
    if (event.ctrlKey || event.altKey || event.metaKey || !(move || event.key === 'Enter')) return;
    event.preventDefault();
    if (move) show(place.x + move[0] * STEP * longer, place.y + move[1] * STEP * longer);
    else look();
  }

  ring.setAttribute('r', String(RING * longer));
  map.tabIndex = 0;
  map.classList.add('open');
  map.addEventListener('click', onClick);
  map.addEventListener('keydown', onKey);
  map.addEventListener('focus', () => map.matches(':focus-visible') && show(place.x, place.y));
  addEventListener('pageshow', () => {
    looking = false;
    ring.classList.remove('looking');
  });
}

/** @param {number} value @param {number} most */
function between(value, most) {
  return Math.min(Math.max(value, 0), most);
}

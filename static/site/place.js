/**
 * Pointing at a face that was not found: by click or tap, or with a ring that the arrow keys move.
 */

/** Shares of the photo's longer side: a step by key, the ring's radius. */
const STEP = 0.025;
const RING = 0.07;

const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/**
 * @param {SVGSVGElement} map the photo; its view box is in the photo's pixels
 * @param {HTMLFormElement} form takes x and y, 0 … 1 of the photo's sides
 */
export function letPeoplePoint(map, form) {
  const ring = map.querySelector('#place');
  const hint = document.querySelector('#point-hint');
  const { width, height } = map.viewBox.baseVal;
  const longer = Math.max(width, height);
  let place = { x: width / 2, y: height / 2 };
  let looking = false;

  function show(x, y) {
    place = { x: between(x, width), y: between(y, height) };
    ring.setAttribute('cx', place.x);
    ring.setAttribute('cy', place.y);
    ring.setAttribute('visibility', 'visible');
  }

  function look() {
    if (looking) return;
    looking = true;
    ring.classList.add('looking');
    hint.textContent = 'Looking there…';
    form.elements.x.value = (place.x / width).toFixed(4);
    form.elements.y.value = (place.y / height).toFixed(4);
    form.submit();
  }

  function onClick({ clientX, clientY, target }) {
    if (target.closest('.face-box.usable')) return; // it chooses that face
    const { x, y } = new DOMPoint(clientX, clientY).matrixTransform(map.getScreenCTM().inverse());
    show(x, y);
    look();
  }

  function onKey(event) {
    const move = MOVES[event.key];
    if (event.ctrlKey || event.altKey || event.metaKey || !(move || event.key === 'Enter')) return;
    event.preventDefault();
    if (move) show(place.x + move[0] * STEP * longer, place.y + move[1] * STEP * longer);
    else look();
  }

  ring.setAttribute('r', RING * longer);
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

function between(value, most) {
  return Math.min(Math.max(value, 0), most);
}

/** Page of one portrait: the face, and the progress of its session. */
import { Feed } from './feed.js';
import { offerFullscreen } from './fullscreen.js';
import { part } from './part.js';
import { isOver, Panel } from './progress.js';
import { isRefining, showRefining } from './refining.js';

const GONE = 'This portrait is not there any more.';

/** @typedef {import('../gaze/element.js').GazeTracker} GazeTracker */

const page = part('#portrait', HTMLElement);
const stage = part('#stage', HTMLElement);
const tracker = /** @type {HTMLElement & Partial<GazeTracker>} */ (part('#tracker', HTMLElement));
const snapshotAtFirst = document.querySelector('#snapshot');

/** State of the files when the element last read the manifest; more may be there by now. */
let listed = '';

/** @param {import('./feed.js').Snapshot} snapshot */
function showFace(snapshot) {
  if (!snapshot.alive) return;
  const { shown, attempt, complete, tiles, manifest, poster } = snapshot;
  const now = [shown, attempt, complete, ...tiles.map(({ state }) => state === 'done')].join();
  if (tracker.getAttribute('src') !== manifest) {
    tracker.setAttribute('poster', poster ?? '');
    tracker.setAttribute('src', manifest ?? '');
  } else if (now !== listed) {
    if (listed) tracker.setAttribute('poster', poster ?? ''); // people who asked for less motion see this one
    tracker.refresh?.(); // not yet defined, it reads the newest manifest anyway
  }
  listed = now;
}

/** Makes the element's graphics context and shaders, which takes a while, before a face waits for them. */
async function prepareToDraw() {
  const preloaded = document.querySelector('link[rel="modulepreload"]');
  const address = preloaded instanceof HTMLLinkElement ? preloaded.href : '../gaze/parts/rig.js';
  try {
    /** @type {typeof import('../gaze/parts/rig.js')} */
    const { compile, pageRenderer } = await import(address);
    compile(pageRenderer());
  } catch {
    // Without WebGL or this part the element itself shows a still picture, and says so.
  }
}

/** Shows advice on this photo, and on how the worker went about it. @param {string[]} sentences */
function advise(sentences) {
  const list = part('#advice', HTMLElement);
  list.hidden = sentences.length === 0;
  if (list.textContent === sentences.join('')) return;
  list.replaceChildren(...sentences.map((textContent) => Object.assign(document.createElement('li'), { textContent })));
}

/** @param {import('./feed.js').Snapshot} first */
function follow(first) {
  const panel = new Panel(part('#progress', HTMLElement));
  const { socket = '', progress = '' } = page.dataset;
  const feed = new Feed({ socket, progress });
  feed.addEventListener('snapshot', (event) => {
    const { detail } = /** @type {CustomEvent<import('./feed.js').Snapshot>} */ (event);
    panel.show(detail);
    showFace(detail);
    advise(detail.advice);
    showRefining(part('#refining', HTMLElement), detail);
    show('#download', detail.has_sheets);
    show('#sheets-form', detail.can_ask_for_sheets);
    if (isOver(detail) && !isRefining(detail)) feed.stop();
    else feed.start();
  });
  feed.addEventListener('gone', () => { part('#progress-words', HTMLElement).textContent = GONE; });
  for (const id of ['cancel', 'retry', 'sheets']) {
    const form = document.querySelector(`#${id}-form`);
    if (form instanceof HTMLFormElement) form.addEventListener('submit', (event) => press(event, form, feed));
  }
  feed.take(first);
  if (!first.alive) setTimeout(prepareToDraw);
}

/**
 * Shows or hides a way to the download, which a guest's page does not have.
 *
 * @param {string} selector
 * @param {boolean} shown
 */
function show(selector, shown) {
  const way = document.querySelector(selector);
  if (way instanceof HTMLElement) way.hidden = !shown;
}

/**
 * Sends a form by script; if that fails, as the browser would.
 *
 * @param {SubmitEvent} event
 * @param {HTMLFormElement} form
 * @param {Feed} feed
 */
async function press(event, form, feed) {
  event.preventDefault();
  const button = part('button', HTMLButtonElement, form);
  button.disabled = true;
  try {
    const headers = { Accept: 'application/json' };
    const answer = await fetch(form.action, { method: 'POST', body: new FormData(form), headers });
    feed.take(await answer.json());
  } catch {
    form.submit();
  } finally {
    button.disabled = false;
  }
}

tracker.addEventListener('gaze-ready', () => stage.classList.add('alive'));
offerFullscreen(stage, part('#fullscreen', HTMLButtonElement));
const rename = part('#rename', HTMLDetailsElement);
rename.addEventListener('toggle', () => {
  if (rename.open) part('input[name="title"]', HTMLInputElement, rename).select();
});
if (snapshotAtFirst) follow(JSON.parse(snapshotAtFirst.textContent));

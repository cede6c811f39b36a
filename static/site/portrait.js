/** The page of one portrait: the face, and how its making goes. */
import { pageRenderer } from '../gaze/renderer.js';
import { Feed } from './feed.js';
import { offerFullscreen } from './fullscreen.js';
import { isOver, Panel } from './progress.js';
import { isRefining, showRefining } from './refining.js';

const GONE = 'This portrait is not there any more.';

const page = document.querySelector('#portrait');
const stage = document.querySelector('#stage');
const tracker = document.querySelector('#tracker');
const snapshotAtFirst = document.querySelector('#snapshot');

/** What the element has loaded was listed then; more may be by now. */
let listed = '';

/** @param {import('./feed.js').Snapshot} snapshot */
function showFace(snapshot) {
  if (!snapshot.alive) return;
  const now = [snapshot.shown, snapshot.attempt, snapshot.complete, ...snapshot.tiles.map(({ state }) => state === 'done')].join();
  if (tracker.getAttribute('src') !== snapshot.manifest) {
    tracker.setAttribute('poster', snapshot.poster);
    tracker.setAttribute('src', snapshot.manifest);
  } else if (now !== listed) {
    if (listed) tracker.setAttribute('poster', snapshot.poster); // whoever asked for less motion sees this one
    tracker.refresh?.(); // not yet defined, it reads the newest manifest anyway
  }
  listed = now;
}

/** A graphics context and its shaders take a while to make: while the face is still being drawn, nobody waits for them. */
function prepareToDraw() {
  try {
    pageRenderer();
  } catch {
    // Without WebGL the element itself shows a still picture, and says so.
  }
}

/** What the person should know of this photo, and of how the worker went about it. */
function advise(sentences) {
  const list = document.querySelector('#advice');
  list.hidden = sentences.length === 0;
  if (list.textContent === sentences.join('')) return;
  list.replaceChildren(...sentences.map((sentence) => Object.assign(document.createElement('li'), { textContent: sentence })));
}

function follow(first) {
  const panel = new Panel(document.querySelector('#progress'));
  const feed = new Feed(page.dataset);
  feed.addEventListener('snapshot', ({ detail }) => {
    panel.show(detail);
    showFace(detail);
    advise(detail.advice);
    showRefining(document.querySelector('#refining'), detail);
    document.querySelector('#download').hidden = !detail.complete;
    if (isOver(detail) && !isRefining(detail)) feed.stop();
    else feed.start();
  });
  feed.addEventListener('gone', () => { document.querySelector('#progress-words').textContent = GONE; });
  for (const form of [document.querySelector('#cancel-form'), document.querySelector('#retry-form')]) {
    form.addEventListener('submit', (event) => press(event, form, feed));
  }
  feed.take(first);
  if (!first.alive) setTimeout(prepareToDraw);
}

/** Sends a form by script; if that fails, as the browser would. */
async function press(event, form, feed) {
  event.preventDefault();
  const button = form.querySelector('button');
  button.disabled = true;
  try {
    const answer = await fetch(form.action, { method: 'POST', body: new FormData(form), headers: { Accept: 'application/json' } });
    feed.take(await answer.json());
  } catch {
    form.submit();
  } finally {
    button.disabled = false;
  }
}

tracker.addEventListener('gaze-ready', () => stage.classList.add('alive'));
offerFullscreen(stage, document.querySelector('#fullscreen'));
document.querySelector('#rename').addEventListener('toggle', ({ target }) => {
  if (target.open) target.querySelector('input[name="title"]').select();
});
if (snapshotAtFirst) follow(JSON.parse(snapshotAtFirst.textContent));

/**
 * Progress panel of a session, from one snapshot to the next.
 */

import { withLocalTimes } from './local-times.js';
import { part } from './part.js';

/** @typedef {import('./feed.js').Snapshot} Snapshot */

/** @type {Record<string, string>} */
const FINAL = { failed: 'It did not work', cancelled: 'Stopped' };
const STOPPED = 'You stopped it. Nothing half-made is kept.';
/** @type {Record<string, string>} */
const SHEETS = { preview: 'Preview', q: 'Large sheet', q_20: 'Small sheet' };
/** @type {Record<string, string>} */
const STATES = { pending: 'waiting', rendering: 'being drawn', encoding: 'being packed', done: 'stored' };

/** Milliseconds that “Ready” is shown before the panel folds away. */
const FAREWELL = 3500;
const FOLDING = 800;

export class Panel {
  #panel;
  #told = '';
  #lines = 0;

  /** @param {HTMLElement} panel as templates/portraits/_progress.html has it */
  constructor(panel) {
    this.#panel = panel;
  }

  /** @param {Snapshot} snapshot */
  show(snapshot) {
    const before = this.#panel.dataset.state;
    if (isOver(snapshot)) {
      if (before !== 'ready') this.#finish(snapshot);
      return;
    }
    this.#panel.hidden = false;
    this.#panel.classList.remove('folding');
    this.#panel.dataset.state = snapshot.state === 'ready' ? 'storing' : snapshot.state;
    this.#text('label', FINAL[snapshot.state] ?? snapshot.label);
    this.#text('counter', snapshot.total ? `${snapshot.current} of ${snapshot.total}` : '');
    this.#text('words', words(snapshot));
    this.#bar(snapshot);
    this.#tiles(snapshot.tiles);
    this.#log(snapshot.log);
    this.#part('cancel-form', HTMLElement).hidden = !snapshot.can_cancel;
    this.#part('retry-form', HTMLElement).hidden = !snapshot.can_retry;
    this.#tell(snapshot);
  }

  /** Says calmly that it is ready, then makes room. @param {Snapshot} snapshot */
  #finish(snapshot) {
    this.#panel.dataset.state = 'ready';
    this.#text('label', 'Ready');
    this.#text('counter', '');
    const { seconds, total } = snapshot;
    this.#text('words', seconds ? `All ${total} directions, in ${Math.round(seconds)} seconds.` : '');
    this.#bar({ ...snapshot, current: total });
    this.#tell({ ...snapshot, label: 'Ready' });
    if (this.#panel.hidden) return;
    setTimeout(() => this.#panel.classList.add('folding'), FAREWELL);
    setTimeout(() => { this.#panel.hidden = this.#panel.dataset.state === 'ready'; }, FAREWELL + FOLDING);
  }

  /** @param {Snapshot} snapshot */
  #bar({ current, total, state }) {
    const bar = this.#part('progress-bar', HTMLProgressElement);
    bar.max = total || 1;
    if (total && state !== 'queued') bar.value = current;
    else bar.removeAttribute('value');
  }

  /** @param {Snapshot['tiles']} tiles */
  #tiles(tiles) {
    const list = this.#part('progress-tiles', HTMLElement);
    if (list.children.length !== tiles.length) list.replaceChildren(...tiles.map(newTile));
    tiles.forEach(({ name, state }, index) => {
      const tile = /** @type {HTMLElement} */ (list.children[index]);
      Object.assign(tile.dataset, { name, state });
      const said = `${sheetName(name)}: ${STATES[state] ?? state}`;
      if (tile.title === said) return;
      tile.title = said;
      part('span', HTMLElement, tile).textContent = said;
    });
  }

  /** @param {Snapshot['log']} lines */
  #log(lines) {
    const list = this.#part('progress-lines', HTMLElement);
    const follows = list.scrollHeight - list.scrollTop - list.clientHeight < 24;
    if (lines.length < this.#lines || list.children.length > this.#lines) {
      list.replaceChildren(); // another attempt has begun, or the lines that the page came with
      this.#lines = 0;
    }
    list.append(...lines.slice(this.#lines).map(newLine));
    this.#lines = lines.length;
    this.#part('progress-log', HTMLElement).hidden = lines.length === 0;
    if (follows) list.scrollTop = list.scrollHeight;
  }

  /** Tells screen readers each stage once, not each frame. @param {Snapshot} snapshot */
  #tell({ state, label, error }) {
    const said = error ? `${FINAL[state] ?? label}. ${error.sentence}` : FINAL[state] ?? label;
    if (said === this.#told) return;
    this.#told = said;
    part('#progress-live', HTMLElement).textContent = said;
  }

  /** @param {string} name @param {string} text */
  #text(name, text) {
    const element = this.#part(`progress-${name}`, HTMLElement);
    if (element.textContent !== text) element.textContent = text;
  }

  /**
   * @template {Element} T
   * @param {string} id
   * @param {{new (): T}} type
   */
  #part(id, type) {
    return part(`#${id}`, type, this.#panel);
  }
}

/**
 * Whether everything is there and booked: its files are whole a moment before its time is known.
 *
 * @param {Snapshot} snapshot
 */
export function isOver({ state, can_cancel: underWay }) {
  return state === 'ready' && !underWay;
}

/** @param {Snapshot} snapshot */
function words({ state, error, position, message, eta_seconds: eta, alive }) {
  if (error) return error.sentence;
  if (state === 'cancelled') return STOPPED;
  if (position === 1) return 'Yours is next.';
  if (position) return `${position - 1} ${position === 2 ? 'portrait is' : 'portraits are'} before yours.`;
  if (eta !== null) return `${alive ? 'Already alive. ' : ''}${left(eta)}`;
  return withLocalTimes(message);
}

/** @param {number} seconds */
function left(seconds) {
  if (seconds < 3) return 'A moment more for every detail.';
  if (seconds < 60) return `About ${Math.round(seconds)} seconds until every detail is there.`;
  return `About ${Math.round(seconds / 60)} min until every detail is there.`;
}

/** @param {string} file */
function sheetName(file) {
  const [stem] = file.split('.');
  const quadrant = /^q(\d)(_20)?$/.exec(stem);
  if (!quadrant) return SHEETS[stem] ?? stem;
  return `${quadrant[2] ? SHEETS.q_20 : SHEETS.q} ${Number(quadrant[1]) + 1}`;
}

function newTile() {
  const tile = document.createElement('li');
  tile.className = 'sheet';
  const hidden = document.createElement('span');
  hidden.className = 'visually-hidden';
  tile.append(hidden);
  return tile;
}

/** @param {Snapshot['log'][number]} line */
function newLine({ t, text }) {
  const line = document.createElement('li');
  const time = document.createElement('time');
  time.textContent = stamp(t);
  line.append(time, ` ${text}`);
  return line;
}

/** @param {number} seconds @returns {string} mm:ss */
export function stamp(seconds) {
  const whole = Math.floor(seconds);
  return `${String(Math.floor(whole / 60)).padStart(2, '0')}:${String(whole % 60).padStart(2, '0')}`;
}

/**
 * Progress panel of a session, from one snapshot to the next: of the first pass, then of the sheets.
 */

import { withLocalTimes } from './local-times.js';
import { part } from './part.js';

/** @typedef {import('./feed.js').Snapshot} Snapshot */
/** @typedef {import('./feed.js').Pass} Pass */

/** @type {Record<string, string>} */
const FINAL = { failed: 'It did not work', cancelled: 'Stopped' };
const OVER = ['ready', 'failed', 'cancelled'];
const STOPPED = 'You stopped it. Nothing half-made is kept.';
const SHEETS_LABEL = 'Sheets for downloads';
const SHEETS_STOPPED = 'You stopped the sheets for downloads. The living portrait stays.';
const SHEETS_FAILED = 'The sheets for downloads could not be made. The living portrait stays.';
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
    const pass = snapshot.sheets ?? snapshot;
    const label = snapshot.sheets ? SHEETS_LABEL : snapshot.label;
    if (isOver(snapshot) && pass.state !== 'failed') {
      if (this.#panel.dataset.state !== pass.state) this.#finish(snapshot);
      return;
    }
    this.#panel.hidden = false;
    this.#panel.classList.remove('folding');
    this.#panel.dataset.state = pass.state === 'ready' ? 'storing' : pass.state;
    this.#text('label', FINAL[pass.state] ?? label);
    this.#text('counter', pass.total ? `${pass.current} of ${pass.total}` : '');
    this.#text('words', snapshot.sheets ? sheetWords(snapshot.sheets) : words(snapshot));
    this.#bar(pass);
    this.#tiles(pass.tiles);
    this.#log(pass.log);
    this.#part('cancel-form', HTMLElement).hidden = !pass.can_cancel;
    this.#part('retry-form', HTMLElement).hidden = !pass.can_retry;
    this.#tell({ ...pass, label });
  }

  /** Says calmly that it is ready, or that the sheets were stopped, then makes room. @param {Snapshot} snapshot */
  #finish({ sheets, ...first }) {
    const pass = sheets ?? first;
    const label = FINAL[pass.state] ?? 'Ready';
    this.#panel.dataset.state = pass.state;
    this.#text('label', label);
    this.#text('counter', '');
    this.#text('words', sheets ? lastSheetWords(sheets) : lastWords(first));
    this.#bar({ ...pass, current: pass.total });
    this.#part('retry-form', HTMLElement).hidden = true;
    this.#tell({ ...pass, label });
    if (this.#panel.hidden) return;
    setTimeout(() => this.#fold(pass.state), FAREWELL);
    setTimeout(() => { this.#panel.hidden = this.#panel.dataset.state === pass.state; }, FAREWELL + FOLDING);
  }

  /** Folds away, unless something has begun anew. @param {string} state */
  #fold(state) {
    if (this.#panel.dataset.state === state) this.#panel.classList.add('folding');
  }

  /** @param {Pass} pass */
  #bar({ current, total, state }) {
    const bar = this.#part('progress-bar', HTMLProgressElement);
    bar.max = total || 1;
    if (total && state !== 'queued') bar.value = current;
    else bar.removeAttribute('value');
  }

  /** @param {Pass['tiles']} tiles */
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

  /** @param {Pass['log']} lines */
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

  /** Tells screen readers each stage once, not each frame. @param {Pass} pass */
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
 * Whether nothing more is to come: the face is whole and booked (its files are whole a moment before its time is
 * known), and the sheets are there, or none are being made.
 *
 * @param {Snapshot} snapshot
 */
export function isOver({ state, can_cancel: underWay, sheets }) {
  return state === 'ready' && !underWay && (sheets === null || OVER.includes(sheets.state));
}

/** @param {Pass} first */
function lastWords({ seconds }) {
  return seconds ? `Alive after ${seconds.toFixed(1)} seconds.` : '';
}

/** @param {Pass} sheets */
function lastSheetWords({ state, seconds, total }) {
  if (state === 'cancelled') return SHEETS_STOPPED;
  return seconds ? `All ${total} directions, in ${Math.round(seconds)} seconds.` : '';
}

/** @param {Pass} sheets */
function sheetWords({ error, position, message, state, eta_seconds: eta }) {
  if (error) return `${SHEETS_FAILED} ${error.sentence}`;
  if (position === 1) return 'The portrait is alive. Its sheets are next.';
  if (position) {
    return `The portrait is alive. Sheets of ${position - 1} ${position === 2 ? 'other comes' : 'others come'} first.`;
  }
  if (state === 'queued' && message) return withLocalTimes(message);
  return `The portrait is alive. Its sheets are being drawn${eta === null ? '.' : `: ${left(eta)}`}`;
}

/** @param {Snapshot} snapshot */
function words({ state, error, position, message, eta_seconds: eta, alive }) {
  if (error) return error.sentence;
  if (state === 'cancelled') return STOPPED;
  if (position === 1) return 'Yours is next.';
  if (position) return `${position - 1} ${position === 2 ? 'portrait is' : 'portraits are'} before yours.`;
  if (eta !== null) return `${alive ? 'Already alive: ' : ''}${left(eta)}`;
  return withLocalTimes(message);
}

/** @param {number} seconds */
function left(seconds) {
  if (seconds < 3) return 'a moment more.';
  if (seconds < 60) return `about ${Math.round(seconds)} seconds more.`;
  return `about ${Math.round(seconds / 60)} min more.`;
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

/** @param {Pass['log'][number]} line */
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

/**
 * Feed of a session: whole snapshots from a socket, from polling while there is none; never an older one twice.
 */

/** @typedef {{
 *   state: string, position: number | null,
 *   stage: string, label: string, message: string, current: number, total: number, attempt: number,
 *   tiles: {name: string, state: string}[], log: {t: number, text: string}[],
 *   eta_seconds: number | null, seconds: number | null, error: {code: string, sentence: string} | null,
 *   can_cancel: boolean, can_retry: boolean,
 * }} Pass how one render goes on */
/** @typedef {Pass & {
 *   sequence: number, session: string, alive: boolean, complete: boolean,
 *   manifest: string | null, poster: string | null, shown: string | null, advice: string[],
 *   has_sheets: boolean, can_ask_for_sheets: boolean, sheets: Pass | null,
 *   refining: {state: string, label: string, sentence: string} | null,
 * }} Snapshot as portraits/live/publisher.py writes it; the first pass's, with that of the sheets in it */

/** The site closes a socket with it when there is nothing (any more) for this person. */
const NOT_FOUND = 4404;

/** Milliseconds. */
const FIRST_WAIT = 500;
const LONGEST_WAIT = 20_000;
const POLL = 1_500;

export class Feed extends EventTarget {
  #addresses;
  #last = -1;
  /** @type {WebSocket | null} */
  #socket = null;
  #tries = 0;
  #reconnecting = 0;
  #polling = 0;
  #running = false;

  /**
   * Events: `snapshot` (detail: Snapshot), and `gone` once the session is not there any more.
   *
   * @param {{socket: string, progress: string}} addresses
   */
  constructor(addresses) {
    super();
    this.#addresses = addresses;
  }

  start() {
    if (this.#running) return;
    this.#running = true;
    this.#tries = 0;
    this.#connect();
    this.#pollSoon();
  }

  stop() {
    this.#running = false;
    clearTimeout(this.#reconnecting);
    clearTimeout(this.#polling);
    this.#socket?.close();
    this.#socket = null;
  }

  /** Takes a snapshot, also one that came some other way, such as the answer to a button. @param {Snapshot} snapshot */
  take(snapshot) {
    if (snapshot.sequence < this.#last) return;
    this.#last = snapshot.sequence;
    this.dispatchEvent(new CustomEvent('snapshot', { detail: snapshot }));
  }

  #connect() {
    const address = new URL(this.#addresses.socket, location.href);
    address.protocol = address.protocol.replace('http', 'ws');
    const socket = new WebSocket(address);
    this.#socket = socket;
    socket.addEventListener('message', ({ data }) => {
      this.#tries = 0;
      if (socket === this.#socket) this.take(JSON.parse(data));
    });
    socket.addEventListener('close', ({ code }) => {
      if (socket === this.#socket) this.#onClose(code);
    });
  }

  /** @param {number} code */
  #onClose(code) {
    this.#socket = null;
    if (!this.#running) return;
    if (code === NOT_FOUND) {
      this.#end();
      return;
    }
    this.#reconnecting = setTimeout(() => this.#connect(), pause(this.#tries));
    this.#tries += 1;
    this.#pollSoon();
  }

  get #connected() {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  #pollSoon() {
    clearTimeout(this.#polling);
    if (this.#running) this.#polling = setTimeout(() => this.#poll(), POLL * (0.75 + Math.random() / 2));
  }

  /** Only while there is no socket: a proxy may block them, or the site restarts. */
  async #poll() {
    if (this.#connected) return;
    if (!document.hidden) await this.#ask();
    this.#pollSoon();
  }

  async #ask() {
    let response;
    try {
      response = await fetch(this.#addresses.progress, { headers: { Accept: 'application/json' } });
    } catch {
      return; // offline; the next poll tries again
    }
    if (response.status === 404 || response.redirected) this.#end();
    else if (response.ok && this.#running) this.take(await response.json());
  }

  #end() {
    this.stop();
    this.dispatchEvent(new Event('gone'));
  }
}

/**
 * Milliseconds, doubled each time and scattered, so that a restarted site is not met by everybody at once.
 *
 * @param {number} tries
 */
function pause(tries) {
  return Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** tries) * (0.5 + Math.random() / 2);
}

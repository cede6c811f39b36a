/**
 * Portrait of one source: its description and the finest level loaded so far. Elements that show the same
 * source share it.
 *
 * Events: `described`, `level`, and `problem` with a GazeFailure as `detail`.
 */
import { deviceBudget, fits, levelBytes, nextLevel, thisDevice } from './budget.js';
import { GazeFailure } from './failure.js';
import { contextLost, pageRenderer } from './renderer.js';
import { loadLevel } from './sheets.js';
import { describe } from './source.js';

/** Seconds between looks at a manifest that is not complete: at first, and at most. */
const SHORTEST_WAIT = 1;
const LONGEST_WAIT = 5;
const WAIT_GROWTH = 1.5;

/** Seconds between tries at most, while the server or the network is away. */
const LONGEST_OUTAGE_WAIT = 60;

/**
 * Failures after which a level is never tried again; others get another chance when the page asks for it, temporary
 * ones also while it keeps up.
 */
const LASTING = ['memory', 'context-lost', 'decode'];

/**
 * Level that stands for outdated frames: it counts as less than anything that the manifest now lists.
 *
 * @type {import('./source.js').Level}
 */
const OUTDATED = { name: '', rows: 0, cols: 0, x: [], y: [], frame: null, sheets: [] };

/** @type {Map<string, Portrait>} */
const opened = new Map();

/**
 * @param {import('./source.js').Source} source
 * @returns {Portrait} the page's portrait of that source; `close` it when done
 */
export function openPortrait(source) {
  const portrait = opened.get(source.key) ?? new Portrait(source);
  opened.set(source.key, portrait);
  portrait.holders += 1;
  return portrait;
}

export class Portrait extends EventTarget {
  /** Description of what may be loaded; null until it is known. @type {import('./source.js').Description | null} */
  description = null;
  /** The level to show; null while there is none. @type {import('./frames.js').LevelFrames | null} */
  frames = null;
  holders = 0;
  #source;
  #closing = new AbortController();
  /** @type {import('./renderer.js').Renderer | null} */
  #renderer = null;
  /** @type {Promise<void> | null} */
  #describing = null;
  /** @type {Promise<void> | null} */
  #climbing = null;
  /** @type {Promise<void> | null} */
  #polling = null;
  /** @type {import('./source.js').Level | null} */
  #loading = null;
  /** The manifest's failure, if the last look at it failed. @type {GazeFailure | null} */
  #failure = null;
  /** Failures by level; a level that failed is left out until it is forgiven. @type {Map<string, GazeFailure>} */
  #failed = new Map();
  /** The temporary failure of a sheet that a neighbour stands in for in the frames shown. @type {GazeFailure | null} */
  #patched = null;
  /** Whether the frames shown are to be loaded again. */
  #reloading = false;
  /** Name of the engine whose frames are shown. @type {string | null} */
  #engine = null;
  /** Size of the first frames. @type {import('./manifest.js').Size | null} */
  #measured = null;

  /** @param {import('./source.js').Source} source */
  constructor(source) {
    super();
    this.#source = source;
  }

  /** Reads the description, once. */
  async describe() {
    this.#describing ??= this.#read();
    return this.#describing;
  }

  /** Loads level after level until the finest is there that the device can hold. Safe to call at any time. */
  climb() {
    this.#climbing ??= this.#climb().finally(() => {
      this.#climbing = null;
    });
    return this.#climbing;
  }

  /** Looks at the manifest again and climbs on if it offers more; failed sheets get another chance. */
  async refresh() {
    this.#retry(({ code }) => !LASTING.includes(code));
    await this.#read();
    await this.climb();
  }

  /** Keeps looking at the manifest until it is complete, and trying again what failed for now. */
  keepUp() {
    if (!this.#polling) this.#polling = this.#poll();
  }

  close() {
    this.holders -= 1;
    if (this.holders > 0) return;
    opened.delete(this.#source.key);
    this.#closing.abort();
    this.frames?.delete();
    this.frames = null;
    this.#renderer?.removeEventListener('lost', this.#onLost);
    this.#renderer?.removeEventListener('restored', this.#onRestored);
    // Its memory is free now: portraits that had to do with less may climb on.
    for (const other of opened.values()) other.climbOn();
  }

  /** Climbs if it is shown already. */
  climbOn() {
    if (this.frames) this.climb();
  }

  /** Size of its frames when it is finished; where no manifest says so, the size of the first ones. */
  get size() {
    return this.description?.frame ?? this.#measured;
  }

  /** Bytes of frames that it holds or is about to. */
  get bytes() {
    return Math.max(this.frames?.bytes ?? 0, this.#loading ? levelBytes(this.#loading) : 0);
  }

  get #closed() {
    return this.#closing.signal.aborted;
  }

  async #read() {
    try {
      this.description = await describe(this.#source, this.#closing.signal);
      this.#failure = null;
      if (this.#closed) return;
      this.dispatchEvent(new Event('described'));
    } catch (error) {
      this.#failure = this.#reported(error);
    }
  }

  async #climb() {
    await this.describe();
    const renderer = this.description && this.#takeRenderer();
    if (!renderer) return;
    for (;;) {
      const drawable = !this.#closed && !renderer.lost && !this.#failed.has('renderer');
      const level = drawable ? this.#nextLevel(renderer) : null;
      if (!level) return;
      await this.#load(level, renderer);
    }
  }

  #takeRenderer() {
    if (this.#renderer || this.#failed.has('renderer')) return this.#renderer;
    try {
      this.#renderer = pageRenderer();
      this.#renderer.addEventListener('lost', this.#onLost);
      this.#renderer.addEventListener('restored', this.#onRestored);
    } catch (error) {
      this.#failed.set('renderer', this.#reported(error));
    }
    return this.#renderer;
  }

  /** @param {import('./renderer.js').Renderer} renderer */
  #nextLevel(renderer) {
    const current = this.#outdated || this.#reloading ? OUTDATED : (this.frames?.level ?? null);
    return nextLevel(this.#levels(), current, this.#device(renderer));
  }

  /**
   * Whether another pass has replaced the one whose frames are shown. One of the same engine does so only once it is
   * whole: while a render that was interrupted begins anew, what is there already stays.
   */
  get #outdated() {
    if (!this.frames || !this.description) return false;
    const { engine, complete, levels } = this.description;
    if (engine !== this.#engine) return true;
    const shown = this.frames.level.sheets.join(' ');
    return complete && !levels.some(({ sheets }) => sheets.join(' ') === shown);
  }

  /**
   * @param {import('./source.js').Level} level
   * @param {import('./renderer.js').Renderer} renderer
   */
  async #load(level, renderer) {
    const engine = this.description?.engine ?? '';
    const key = this.#keyOf(level);
    this.#loading = level;
    this.#reloading = false;
    /** @type {GazeFailure | null} */
    let patched = null;
    try {
      const frames = await loadLevel(level, renderer, {
        signal: this.#closing.signal,
        tolerant: !this.#levels().some((other) => other.rows < level.rows),
        fits: (frame) => fits(level, this.#device(renderer), frame),
        onProblem: (failure) => {
          if (failure.temporary) patched = failure;
          this.#report(failure);
        },
      });
      this.#patched = patched;
      this.#show(frames, engine);
    } catch (error) {
      const failure = this.#known(error);
      const lost = failure.code === 'context-lost';
      // A context that is lost during an upload was probably lost because of it, unless there is nothing less to try.
      if (!lost || this.#levels().length > 1) this.#failed.set(failure.code === 'webgl' ? 'renderer' : key, failure);
      if (!lost) this.#report(failure);
    } finally {
      this.#loading = null;
    }
  }

  /** @param {import('./frames.js').LevelFrames} frames @param {string} engine */
  #show(frames, engine) {
    if (this.#closed) {
      frames.delete();
      return;
    }
    const before = this.frames;
    this.frames = frames;
    this.#engine = engine;
    this.#measured ??= frames.size;
    this.dispatchEvent(new Event('level'));
    before?.delete();
  }

  #levels() {
    return (this.description?.levels ?? []).filter((level) => !this.#failed.has(this.#keyOf(level)));
  }

  /** @param {import('./source.js').Level} level */
  #keyOf(level) {
    return [this.description?.engine, level.name, level.rows, level.cols, ...level.sheets].join(' ');
  }

  /** @param {import('./renderer.js').Renderer} renderer */
  #device(renderer) {
    const others = [...opened.values()].filter((portrait) => portrait !== this);
    const inUse = others.reduce((sum, { bytes }) => sum + bytes, 0);
    return { budget: deviceBudget(thisDevice()), inUse, ...renderer.limits };
  }

  #onLost = () => {
    this.frames = null;
    this.#report(contextLost());
  };

  #onRestored = async () => {
    await this.#climbing;
    await this.climb();
  };

  async #poll() {
    await this.describe();
    let wait = SHORTEST_WAIT;
    while (!this.#closed && this.#mayImprove) {
      await seconds(Math.max(wait, this.#outage?.retryAfter ?? 0));
      if (this.#closed || document.hidden) continue;
      const offered = this.#offered;
      const tried = this.#outage;
      this.#retry(({ temporary }) => temporary);
      await this.#read();
      const climbing = this.#renderer && this.climb();
      // Whether the sheets that had failed are there now decides how long to wait.
      if (tried) await climbing;
      const longest = this.#outage ? LONGEST_OUTAGE_WAIT : LONGEST_WAIT;
      const better = this.#offered > offered || (tried && !this.#outage);
      wait = better ? SHORTEST_WAIT : Math.min(wait * WAIT_GROWTH, longest);
    }
    this.#polling = null;
  }

  get #mayImprove() {
    if (this.#failure) return this.#failure.temporary;
    return !this.description?.complete || this.#outage !== null;
  }

  /** The temporary failure that keeps the manifest or a sheet away; null while there is none. */
  get #outage() {
    const failures = [this.#failure, this.#patched, ...this.#failed.values()];
    return failures.find((failure) => failure?.temporary) ?? null;
  }

  get #offered() {
    return this.description?.levels.length ?? 0;
  }

  /**
   * Lets the next climb load levels again: those whose failure may be forgiven, and one with a sheet stood in for.
   *
   * @param {(failure: GazeFailure) => boolean} mayForgive
   */
  #retry(mayForgive) {
    this.#reloading = this.#patched !== null;
    for (const [key, failure] of this.#failed) {
      if (mayForgive(failure)) this.#failed.delete(key);
    }
  }

  /** @param {unknown} error @returns {GazeFailure} the same, told to the page */
  #reported(error) {
    const failure = this.#known(error);
    this.#report(failure);
    return failure;
  }

  /**
   * @param {unknown} error
   * @returns {GazeFailure} the same; an error of a closed portrait, such as an AbortError, is not reported
   * @throws {unknown} when it is another error, which is a mistake of ours
   */
  #known(error) {
    if (error instanceof GazeFailure) return error;
    if (this.#closed) return new GazeFailure('source', String(error));
    throw error;
  }

  /** @param {GazeFailure} failure */
  #report(failure) {
    if (this.#closed) return;
    this.dispatchEvent(new CustomEvent('problem', { detail: failure }));
  }
}

/** @param {number} count */
function seconds(count) {
  return new Promise((resolve) => setTimeout(resolve, count * 1000));
}

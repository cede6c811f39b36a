/**
 * Portrait of one source: its description and the finest level loaded so far. Elements that show the same
 * source share it.
 *
 * Events: `described`, `level`, and `problem` with a GazeFailure as `detail`.
 */
import { deviceBudget, fits, levelBytes, nextLevel, RIG_BUDGET, thisDevice } from './budget.js';
import { contextLost, GazeFailure, isFailure } from './failure.js';
import { pixiPart, rigPart, sheetsPart } from './parts/parts.js';
import { request } from './request.js';
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

/** A photo that is finer by less than this factor is not worth loading. */
const FINER = 1.05;

/** Share of the poster's width from which on the finer photo is seen: the poster is packed as small as it may be. */
const SEEN = 0.75;

/** Sheets that are kept as they are, for a 2-D canvas, may take this share of the budget. */
const FLAT_SHARE = 1 / 2;

/**
 * Level that stands for outdated frames: it counts as less than anything that the manifest now lists.
 *
 * @type {import('./source.js').Level}
 */
const OUTDATED = { name: '', rows: 0, cols: 0, x: [], y: [], frame: null, sheets: [] };

/** The page's one renderer, whichever part has made it. @type {import('./renderer.js').Renderer | null} */
let shared = null;

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

/** @typedef {Pick<typeof import('./parts/rig.js'), 'Life' | 'pageRenderer'>} Part what every part of the script has */

export class Portrait extends EventTarget {
  /** Description of what may be loaded; null until it is known. @type {import('./source.js').Description | null} */
  description = null;
  /** What to show; null while there is nothing. @type {import('./frames.js').Drawable | null} */
  frames = null;
  holders = 0;
  /** The code that its frames were made with. @type {Part | null} */
  part = null;
  /** Whether an element has asked for frames. */
  #started = false;
  #source;
  #closing = new AbortController();
  /** @type {import('./renderer.js').Renderer | null} */
  #renderer = null;
  /** PixiJS, where it shall draw the sheets and can. @type {import('./renderer.js').Renderer | null} */
  #pixi = null;
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
  /** Device pixels, the width of the largest canvas that shows it. */
  #wanted = 0;
  /** Files of the rig, by address: a context that is made anew wants them again. @type {Map<string, Promise<Blob>>} */
  #files = new Map();
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
    this.#started = true;
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

  /** Tells how large it is shown: a finer photo is loaded only when it would be seen. @param {number} width */
  want(width) {
    if (width <= this.#wanted) return;
    this.#wanted = width;
    this.climbOn();
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
      if (this.#started) this.#fetchEarly();
      this.dispatchEvent(new Event('described'));
    } catch (error) {
      this.#failure = this.#reported(error);
    }
  }

  async #climb() {
    // Most manifests have a rig: its code comes beside them. A failure is told when the code is needed.
    if ('manifest' in this.#source) rigPart().catch(() => null);
    await this.describe();
    await this.#takePixi();
    for (;;) {
      const step = this.description && (await this.#nextStep());
      if (!step) return;
      await step();
    }
  }

  /**
   * Asks for the rig's files while its code and the graphics card make ready, and for the poster before the still
   * picture does, which then finds it in the browser's cache. A failure is told when the files are needed.
   */
  #fetchEarly() {
    const rig = this.#source.pixi || this.frames ? null : this.#usableRig;
    const poster = this.description?.poster;
    if (rig) [rig.rig, ...(poster ? [poster] : [])].forEach((url) => this.#fetchFile(url));
  }

  /** What to load next: the rig, then its finer photo; sheets only where no rig can be used. */
  async #nextStep() {
    const rig = this.#usableRig;
    if (rig && this.#failed.get(rig.rig)?.temporary) return null;
    const part = await this.#takePart(rig);
    if (!part || this.#closed) return null;
    const renderer = this.#sheetsByPixi ? this.#pixi : this.#takeRenderer(part);
    if (renderer?.lost) return null;
    if (renderer && rig) return this.#rigStep(rig, renderer);
    const level = this.#nextLevel(renderer);
    return level && (() => this.#loadSheets(level, renderer));
  }

  /** The rig, unless it cannot be shown here; null while there is none. */
  get #usableRig() {
    const rig = this.#sheetsByPixi ? null : this.description?.rig;
    const failure = rig && this.#failed.get(rig.rig);
    return rig && (!failure || failure.temporary) ? rig : null;
  }

  /**
   * @param {import('./source.js').RigLevel | null} rig
   * @returns {Promise<Part | null>} the code for the rig, or else for sheets; null while it cannot be loaded
   */
  async #takePart(rig) {
    const key = rig ? rig.rig : 'sheets';
    if (this.#failed.has(key)) return null;
    await this.#try(key, async () => {
      this.part = await (rig ? rigPart() : sheetsPart());
    });
    return this.#failed.has(key) ? null : this.part;
  }

  /**
   * @param {import('./source.js').RigLevel} rig
   * @param {import('./renderer.js').Renderer} renderer
   */
  #rigStep(rig, renderer) {
    if (!isRig(this.frames) || this.#outdated) return () => this.#loadRig(rig, renderer);
    const { frames } = this;
    const { level, width } = frames;
    const finer = level.frame.width > width * FINER && this.#wanted > width * SEEN;
    const bytes = level.frame.width * level.frame.height * 4;
    if (!finer || this.#failed.has(level.photo.webp) || this.#othersBytes + bytes > RIG_BUDGET) return null;
    return () => this.#refine(frames);
  }

  /** Whether there are sheets yet for PixiJS to draw; until then, a rig is shown as everywhere. */
  get #sheetsByPixi() {
    return this.#pixi !== null && this.#levels().length > 0;
  }

  async #takePixi() {
    if (!this.#source.pixi || this.#pixi || this.#failed.has('pixi')) return;
    try {
      const { openPixi } = await pixiPart();
      // It has what frames need of a renderer.
      this.#pixi = /** @type {any} */ (await openPixi(this.#source.pixi));
    } catch (reason) {
      const sentence = `PixiJS 8 cannot draw here, and the portrait is drawn without it: ${messageOf(reason)}.`;
      this.#failed.set('pixi', this.#reported(new GazeFailure('pixi', sentence)));
    }
  }

  /** @param {Part} part @returns {import('./renderer.js').Renderer | null} null where there is no WebGL */
  #takeRenderer({ pageRenderer }) {
    if (this.#failed.has('renderer')) return null;
    if (this.#renderer) return this.#renderer;
    try {
      shared ??= pageRenderer();
      this.#renderer = shared;
      this.#renderer.addEventListener('lost', this.#onLost);
      this.#renderer.addEventListener('restored', this.#onRestored);
    } catch (error) {
      this.#failed.set('renderer', this.#reported(error));
    }
    return this.#renderer;
  }

  /** @param {import('./renderer.js').Renderer | null} renderer null where there is no WebGL */
  #nextLevel(renderer) {
    const shown = this.frames?.level;
    const current = shown && 'sheets' in shown ? shown : null;
    return nextLevel(this.#levels(), this.#outdated || this.#reloading ? OUTDATED : current, this.#device(renderer));
  }

  /**
   * Whether another pass has replaced the one whose frames are shown. One of the same engine does so only once it is
   * whole: while a render that was interrupted begins anew, what is there already stays.
   */
  get #outdated() {
    if (!this.frames || !this.description) return false;
    const { engine, complete, levels, rig } = this.description;
    if (engine !== this.#engine) return true;
    const shown = filesOf(this.frames.level);
    return complete && ![...levels, ...(rig ? [rig] : [])].some((level) => filesOf(level) === shown);
  }

  /**
   * @param {import('./source.js').RigLevel} level
   * @param {import('./renderer.js').Renderer} renderer
   */
  async #loadRig(level, renderer) {
    const { engine = '', poster = null } = this.description ?? {};
    await this.#try(level.rig, async () => {
      const { loadRig } = await rigPart();
      this.#show(await loadRig(level, poster, renderer, this.#fetchFile), engine);
    });
  }

  /** @param {import('./rig/frames.js').RigFrames} frames */
  async #refine(frames) {
    await this.#try(frames.level.photo.webp, async () => {
      await frames.refine(this.#fetchFile);
      if (!this.#closed) this.dispatchEvent(new Event('level'));
    });
  }

  /** @param {string} url */
  #fetchFile = (url) => {
    const file = this.#files.get(url) ?? fetchRigFile(url, this.#closing.signal);
    this.#files.set(url, file);
    file.catch(() => null);
    return file;
  };

  /**
   * @param {import('./source.js').Level} level
   * @param {import('./renderer.js').Renderer | null} renderer
   */
  async #loadSheets(level, renderer) {
    const engine = this.description?.engine ?? '';
    this.#loading = level;
    this.#reloading = false;
    /** @type {GazeFailure | null} */
    let patched = null;
    await this.#try(this.#keyOf(level), async () => {
      const { loadLevel } = await sheetsPart();
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
    });
    this.#loading = null;
  }

  /**
   * @param {string} key of what is loaded, under which its failure is noted
   * @param {() => Promise<void>} load
   */
  async #try(key, load) {
    try {
      await load();
    } catch (error) {
      const failure = this.#known(error);
      this.#files.clear();
      const lost = failure.code === 'context-lost';
      // A context that is lost while sheets are uploaded was probably lost because of them; a rig is small.
      const guilty = key !== this.description?.rig?.rig && this.#levels().length > 1;
      if (!lost || guilty) this.#failed.set(failure.code === 'webgl' ? 'renderer' : key, failure);
      if (!lost) this.#report(failure);
    }
  }

  /** @param {import('./frames.js').Drawable} frames @param {string} engine */
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

  /** @param {import('./renderer.js').Renderer | null} renderer */
  #device(renderer) {
    const budget = deviceBudget(thisDevice()) * (renderer ? 1 : FLAT_SHARE);
    const limits = renderer?.limits ?? { maxLayers: Infinity, maxSize: Infinity };
    return { budget, inUse: this.#othersBytes, ...limits };
  }

  get #othersBytes() {
    const others = [...opened.values()].filter((portrait) => portrait !== this);
    return others.reduce((sum, { bytes }) => sum + bytes, 0);
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
      const climbing = this.#started && this.climb();
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
    const { levels = [], rig = null } = this.description ?? {};
    return levels.length + (rig ? 1 : 0);
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
    if (isFailure(error)) return error;
    if (this.#closed) return new GazeFailure('source', String(error));
    throw error;
  }

  /** @param {GazeFailure} failure */
  #report(failure) {
    if (this.#closed) return;
    this.dispatchEvent(new CustomEvent('problem', { detail: failure }));
  }
}

/** @param {import('./source.js').Level | import('./source.js').RigLevel} level */
function filesOf(level) {
  return 'rig' in level ? level.rig : level.sheets.join(' ');
}

/**
 * @param {import('./frames.js').Drawable | null} frames
 * @returns {frames is import('./rig/frames.js').RigFrames}
 */
function isRig(frames) {
  return frames !== null && 'rig' in frames.level;
}

/** @param {string} url @param {AbortSignal} signal @returns {Promise<Blob>} */
function fetchRigFile(url, signal) {
  /** @param {Response} response */
  const read = (response) => response.blob();
  // As with sheets, another portrait may have come to lie under the same name.
  const init = { signal, cache: /** @type {const} */ ('no-cache') };
  return request(url, { code: 'rig', name: 'A file of the portrait', read, init });
}

/** @param {unknown} reason */
function messageOf(reason) {
  return reason instanceof Error ? reason.message : String(reason);
}

/** @param {number} count */
function seconds(count) {
  return new Promise((resolve) => setTimeout(resolve, count * 1000));
}

/** Code of a `gaze-error`. */
export type GazeErrorCode =
  | 'source'
  | 'manifest'
  | 'rig'
  | 'sheet'
  | 'decode'
  | 'memory'
  | 'webgl'
  | 'context-lost'
  | 'selector'
  | 'pixi';

export interface GazeTrackerEventMap {
  /** The portrait is alive: it follows. */
  'gaze-ready': CustomEvent<null>;
  /** A level is shown. */
  'gaze-level': CustomEvent<{ name: string; width: number }>;
  /** Something could not be loaded or drawn; what can be shown is. */
  'gaze-error': CustomEvent<{ code: GazeErrorCode; message: string }>;
}

type Text = string | number | null | undefined;

/** The element `<gaze-tracker>`; importing the package defines it. Each property reflects the attribute of its name. */
export class GazeTracker extends HTMLElement {
  /** A manifest (`….json`), a comma list of sheets, or a folder made by the original gaze app. */
  get src(): string;
  set src(value: string | null | undefined);
  /** For a comma list: `quadrants` (four sheets) or `single` (one). */
  get mode(): string;
  set mode(value: string | null | undefined);
  /** For a comma list: steps of the grid. */
  get grid(): string;
  set grid(value: Text);
  /** Address of the still picture. */
  get poster(): string;
  set poster(value: string | null | undefined);
  /** Description of the portrait. */
  get alt(): string;
  set alt(value: string | null | undefined);
  /** Width on the page: CSS pixels or a percentage. */
  get width(): string;
  set width(value: Text);
  /** Height on the page: CSS pixels or, beside a width, a percentage. */
  get height(): string;
  set height(value: Text);
  /** How quickly the face follows, 0 … 1. */
  get smoothing(): string;
  set smoothing(value: Text);
  /** When it loads: near the window, at once, or after the visitor's first move. */
  get loading(): string;
  set loading(value: 'lazy' | 'eager' | 'interaction' | null | undefined);
  /** Factor of all directions, 0 … 1.5. */
  get intensity(): string;
  set intensity(value: Text);
  /** Where it looks while there is nothing to follow. */
  get atRest(): string;
  set atRest(value: 'viewer' | 'centre' | 'wander' | 'photo' | null | undefined);
  /** Whether it follows the pointer all over the page, or over its own box only. */
  get follow(): string;
  set follow(value: 'page' | 'element' | null | undefined);
  /** `pixi` draws sheets with the page's own PixiJS 8. */
  get renderer(): string;
  set renderer(value: 'pixi' | null | undefined);
  /** Address of the module of PixiJS 8; without it the page's import map names `pixi.js`. */
  get pixiSrc(): string;
  set pixiSrc(value: string | null | undefined);
  /** Whether its eyes stir and it glances at the visitor. */
  idle: boolean;
  /** Whether it blinks. */
  blink: boolean;
  /** Whether it follows the tilt of a phone. */
  tilt: boolean;
  /** Factors of the directions of the eyes, as the viewer sees them, −1.5 … 1.5. */
  gain: { left: number; right: number };
  /** Do not look again for levels that are still being rendered, nor for files that failed for now. */
  noPoll: boolean;
  /** Whether the portrait is alive. */
  readonly ready: boolean;

  /** Look at a place, −1 … 1 in both directions, whatever the pointer does. */
  lookAt(x: number, y: number): void;
  /** Look at an element of the page. */
  lookAt(element: Element): void;
  /** Follow the pointer again. */
  lookAt(nothing: null): void;
  /** Look at the manifest again and load what is new in it. */
  refresh(): Promise<void>;

  addEventListener<K extends keyof GazeTrackerEventMap>(
    type: K,
    listener: (this: GazeTracker, event: GazeTrackerEventMap[K]) => unknown,
    options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener<K extends keyof HTMLElementEventMap>(
    type: K,
    listener: (this: GazeTracker, event: HTMLElementEventMap[K]) => unknown,
    options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject,
    options?: boolean | AddEventListenerOptions,
  ): void;
}

declare global {
  interface HTMLElementTagNameMap {
    'gaze-tracker': GazeTracker;
  }
}

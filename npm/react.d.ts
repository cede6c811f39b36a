import type { DetailedHTMLProps, HTMLAttributes } from 'react';
import type { GazeTracker, GazeTrackerEventMap } from './gaze-tracker';

export * from './gaze-tracker';

type Text = string | number | null;

/** Attributes and properties of the tag; React 19 sets a property where the element has one. */
export interface GazeTrackerAttributes extends HTMLAttributes<GazeTracker> {
  src?: string;
  mode?: 'quadrants' | 'single';
  grid?: Text;
  poster?: string;
  alt?: string;
  width?: Text;
  height?: Text;
  smoothing?: Text;
  noPoll?: boolean;
  loading?: 'lazy' | 'eager' | 'interaction';
  intensity?: Text;
  idle?: boolean;
  blink?: boolean;
  tilt?: boolean;
  atRest?: 'viewer' | 'centre' | 'wander' | 'photo';
  'look-at'?: string;
  follow?: 'page' | 'element';
  renderer?: 'pixi';
  pixiSrc?: string;
  gain?: { left: number; right: number };
  'hide-controls'?: boolean | '';
  'ongaze-ready'?: (event: GazeTrackerEventMap['gaze-ready']) => void;
  'ongaze-level'?: (event: GazeTrackerEventMap['gaze-level']) => void;
  'ongaze-error'?: (event: GazeTrackerEventMap['gaze-error']) => void;
}

declare module 'react' {
  namespace JSX {
    interface IntrinsicElements {
      'gaze-tracker': DetailedHTMLProps<GazeTrackerAttributes, GazeTracker>;
    }
  }
}

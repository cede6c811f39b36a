/**
 * Definition of <gaze-tracker>, and entry of its bundle: `make bundle` makes gaze-tracker.min.js of it and all that it
 * imports.
 */
import { GazeTracker } from './element.js';

// A page may load the script twice, such as from two addresses.
if (!customElements.get('gaze-tracker')) customElements.define('gaze-tracker', GazeTracker);

export { GazeTracker };

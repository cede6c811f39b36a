/**
 * Part of the script that draws a rig; it is loaded together with the portrait's manifest.
 */
export { Life } from '../life/life.js';
export { pageRenderer } from '../renderer.js';
export { loadRig } from '../rig/frames.js';
export { compile } from '../rig/picture.js';

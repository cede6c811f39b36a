/**
 * Part of the script that draws sheets; it is loaded where no rig can be used.
 */
export { Life } from '../life/life.js';
export { pageRenderer } from '../renderer.js';
export { loadLevel } from '../sheets.js';

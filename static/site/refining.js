/**
 * Progress line of the second pass, while the first one's face follows already.
 */

import { part } from './part.js';

const OVER = ['ready', 'failed', 'cancelled'];

/** @param {import('./feed.js').Snapshot} snapshot @returns {boolean} whether a better face is still to come */
export function isRefining({ refining }) {
  return refining ? !OVER.includes(refining.state) : false;
}

/**
 * @param {HTMLElement} line as templates/portraits/_refining.html has it
 * @param {import('./feed.js').Snapshot} snapshot
 */
export function showRefining(line, { refining }) {
  line.hidden = !refining;
  if (!refining) return;
  line.dataset.state = refining.state;
  const words = part('#refining-words', HTMLElement, line);
  if (words.textContent !== refining.sentence) words.textContent = refining.sentence;
}

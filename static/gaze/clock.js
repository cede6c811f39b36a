/**
 * Animation loop that all elements of the page share. It runs while one of them wants a turn and then stops.
 */

/** Longest step in seconds: after a pause the gaze moves on, it does not jump. */
const LONGEST_STEP = 0.1;

/** Seconds a frame, on average over some ten frames, from which on the page counts as lagging. */
const LAG = 1 / 30;
const AVERAGE_SHARE = 0.1;

/** Seconds a frame, below which there is time for the finest filter; frames that are measured before it is tried. */
const SWIFT = 1 / 45;
const TRIED = 30;

/** @typedef {{turn(seconds: number): boolean}} Participant */

/** @type {Set<Participant>} */
const waiting = new Set();
let handle = 0;
let last = 0;
let average = 1 / 60;
let lagging = false;
/** Frames measured, and whether some were too slow while the finest filter was in use. */
let frames = 0;
let tooFine = false;

/**
 * Gives `participant.turn(seconds)` the next animation frame, and further ones while it returns true.
 *
 * @param {Participant} participant
 */
export function nextTurn(participant) {
  waiting.add(participant);
  if (handle) return;
  last = performance.now();
  handle = requestAnimationFrame(run);
}

/** Takes back a wish for a turn. @param {Participant} participant */
export function noTurn(participant) {
  waiting.delete(participant);
  if (waiting.size) return;
  cancelAnimationFrame(handle);
  handle = 0;
}

/** @returns {boolean} whether animation has ever been slow here; it stays true, or quality would flicker */
export function isLagging() {
  return lagging;
}

/** @returns {boolean} whether frames come so quickly that the finest filter is no burden */
export function isSwift() {
  return frames >= TRIED && !tooFine;
}

/** @param {number} now milliseconds */
function run(now) {
  // The frame's time may lie a little before the moment that asked for it.
  const seconds = Math.min(Math.max((now - last) / 1000, 0), LONGEST_STEP);
  last = now;
  average += (seconds - average) * AVERAGE_SHARE;
  lagging ||= average > LAG;
  frames += 1;
  tooFine ||= frames > TRIED && average > SWIFT;
  const due = [...waiting];
  waiting.clear();
  for (const participant of due) {
    if (participant.turn(seconds)) waiting.add(participant);
  }
  handle = waiting.size ? requestAnimationFrame(run) : 0;
}

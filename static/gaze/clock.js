/**
 * Animation loop that all elements of the page share. It runs while one of them wants a turn and then stops; those that
 * want one later are waited for without frames.
 */

/** Longest step in seconds: after a pause the gaze moves on, it does not jump. */
const LONGEST_STEP = 0.1;

/** Seconds a frame, on average over some ten frames, from which on the page counts as lagging. */
const LAG = 1 / 30;
const AVERAGE_SHARE = 0.1;

/** Seconds a frame, below which there is time for the finest filter; frames that are measured before it is tried. */
const SWIFT = 1 / 45;
const TRIED = 30;

/** Participants beyond which each should want fewer turns. */
const CROWD = 8;

/**
 * @typedef {object} Participant
 * @property {(seconds: number) => number} turn takes the seconds since the last frame; returns those until it wants
 *   another turn: 0 with the next frame, Infinity not by itself
 */

/** @type {Set<Participant>} */
const waiting = new Set();
/** Timers of those that want a turn later. @type {Map<Participant, number>} */
const timers = new Map();
let handle = 0;
let last = 0;
let average = 1 / 60;
let lagging = false;
/** Frames measured, and whether some were too slow while the finest filter was in use. */
let frames = 0;
let tooFine = false;
/** Whether the next frame is the first one after a pause: how late it is says nothing of the device. */
let isFirst = false;
/** How many took part in the latest frame or wait for a later one. */
let population = 0;

/**
 * Gives `participant.turn(seconds)` the next animation frame, and further ones as it wants them.
 *
 * @param {Participant} participant
 */
export function nextTurn(participant) {
  stopTimer(participant);
  waiting.add(participant);
  if (handle) return;
  last = performance.now();
  isFirst = true;
  handle = requestAnimationFrame(run);
}

/** Takes back a wish for a turn. @param {Participant} participant */
export function noTurn(participant) {
  stopTimer(participant);
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

/** @returns {boolean} whether so many take part that together they would draw without pause */
export function isCrowded() {
  return population > CROWD;
}

/** @param {number} now milliseconds */
function run(now) {
  // The frame's time may lie a little before the moment that asked for it.
  const seconds = Math.min(Math.max((now - last) / 1000, 0), LONGEST_STEP);
  last = now;
  if (!isFirst) measure(seconds);
  isFirst = false;
  const due = [...waiting];
  waiting.clear();
  population = due.length + timers.size;
  for (const participant of due) plan(participant, participant.turn(seconds));
  handle = waiting.size ? requestAnimationFrame(run) : 0;
}

/** @param {Participant} participant @param {number} wait seconds */
function plan(participant, wait) {
  if (wait <= 0) waiting.add(participant);
  else if (wait < Infinity) timers.set(participant, setTimeout(nextTurn, wait * 1000, participant));
}

/** @param {Participant} participant */
function stopTimer(participant) {
  clearTimeout(timers.get(participant));
  timers.delete(participant);
}

/** @param {number} seconds between two frames */
function measure(seconds) {
  average += (seconds - average) * AVERAGE_SHARE;
  lagging ||= average > LAG;
  frames += 1;
  tooFine ||= frames > TRIED && average > SWIFT;
}

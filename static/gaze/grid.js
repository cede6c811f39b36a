/**
 * The gaze grid: which frames show a gaze, and where they lie on their sheets.
 *
 * Axes are the screen's: +x is the viewer's right, +y is down, row 0 looks up. Values run −15 … 15.
 * A level's columns have x values and its rows y values; both ascend and may be unevenly spaced.
 */

/** @typedef {{x: number, y: number}} Gaze grid units, −15 … 15 */

export const LIMIT = 15;

/** Grids from this many steps on are fine enough that mixing neighbours shows no double contours. */
const BLEND_STEPS = 20;

const FULL_STEPS = 30;
const MOBILE_STEPS = 20;

/**
 * @param {number} steps
 * @returns {number[]} as many values from −15 to 15, both ends included; a single step looks ahead
 */
export function evenValues(steps) {
  if (steps === 1) return [0];
  return Array.from({ length: steps }, (_, i) => -LIMIT + (i * 2 * LIMIT) / (steps - 1));
}

/**
 * The values behind the sheets of a plain N×N grid. Twenty steps are the ones that the 20×20 sheets
 * keep of the 30 full ones, so they alternate between one full step and two; others are even.
 *
 * @param {number} steps
 * @returns {number[]}
 */
export function sheetValues(steps) {
  if (steps !== MOBILE_STEPS) return evenValues(steps);
  const full = evenValues(FULL_STEPS);
  return Array.from({ length: steps }, (_, i) => full[Math.round((i * (FULL_STEPS - 1)) / (MOBILE_STEPS - 1))]);
}

/**
 * How a level's frames are spread over its sheets: one sheet with all, or the four quadrants.
 *
 * @param {{rows: number, cols: number, sheets: string[]}} level
 * @returns {{rows: number, cols: number}} frames on each sheet
 */
export function sheetSize({ rows, cols, sheets }) {
  return sheets.length === 1 ? { rows, cols } : { rows: rows / 2, cols: cols / 2 };
}

/**
 * @param {{rows: number, cols: number, sheets: string[]}} level
 * @param {number} row
 * @param {number} col
 * @returns {{sheet: number, row: number, col: number}} where a cell's frame lies; q0 is top-left, q1 top-right,
 *   q2 bottom-left, q3 bottom-right
 */
export function placeOf(level, row, col) {
  const size = sheetSize(level);
  const down = Math.floor(row / size.rows);
  const right = Math.floor(col / size.cols);
  return { sheet: down * 2 + right, row: row - down * size.rows, col: col - right * size.cols };
}

/**
 * The frames that show a gaze, with weights that sum to 1: the nearest one on a coarse level, up to four
 * neighbours mixed bilinearly on a fine one.
 *
 * @param {{rows: number, cols: number, x: number[], y: number[]}} level
 * @param {Gaze} gaze beyond the outermost values, these count
 * @returns {{row: number, col: number, weight: number}[]}
 */
export function pose(level, gaze) {
  const blend = level.rows >= BLEND_STEPS && level.cols >= BLEND_STEPS;
  const steps = blend ? neighbours : nearest;
  const cells = [];
  for (const [row, down] of steps(level.y, gaze.y)) {
    for (const [col, across] of steps(level.x, gaze.x)) cells.push({ row, col, weight: down * across });
  }
  return cells;
}

/**
 * @param {{rows: number, cols: number, x: number[], y: number[]}} level
 * @param {Gaze} gaze
 * @returns {{row: number, col: number}}
 */
export function nearestCell(level, gaze) {
  return { row: nearest(level.y, gaze.y)[0][0], col: nearest(level.x, gaze.x)[0][0] };
}

/**
 * The index of the nearest value, in the shape that `neighbours` has.
 *
 * @param {number[]} values
 * @param {number} value
 * @returns {[number, number][]}
 */
function nearest(values, value) {
  const pair = neighbours(values, value);
  const [index] = pair.length === 2 && pair[1][1] > pair[0][1] ? pair[1] : pair[0];
  return [[index, 1]];
}

/**
 * The one or two indices around a value, each with its share.
 *
 * @param {number[]} values
 * @param {number} value
 * @returns {[number, number][]}
 */
function neighbours(values, value) {
  const last = values.length - 1;
  if (value <= values[0]) return [[0, 1]];
  if (value >= values[last]) return [[last, 1]];
  const above = values.findIndex((each) => each > value);
  const share = (value - values[above - 1]) / (values[above] - values[above - 1]);
  return share === 0 ? [[above - 1, 1]] : [[above - 1, 1 - share], [above, share]];
}

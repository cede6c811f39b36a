/**
 * Mesh over the grid of a rig: triangles over all that moves, and four rectangles around it for what does not.
 */
import { STEP } from './reader.js';

/**
 * @param {import('./reader.js').Rig} rig
 * @returns {Float32Array} x, y, height (frame pixels) and brow weight of each grid point, then of the rectangles'
 */
export function meshPoints(rig) {
  const { grid: [cols, rows], height, brows } = rig;
  const points = new Float32Array((cols * rows + 16) * 4);
  for (let i = 0; i < cols * rows; i += 1) {
    points.set([placeOf(i % cols), placeOf(Math.floor(i / cols)), height[i], brows[i]], i * 4);
  }
  stillPoints(rig).forEach(([x, y], i) => points.set([x, y], (cols * rows + i) * 4));
  return points;
}

/**
 * @param {import('./reader.js').Rig} rig
 * @param {number} stride 1: every grid point; 2: every second one, a quarter of the triangles
 * @returns {Uint16Array} three indices of points a triangle
 */
export function meshTriangles(rig, stride) {
  const { grid: [cols, rows] } = rig;
  const { left, top, right, bottom } = movingBox(rig);
  /** @type {number[]} */
  const triangles = [];
  /** @param {number} i @param {number} across @param {number} down */
  const cell = (i, across, down) => triangles.push(i, i + across, i + down, i + across, i + down, i + across + down);
  for (let row = top; row < bottom; row += stride) {
    for (let col = left; col < right; col += stride) {
      cell(row * cols + col, Math.min(stride, right - col), cols * Math.min(stride, bottom - row));
    }
  }
  for (let i = 0; i < 4; i += 1) cell(cols * rows + 4 * i, 1, 2);
  return new Uint16Array(triangles);
}

/** Corners of the rectangles above, below, left and right of what moves. @param {import('./reader.js').Rig} rig */
function stillPoints(rig) {
  const { frame: [width, height] } = rig;
  const { left, top, right, bottom } = movingBox(rig);
  const [x0, y0, x1, y1] = [left, top, right, bottom].map(placeOf);
  const boxes = [[0, 0, width, y0], [0, y1, width, height], [0, y0, x0, y1], [x1, y0, width, y1]];
  return boxes.flatMap(([a, b, c, d]) => [[a, b], [c, b], [a, d], [c, d]]);
}

/** Grid points around all that has a height. @param {import('./reader.js').Rig} rig */
function movingBox({ grid: [cols, rows], height }) {
  let [left, top, right, bottom] = [cols - 1, rows - 1, 0, 0];
  height.forEach((each, i) => {
    if (!each) return;
    const [col, row] = [i % cols, Math.floor(i / cols)];
    [left, right] = [Math.min(left, col), Math.max(right, col)];
    [top, bottom] = [Math.min(top, row), Math.max(bottom, row)];
  });
  if (left > right) return { left: 0, top: 0, right: 1, bottom: 1 };
  return {
    left: Math.max(left - 1, 0),
    top: Math.max(top - 1, 0),
    right: Math.min(right + 1, cols - 1),
    bottom: Math.min(bottom + 1, rows - 1),
  };
}

/** @param {number} index of a column or row @returns {number} frame pixels */
function placeOf(index) {
  return (index + 0.5) * STEP;
}

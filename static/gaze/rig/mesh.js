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
    points[4 * i] = placeOf(i % cols);
    points[4 * i + 1] = placeOf(Math.floor(i / cols));
    points[4 * i + 2] = height[i];
    points[4 * i + 3] = brows[i];
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
  const cells = Math.ceil((bottom - top) / stride) * Math.ceil((right - left) / stride) + 4;
  const triangles = new Uint16Array(6 * cells);
  let at = 0;
  /** @param {number} i @param {number} across @param {number} down */
  const cell = (i, across, down) => {
    triangles[at] = i;
    triangles[at + 1] = triangles[at + 3] = i + across;
    triangles[at + 2] = triangles[at + 4] = i + down;
    triangles[at + 5] = i + across + down;
    at += 6;
  };
  for (let row = top; row < bottom; row += stride) {
    for (let col = left; col < right; col += stride) {
      cell(row * cols + col, Math.min(stride, right - col), cols * Math.min(stride, bottom - row));
    }
  }
  for (let i = 0; i < 4; i += 1) cell(cols * rows + 4 * i, 1, 2);
  return triangles;
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
  let left = cols - 1;
  let top = rows - 1;
  let right = 0;
  let bottom = 0;
  for (let i = 0; i < height.length; i += 1) {
    if (!height[i]) continue;
    const col = i % cols;
    const row = Math.floor(i / cols);
    left = Math.min(left, col);
    right = Math.max(right, col);
    top = Math.min(top, row);
    bottom = Math.max(bottom, row);
  }
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

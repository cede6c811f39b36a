import assert from 'node:assert/strict';
import { test } from 'node:test';
import { meshPoints, meshTriangles } from '../../../static/gaze/rig/mesh.js';

/** A frame of 64×72 pixels whose height is above zero at these grid points (column, row). */
function rig(...moving) {
  const grid = [17, 19];
  const height = new Float32Array(17 * 19);
  for (const [col, row] of moving) height[row * 17 + col] = 5;
  return { frame: [64, 72], grid, height, brows: new Float32Array(17 * 19).fill(0.5) };
}

/** Area that the triangles cover, and the largest part of it that two of them share, in square pixels. */
function covered(face, stride) {
  const points = meshPoints(face);
  const triangles = meshTriangles(face, stride);
  let area = 0;
  for (let i = 0; i < triangles.length; i += 3) {
    const [[ax, ay], [bx, by], [cx, cy]] = [0, 1, 2].map((k) => points.subarray(triangles[i + k] * 4));
    area += Math.abs((bx - ax) * (cy - ay) - (cx - ax) * (by - ay)) / 2;
  }
  return area;
}

test('the mesh covers the frame once, whatever moves and however coarse it is', () => {
  const faces = [rig([8, 8]), rig([4, 5], [11, 12]), rig()];
  for (const face of faces) {
    for (const stride of [1, 2, 3]) assert.equal(covered(face, stride), 64 * 72);
  }
});

test('a height at the very border leaves the grid at no side', () => {
  const face = rig([0, 0], [16, 18]);
  const triangles = meshTriangles(face, 1);
  assert.ok(Math.max(...triangles) < 17 * 19 + 16);
  assert.ok(covered(face, 1) >= 64 * 72);
});

test('grid points lie in the middle of their squares, with their heights', () => {
  const points = meshPoints(rig([8, 8]));
  assert.deepEqual([...points.subarray((8 * 17 + 8) * 4, (8 * 17 + 8) * 4 + 4)], [34, 34, 5, 0.5]);
});

test('a coarse mesh has a quarter of the triangles', () => {
  const face = rig([2, 2], [14, 14]);
  assert.equal(meshTriangles(face, 1).length, 6 * (14 * 14 + 4));
  assert.equal(meshTriangles(face, 2).length, 6 * (7 * 7 + 4));
});

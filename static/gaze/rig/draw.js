/**
 * One pose of a rig on a canvas, for tests and contact sheets; elements draw through their portraits.
 */
import { pageRenderer } from '../renderer.js';
import { RigPicture } from './picture.js';
import { readRig } from './reader.js';

/**
 * @param {ArrayBuffer} data rig.bin
 * @param {Blob} photo of any size
 * @returns {Promise<(canvas: HTMLCanvasElement, pose: import('../frames.js').Pose,
 *   quality?: Partial<import('../frames.js').Quality>) => void>} draws a pose, as large as the canvas is
 * @throws {import('../failure.js').GazeFailure} `rig`, `webgl`
 */
export async function openRig(data, photo) {
  const renderer = pageRenderer();
  const picture = await RigPicture.open(renderer, await readRig(data));
  const bitmap = await createImageBitmap(photo, { premultiplyAlpha: 'premultiply' });
  picture.setPhoto(bitmap);
  bitmap.close();
  return (canvas, pose, quality) => {
    const { width, height } = canvas;
    const target = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
    renderer.paint(target, { x: 0, y: 0, width, height }, (place) => picture.draw(pose, place, quality));
  };
}

/**
 * @param {HTMLCanvasElement} canvas of any size
 * @param {ArrayBuffer} data rig.bin
 * @param {Blob} photo
 * @param {import('../frames.js').Pose} pose
 */
export async function drawRig(canvas, data, photo, pose) {
  (await openRig(data, photo))(canvas, pose);
}

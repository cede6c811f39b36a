/**
 * The light in the room of the standalone page: the portrait made so small that only its colours are left, and
 * stretched over the window. A blur of that size would cost phones dearly.
 */

/** Pixels from step to step; doubling often smooths what enlarging at once would leave as a lattice. */
const SIZES = [[4, 5], [8, 10], [16, 20], [32, 40], [64, 80], [128, 160]];

const portrait = document.querySelector('gaze-tracker > img');
const room = document.querySelector('.ambience');

/** @returns {HTMLCanvasElement} a picture at another size */
function resized(picture, [width, height], canvas = document.createElement('canvas')) {
  Object.assign(canvas, { width, height });
  const context = canvas.getContext('2d');
  context.imageSmoothingQuality = 'high';
  context.drawImage(picture, 0, 0, width, height);
  return canvas;
}

function light() {
  resized(SIZES.slice(0, -1).reduce((picture, size) => resized(picture, size), portrait), SIZES.at(-1), room);
}

// Without a picture, or a canvas to draw it on, the room is plain.
portrait.decode().then(light).catch(() => room.remove());

/**
 * Background light of the standalone page: the portrait made so small that only its colours are left, and
 * stretched over the window. A blur of that size would cost phones dearly.
 */

/**
 * Width and height in pixels, from step to step: enlarging at once would leave a lattice, doubling often smooths it.
 *
 * @type {[number, number][]}
 */
const SIZES = [[4, 5], [8, 10], [16, 20], [32, 40], [64, 80], [128, 160]];

const portrait = /** @type {HTMLImageElement} */ (document.querySelector('gaze-tracker > img'));
const room = /** @type {HTMLCanvasElement} */ (document.querySelector('.ambience'));

/**
 * Draws a picture at another size.
 *
 * @param {CanvasImageSource} picture
 * @param {[number, number]} size
 * @param {HTMLCanvasElement} canvas
 */
function resize(picture, [width, height], canvas) {
  Object.assign(canvas, { width, height });
  const context = canvas.getContext('2d');
  if (!context) throw new Error('this browser has no canvas to draw on');
  context.imageSmoothingQuality = 'high';
  context.drawImage(picture, 0, 0, width, height);
}

function light() {
  /** @type {CanvasImageSource} */
  let picture = portrait;
  for (const size of SIZES) {
    const canvas = size === SIZES.at(-1) ? room : document.createElement('canvas');
    resize(picture, size, canvas);
    picture = canvas;
  }
}

// Without a picture, or a canvas to draw it on, the room is plain.
portrait.decode().then(light).catch(() => room.remove());

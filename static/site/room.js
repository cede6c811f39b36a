/**
 * Background light from a picture: made so small that only its colours are left, stretched over the canvas
 * with the class `ambience`. Everything is worked out once, on few pixels: a blur or filter of the window's size
 * would cost phones dearly, in every frame.
 */

/** Pixels from step to step; doubling often smooths what enlarging at once would leave as a lattice. */
const WIDTHS = [4, 8, 16, 32, 64, 128];

/** In a light room shadows would look like dirt: colours are lifted towards this level, and strengthened. */
const LEVEL = 190;
const LIFT = 0.55;
const STRENGTH = 1.7;

/** From this share of the window's height downwards the light fades, so that text stays readable. */
const FADES_FROM = 0.3;

/**
 * Kept in memory that a script can read: a round trip to a busy graphics process would hold up the page.
 *
 * @type {CanvasRenderingContext2DSettings}
 */
const READABLE = { willReadFrequently: true };

const dark = matchMedia('(prefers-color-scheme: dark)');

/**
 * @param {HTMLImageElement | HTMLCanvasElement} picture decoded
 * @param {HTMLCanvasElement} room
 */
export function light(picture, room) {
  let context = contextOf(room);
  /** @type {CanvasImageSource} */
  let from = picture;
  for (const width of WIDTHS) {
    const to = width === WIDTHS.at(-1) ? room : document.createElement('canvas');
    Object.assign(to, { width, height: (width * 5) / 4 });
    context = contextOf(to);
    context.imageSmoothingQuality = 'high';
    context.drawImage(from, 0, 0, to.width, to.height);
    if (from === picture) fillUp(context);
    from = to;
  }
  const pixels = context.getImageData(0, 0, room.width, room.height);
  if (!dark.matches) lift(pixels.data);
  fade(pixels);
  context.putImageData(pixels, 0, 0);
  room.classList.add('lit');
}

/** @param {HTMLCanvasElement} canvas @throws {TypeError} where the browser has none to give */
function contextOf(canvas) {
  const context = canvas.getContext('2d', READABLE);
  if (!context) throw new TypeError('this browser has no canvas to draw on');
  return context;
}

/**
 * A person without background lights the whole room: transparent pixels take the colours' mean.
 *
 * @param {CanvasRenderingContext2D} context
 */
function fillUp(context) {
  const { width, height } = context.canvas;
  const { data } = context.getImageData(0, 0, width, height);
  const sum = [0, 0, 0, 0];
  for (let at = 0; at < data.length; at += 4) {
    for (let channel = 0; channel < 3; channel += 1) sum[channel] += data[at + channel] * data[at + 3];
    sum[3] += data[at + 3];
  }
  if (sum[3] === 0) return;
  context.globalCompositeOperation = 'destination-over';
  context.fillStyle = `rgb(${sum.slice(0, 3).map((channel) => Math.round(channel / sum[3])).join(' ')})`;
  context.fillRect(0, 0, width, height);
}

/** @param {Uint8ClampedArray} rgba is changed in place */
function lift(rgba) {
  for (let at = 0; at < rgba.length; at += 4) {
    const grey = (rgba[at] + rgba[at + 1] + rgba[at + 2]) / 3;
    for (let channel = at; channel < at + 3; channel += 1) {
      const strong = grey + (rgba[channel] - grey) * STRENGTH;
      rgba[channel] = strong + (LEVEL - strong) * LIFT;
    }
  }
}

/** @param {ImageData} pixels are changed in place */
function fade({ data, width, height }) {
  for (let row = 0; row < height; row += 1) {
    const share = Math.max(0, row / height - FADES_FROM) / (1 - FADES_FROM);
    const alpha = Math.round(255 * (1 - share ** 1.5));
    for (let at = row * width * 4 + 3; at < (row + 1) * width * 4; at += 4) data[at] = Math.min(data[at], alpha);
  }
}

/**
 * Lights the page's room with the picture at an address; a room without one stays plain.
 *
 * @param {string} address
 */
export async function lightFrom(address) {
  /** @type {HTMLCanvasElement | null} */
  const room = document.querySelector('canvas.ambience');
  if (!room || !address) return;
  const picture = new Image();
  picture.src = address;
  try {
    await picture.decode();
  } catch {
    return; // it has just been replaced or deleted
  }
  light(picture, room);
  dark.onchange = () => light(picture, room);
}

const { light: address } = document.body.dataset;
if (address) lightFrom(address);

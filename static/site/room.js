/**
 * The room takes its light from a picture: made so small that only its colours are left, stretched over the canvas
 * with the class `ambience`. A blur of that size would cost phones dearly.
 */

/** Pixels from step to step; doubling often smooths what enlarging at once would leave as a lattice. */
const WIDTHS = [4, 8, 16, 32, 64, 128];

/**
 * @param {HTMLImageElement | HTMLCanvasElement} picture decoded
 * @param {HTMLCanvasElement} room
 */
export function light(picture, room) {
  const steps = WIDTHS.map((width, index) => (index === WIDTHS.length - 1 ? room : document.createElement('canvas')));
  steps.reduce((from, to, index) => {
    Object.assign(to, { width: WIDTHS[index], height: (WIDTHS[index] * 5) / 4 });
    const context = to.getContext('2d');
    context.imageSmoothingQuality = 'high';
    context.drawImage(from, 0, 0, to.width, to.height);
    return to;
  }, picture);
  room.classList.add('lit');
}

/** Lights the page's room with the picture at an address; a room without one stays plain. */
export async function lightFrom(address) {
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
}

const { light: address } = document.body.dataset;
if (address) lightFrom(address);

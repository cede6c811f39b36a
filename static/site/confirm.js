/** Page between photo and portrait: face, crop and options. Without this script the form sends the suggestions. */
import { Crop } from './crop.js';
import { CropView } from './crop-view.js';
import { part } from './part.js';
import { letPeoplePoint } from './place.js';

/**
 * @typedef {import('./crop.js').Face & {index: number, advice: string[]}} Face as the server writes it,
 *   portraits/uploads/face_report.py
 */

/** @type {{faces: Face[], width: number, height: number, limits: import('./crop.js').Limits}} */
const { faces, limits, ...photo } = JSON.parse(document.querySelector('#crop-data')?.textContent ?? '');
const form = part('#confirm-form', HTMLFormElement);
const canvas = part('#crop-canvas', HTMLCanvasElement);
const zoom = part('#zoom', HTMLInputElement);
const reset = part('#crop-reset', HTMLButtonElement);
const field = part('#crop', HTMLInputElement);
const submit = part('#bring-to-life', HTMLButtonElement);

/** Crops by the index of the face. @type {Map<number, Crop>} */
const crops = new Map(faces.map((face) => [face.index, new Crop(photo, face, limits)]));
let chosen = chosenFace();
let crop = cropOf(chosen ?? faces[0]);
const view = new CropView(canvas, photo, crop, changed);

/** Undefined until a person has chosen one of several. */
function chosenFace() {
  const index = new FormData(form).get('face'); // from a list of radio buttons, or from the only, hidden field
  return faces.find((face) => String(face.index) === index);
}

/** @param {Face} face */
function cropOf(face) {
  return crops.get(face.index) ?? new Crop(photo, face, limits);
}

function changed() {
  field.value = crop.automatic ? '' : String(crop);
  zoom.value = String(crop.zoom);
  reset.disabled = crop.automatic;
}

function choose() {
  chosen = chosenFace();
  if (chosen) {
    crop = cropOf(chosen);
    view.crop = crop;
    changed();
    advise(chosen);
    offerSizes(chosen);
  }
  for (const box of faceBoxes()) {
    box.classList.toggle('chosen', box.dataset.face === String(chosen?.index));
  }
  onFraming();
}

/** @returns {NodeListOf<SVGElement>} around the faces that can be chosen */
function faceBoxes() {
  return document.querySelectorAll('.face-box.usable');
}

/** @param {Face} face */
function advise({ advice }) {
  const list = part('#advice', HTMLElement);
  list.hidden = advice.length === 0;
  list.replaceChildren(...advice.map((textContent) => Object.assign(document.createElement('li'), { textContent })));
}

/** @param {Face} face */
function offerSizes({ width }) {
  /** @type {NodeListOf<HTMLInputElement>} */
  const [standard, large] = document.querySelectorAll('#sizes input');
  if (!large) return;
  large.disabled = width < limits.large_face;
  if (large.disabled) standard.checked = true;
}

function onFraming() {
  const whole = !chosen || new FormData(form).get('framing') === 'whole';
  view.whole = whole;
  zoom.disabled = whole;
  part('#crop-tools', HTMLElement).toggleAttribute('inert', whole);
}

/** @param {string} address */
async function load(address) {
  const picture = new Image();
  picture.src = address;
  await picture.decode();
  canvas.hidden = false;
  part('#crop-still', SVGElement).setAttribute('hidden', '');
  view.show(picture);
}

zoom.addEventListener('input', () => {
  crop.zoom = Number(zoom.value);
  view.draw();
  changed();
});
reset.addEventListener('click', () => {
  crop.reset();
  view.draw();
  changed();
  canvas.focus();
});
for (const box of faceBoxes()) {
  const choice = () => part(`input[name="face"][value="${box.dataset.face}"]`, HTMLInputElement, form);
  box.addEventListener('click', () => choice().click());
}
form.addEventListener('change', ({ target }) => {
  if (!(target instanceof HTMLInputElement)) return;
  if (target.name === 'face') choose();
  if (target.name === 'framing') onFraming();
});
form.addEventListener('submit', () => {
  submit.textContent = 'Waking it up';
  submit.classList.add('busy');
});
addEventListener('pageshow', () => submit.classList.remove('busy'));

choose();
letPeoplePoint(part('#faces-map', SVGSVGElement), part('#place-form', HTMLFormElement));
const { thumbnail = '', photo: whole = '' } = canvas.dataset;
load(thumbnail)
  .then(() => load(whole))
  .catch(() => {}); // the still picture of the page stays

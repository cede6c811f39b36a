/** The page between photo and portrait: face, crop and options; without it, the form sends what is suggested. */
import { Crop } from './crop.js';
import { CropView } from './crop-view.js';
import { letPeoplePoint } from './place.js';

const { faces, ...photo } = JSON.parse(document.querySelector('#crop-data').textContent);
const form = document.querySelector('#confirm-form');
const canvas = document.querySelector('#crop-canvas');
const zoom = document.querySelector('#zoom');
const reset = document.querySelector('#crop-reset');
const field = document.querySelector('#crop');

/** Pixels of the photo; narrower faces gain nothing from large frames. */
const LARGE_FACE = 130;

const crops = new Map(faces.map((face) => [face.index, new Crop(photo, face)]));
let chosen = chosenFace();
let crop = crops.get((chosen ?? faces[0]).index);
const view = new CropView(canvas, photo, crop, changed);

/** Undefined until a person has chosen one of several. */
function chosenFace() {
  const { value } = form.elements.face; // of a radio list, or of the only, hidden field
  return faces.find((face) => String(face.index) === value);
}

function changed() {
  field.value = crop.automatic ? '' : String(crop);
  zoom.value = String(crop.zoom);
  reset.disabled = crop.automatic;
}

function choose() {
  chosen = chosenFace();
  if (chosen) {
    crop = crops.get(chosen.index);
    view.crop = crop;
    changed();
    advise(chosen);
    offerSizes(chosen);
  }
  for (const box of document.querySelectorAll('.face-box.usable')) {
    box.classList.toggle('chosen', box.dataset.face === String(chosen?.index));
  }
  onFraming();
}

function advise({ advice }) {
  const list = document.querySelector('#advice');
  list.hidden = advice.length === 0;
  list.replaceChildren(...advice.map((sentence) => Object.assign(document.createElement('li'), { textContent: sentence })));
}

function offerSizes({ width }) {
  const [standard, large] = document.querySelectorAll('#sizes input');
  if (!large) return;
  large.disabled = width < LARGE_FACE;
  if (large.disabled) standard.checked = true;
}

function onFraming() {
  const whole = !chosen || form.elements.framing.value === 'whole';
  view.whole = whole;
  zoom.disabled = whole;
  document.querySelector('#crop-tools').toggleAttribute('inert', whole);
}

async function load(address) {
  const picture = new Image();
  picture.src = address;
  await picture.decode();
  canvas.hidden = false;
  document.querySelector('#crop-still').setAttribute('hidden', '');
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
for (const box of document.querySelectorAll('.face-box.usable')) {
  box.addEventListener('click', () => form.querySelector(`input[name="face"][value="${box.dataset.face}"]`).click());
}
form.addEventListener('change', ({ target }) => {
  if (target.name === 'face') choose();
  if (target.name === 'framing') onFraming();
});
form.addEventListener('submit', () => {
  const button = document.querySelector('#bring-to-life');
  button.textContent = 'Waking it up';
  button.classList.add('busy');
});
addEventListener('pageshow', () => document.querySelector('#bring-to-life').classList.remove('busy'));

choose();
letPeoplePoint(document.querySelector('#faces-map'), document.querySelector('#place-form'));
load(canvas.dataset.thumbnail)
  .then(() => load(canvas.dataset.photo))
  .catch(() => {}); // the still picture of the page stays

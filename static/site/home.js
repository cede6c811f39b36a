/** The home page of a signed-in person: a photo dropped anywhere opens the upload form with it. */
import { takeDrops } from './drop.js';
import { UploadForm } from './upload.js';

const dialog = document.querySelector('#upload-dialog');
const form = new UploadForm(document.querySelector('#upload-form'));

takeDrops((photo) => {
  if (!dialog.open) dialog.showModal();
  form.take(photo);
});

document.querySelector('#make-your-own').addEventListener('click', (event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  dialog.showModal();
});
document.querySelector('#upload-close').addEventListener('click', () => dialog.close());

/** Home page where photos may come in: one that is dropped anywhere opens the upload form with it. */
import { takeDrops } from './drop.js';
import { part } from './part.js';
import { UploadForm } from './upload.js';

const dialog = part('#upload-dialog', HTMLDialogElement);
const form = new UploadForm(part('#upload-form', HTMLFormElement));

takeDrops((photo) => {
  if (!dialog.open) dialog.showModal();
  form.take(photo);
});

part('#make-your-own', HTMLElement).addEventListener('click', (event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  dialog.showModal();
});
part('#upload-close', HTMLElement).addEventListener('click', () => dialog.close());

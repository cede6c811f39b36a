/** The page of the upload form. */
import { takeDrops } from './drop.js';
import { UploadForm } from './upload.js';

const form = new UploadForm(document.querySelector('#upload-form'));
takeDrops((photo) => form.take(photo));

/** Page of the upload form. */
import { takeDrops } from './drop.js';
import { part } from './part.js';
import { UploadForm } from './upload.js';

const form = new UploadForm(part('#upload-form', HTMLFormElement));
takeDrops((photo) => form.take(photo));

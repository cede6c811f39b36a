/**
 * Upload form: sends a photo as soon as there is one and its consent, shows progress, and says in place why it failed.
 */

import { part } from './part.js';

const SENDING = 'Sending your photo…';
const LOOKING = 'Looking for the face…';
const CONSENT_FIRST = 'Please confirm the sentence above first. Then your photo is sent.';
const UNREACHED = 'The site could not be reached. Please check your connection and try again.';
const NO_PHOTO = 'Please choose a photo first.';
const NO_COOKIES = 'Your browser refuses cookies. By one, this site knows that a portrait is yours, and shows it to '
  + 'nobody else. Please allow cookies for this site, reload this page, and send the photo again.';
const NOT_A_PICTURE = 'This is not a picture. Please choose a photo.';

/** @typedef {{code: string, sentence: string, details: object}} Refusal */

export class UploadForm {
  #form;
  #input;
  #consent;
  #error;
  /** @type {XMLHttpRequest | null} */
  #request = null;
  /** Photo that waits for the consent. @type {File | null} */
  #waiting = null;

  /** @param {HTMLFormElement} form as templates/portraits/_upload_form.html has it */
  constructor(form) {
    this.#form = form;
    this.#input = part('input[name="photo"]', HTMLInputElement, form);
    this.#consent = part('input[name="consent"]', HTMLInputElement, form);
    this.#error = this.#part('upload-error', HTMLElement);
    this.#input.addEventListener('change', () => this.take(this.#input.files?.[0]));
    this.#consent.addEventListener('change', () => this.#onConsent());
    // Back from the next page, some browsers show this one as it was left: still sending.
    addEventListener('pageshow', ({ persisted }) => persisted && this.#end(''));
    this.#part('upload-stop', HTMLButtonElement).addEventListener('click', () => this.#request?.abort());
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      const photo = this.#input.files?.[0] ?? this.#waiting;
      if (photo) this.take(photo);
      else this.#say(NO_PHOTO);
    });
  }

  get busy() {
    return this.#request !== null;
  }

  /** Sends a photo, or keeps it until its consent is given. @param {File | undefined} photo */
  take(photo) {
    if (!photo || this.busy) return;
    if (!navigator.cookieEnabled) {
      this.#say(NO_COOKIES);
      return;
    }
    if (photo.type && !photo.type.startsWith('image/')) {
      this.#say(NOT_A_PICTURE);
      return;
    }
    this.#waiting = photo;
    this.#preview(photo);
    if (this.#consent.checked) this.#send(photo);
    else this.#ask();
  }

  /** Consent comes first: the browser keeps the photo until it is given. */
  #ask() {
    this.#say(CONSENT_FIRST, 'asking');
    this.#consent.closest('.consent')?.classList.add('asked');
    this.#consent.focus();
  }

  #onConsent() {
    this.#consent.closest('.consent')?.classList.remove('asked');
    this.#say('');
    if (this.#consent.checked && this.#waiting && !this.busy) this.#send(this.#waiting);
  }

  /**
   * Shows the photo. Not every browser can show every format; then the drop target stays as it is.
   *
   * @param {File} photo
   */
  #preview(photo) {
    const picture = this.#part('upload-preview', HTMLImageElement);
    const holder = this.#part('upload-waiting', HTMLElement);
    if (picture.src) URL.revokeObjectURL(picture.src);
    picture.onload = () => { holder.hidden = false; };
    picture.onerror = () => { holder.hidden = true; };
    picture.src = URL.createObjectURL(photo);
  }

  /** @param {File} photo */
  #send(photo) {
    const body = new FormData();
    body.append('csrfmiddlewaretoken', part('input[name="csrfmiddlewaretoken"]', HTMLInputElement, this.#form).value);
    body.append('consent', 'on');
    body.append('photo', photo, 'photo');
    const request = new XMLHttpRequest(); // fetch tells nothing about how much it has sent
    this.#request = request;
    request.open('POST', this.#form.action);
    request.setRequestHeader('Accept', 'application/json');
    request.upload.addEventListener('progress', ({ loaded, total }) => this.#progress(loaded / total));
    request.upload.addEventListener('load', () => this.#progress(1));
    request.addEventListener('load', () => this.#onAnswer(request));
    request.addEventListener('error', () => this.#end(UNREACHED));
    request.addEventListener('abort', () => this.#end(''));
    this.#say('');
    this.#form.setAttribute('aria-busy', 'true');
    this.#part('upload-sending', HTMLElement).hidden = false;
    this.#progress(0);
    request.send(body);
  }

  /** @param {number} share 0 … 1 of the bytes are out */
  #progress(share) {
    const bar = this.#part('upload-progress', HTMLProgressElement);
    const status = this.#part('upload-status', HTMLElement);
    const words = share < 1 ? SENDING : LOOKING;
    if (status.textContent !== words) status.textContent = words; // a screen reader hears each once
    if (share < 1) bar.value = share;
    else bar.removeAttribute('value');
  }

  /** @param {XMLHttpRequest} request that has been answered */
  #onAnswer(request) {
    const answer = parsed(request.responseText);
    if (request.status === 201 && answer) {
      location.assign(answer.address);
      return;
    }
    this.#waiting = null;
    this.#end(answer?.sentence ?? this.#unexpected(request));
    this.#part('upload-waiting', HTMLElement).hidden = true;
  }

  /** @param {string} sentence why it ended; empty where a person knows */
  #end(sentence) {
    this.#request = null;
    this.#input.value = '';
    this.#form.removeAttribute('aria-busy');
    this.#part('upload-sending', HTMLElement).hidden = true;
    this.#say(sentence);
  }

  /** @param {string} sentence @param {string} [kind] `asking` is not an error */
  #say(sentence, kind = '') {
    this.#error.textContent = sentence;
    this.#error.classList.toggle('asking', kind === 'asking');
  }

  /** @param {XMLHttpRequest} request that something other than the upload itself has answered */
  #unexpected({ status, responseURL }) {
    if (responseURL.includes('/accounts/')) return 'You have been signed out. Please sign in again.';
    if (status === 413) return this.#form.dataset.tooLarge ?? '';
    if (status === 403) return 'This page has become too old. Please reload it and try again.';
    return 'Something went wrong on our side. Please try again.';
  }

  /**
   * @template {Element} T
   * @param {string} id
   * @param {{new (): T}} type
   */
  #part(id, type) {
    return part(`#${id}`, type, this.#form);
  }
}

/** @param {string} text @returns {Refusal & {address: string} | null} null when a proxy or a sign-in page answered */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

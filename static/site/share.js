/**
 * Share panel: its forms change it in place, and its links can be copied. Without this script the forms lead
 * to pages that show the same.
 */

import { showLocalTimes } from './local-times.js';
import { part } from './part.js';

const FAILED = 'That did not work. Please look whether you are online and signed in, and try again.';

/** Shows the copy buttons, which need this script. @param {ParentNode} panel */
function equip(panel) {
  /** @type {NodeListOf<HTMLButtonElement>} */
  const buttons = panel.querySelectorAll('button[data-copy]');
  for (const button of buttons) button.hidden = false;
}

/** @param {HTMLButtonElement} button */
async function copy(button) {
  const field = /** @type {HTMLInputElement} */ (document.getElementById(button.dataset.copy ?? ''));
  field.focus();
  field.select();
  try {
    await navigator.clipboard.writeText(field.value);
    button.textContent = 'Copied';
  } catch {
    button.textContent = 'Selected'; // a browser that does not let pages copy
  }
  setTimeout(() => (button.textContent = 'Copy'), 2500);
}

/**
 * Sends a form of the panel and puts the answered panel in its place.
 *
 * @param {HTMLFormElement} form
 * @param {HTMLButtonElement} button one of the form's, which may name an address of its own
 * @param {Element} panel
 */
async function send(form, button, panel) {
  button.disabled = true;
  try {
    const address = button.hasAttribute('formaction') ? button.formAction : form.action;
    const answer = await fetch(address, {
      method: 'POST',
      body: new FormData(form),
      headers: { 'X-Requested-With': 'fetch' },
      redirect: 'error',
    });
    const text = await answer.text();
    const next = new DOMParser().parseFromString(text, 'text/html').querySelector('.share-panel');
    if (!next) throw new Error(`status ${answer.status}`);
    replace(panel, next);
  } catch (error) {
    console.warn(error);
    complain(form);
    button.disabled = false;
  }
}

/** @param {Element} panel @param {Element} next */
function replace(panel, next) {
  // The panel's own style sheet stays where it is: one put in anew would leave it unstyled for a moment.
  /** @param {Element} child */
  const isContent = (child) => !['LINK', 'SCRIPT'].includes(child.tagName);
  for (const child of [...panel.children].filter(isContent)) child.remove();
  panel.append(...[...next.children].filter(isContent));
  showLocalTimes(panel);
  equip(panel);
  // The keyboard's focus goes on from here; the button that was pressed is gone.
  /** @type {HTMLInputElement | null} */
  const field = panel.querySelector('#new-link');
  (field ?? part('h2', HTMLElement, panel)).focus();
  field?.select();
}

/** @param {HTMLFormElement} form */
function complain(form) {
  const notice = form.querySelector('.notice') ?? form.appendChild(document.createElement('p'));
  notice.className = 'notice error';
  notice.setAttribute('role', 'alert');
  notice.textContent = FAILED;
}

/** @type {NodeListOf<HTMLElement>} */
const panels = document.querySelectorAll('.share-panel');
for (const panel of panels) {
  equip(panel);
  panel.addEventListener('submit', (event) => {
    const form = event.target;
    if (!(form instanceof HTMLFormElement && form.matches('form[data-share]'))) return;
    const button = event.submitter ?? part('button[type="submit"]', HTMLButtonElement, form);
    if (!(button instanceof HTMLButtonElement)) return;
    event.preventDefault();
    send(form, button, panel);
  });
  panel.addEventListener('click', ({ target }) => {
    /** @type {HTMLButtonElement | null} */
    const button = target instanceof Element ? target.closest('button[data-copy]') : null;
    if (button) copy(button);
  });
}

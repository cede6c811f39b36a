/**
 * The share panel: its forms change it in place, and what it shows can be copied. Without this script the forms lead
 * to pages that show the same.
 */

import { showLocalTimes } from './local-times.js';

const FAILED = 'That did not work. Please look whether you are online and signed in, and try again.';

/** Shows the copy buttons, which need this script. */
function equip(panel) {
  for (const button of panel.querySelectorAll('button[data-copy]')) button.hidden = false;
}

async function copy(button) {
  const field = document.getElementById(button.dataset.copy);
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

/** Sends a form of the panel and puts the answered panel in its place. */
async function send(form, panel) {
  const button = form.querySelector('button[type="submit"]');
  button.disabled = true;
  try {
    const answer = await fetch(form.action, {
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

function replace(panel, next) {
  // The panel's own style sheet stays where it is: one put in anew would leave it unstyled for a moment.
  const isContent = (child) => !['LINK', 'SCRIPT'].includes(child.tagName);
  for (const child of [...panel.children].filter(isContent)) child.remove();
  panel.append(...[...next.children].filter(isContent));
  showLocalTimes(panel);
  equip(panel);
  // The keyboard's focus goes on from here; the button that was pressed is gone.
  const field = panel.querySelector('#new-link');
  (field ?? panel.querySelector('h2')).focus();
  field?.select();
}

function complain(form) {
  const notice = form.querySelector('.notice') ?? form.appendChild(document.createElement('p'));
  notice.className = 'notice error';
  notice.setAttribute('role', 'alert');
  notice.textContent = FAILED;
}

for (const panel of document.querySelectorAll('.share-panel')) {
  equip(panel);
  panel.addEventListener('submit', (event) => {
    if (!event.target.matches('form[data-share]')) return;
    event.preventDefault();
    send(event.target, panel);
  });
  panel.addEventListener('click', ({ target }) => {
    const button = target.closest?.('button[data-copy]');
    if (button) copy(button);
  });
}

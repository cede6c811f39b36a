/** Button that gives the page the whole screen, where the browser allows it. */

import { part } from './part.js';

const button = part('button.whole-screen', HTMLButtonElement);

function show() {
  const whole = Boolean(document.fullscreenElement);
  button.setAttribute('aria-pressed', String(whole));
  button.title = whole ? 'Leave the whole screen' : 'Fill the screen';
  button.setAttribute('aria-label', button.title);
}

async function toggle() {
  if (document.fullscreenElement) await document.exitFullscreen();
  else await document.documentElement.requestFullscreen({ navigationUI: 'hide' });
}

if (document.fullscreenEnabled) {
  button.hidden = false;
  // A browser may refuse, by a policy of the page around this one; then nothing changes.
  button.addEventListener('click', () => toggle().catch(show));
  document.addEventListener('fullscreenchange', show);
}

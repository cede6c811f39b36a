/**
 * Full screen for one part of the page: by the browser's own mode where it has one, else filling the window.
 */

/**
 * @param {HTMLElement} stage gets the class `filling`
 * @param {HTMLButtonElement} button pressed while it fills
 */
export function offerFullscreen(stage, button) {
  /** @param {boolean} on */
  const fill = (on) => {
    stage.classList.toggle('filling', on);
    button.setAttribute('aria-pressed', String(on));
    button.title = on ? 'Leave the full screen' : 'Fill the screen';
    button.setAttribute('aria-label', button.title);
  };
  const leave = () => {
    if (document.fullscreenElement) document.exitFullscreen();
    fill(false);
  };
  button.hidden = false;
  button.addEventListener('click', async () => {
    if (stage.classList.contains('filling')) {
      leave();
      return;
    }
    fill(true);
    // A browser may refuse or lack it; the stage fills the window all the same.
    await stage.requestFullscreen?.({ navigationUI: 'hide' }).catch(() => {});
  });
  document.addEventListener('fullscreenchange', () => fill(document.fullscreenElement === stage));
  addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && stage.classList.contains('filling')) leave();
  });
}

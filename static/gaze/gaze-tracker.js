/**
 * Registers <gaze-tracker>. Works as `<script type="module" src>` and as a classic `<script src>`.
 */
(() => {
  const NAME = 'gaze-tracker';

  // A classic script from another origin has no base URL to import from, so its own address is the base.
  const address = document.currentScript instanceof HTMLScriptElement && document.currentScript.src;
  const element = address ? import(new URL('element.js', address).href) : import('./element.js');

  element.then(
    ({ GazeTracker }) => customElements.get(NAME) ?? customElements.define(NAME, GazeTracker),
    (reason) => console.warn(`<${NAME}> stays a still picture; it needs a page served over http(s). ${reason}`),
  );
})();

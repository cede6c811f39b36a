/**
 * Loader of the element's bundle, which defines <gaze-tracker>. Works as `<script type="module" src>` and, as pages
 * have it that were made before there was a bundle, as a classic `<script src>`.
 */
(() => {
  // A classic script from another origin has no base URL to import from, so its own address is the base.
  const address = document.currentScript instanceof HTMLScriptElement && document.currentScript.src;
  const bundle = address ? import(new URL('gaze-tracker.min.js', address).href) : import('./gaze-tracker.min.js');

  bundle.catch((reason) => {
    console.warn(`<gaze-tracker> stays a still picture; it needs a page served over http(s). ${reason}`);
  });
})();

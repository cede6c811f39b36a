/**
 * The element's looks, as constructed style sheets: pages with a strict Content-Security-Policy allow these.
 * Whatever the page's own style sheet says about the element wins.
 */

const CSS = `
:host {
  display: inline-block;
  position: relative;
  max-width: 100%;
  overflow: hidden;
  vertical-align: bottom;
  -webkit-tap-highlight-color: transparent;
}
:host([hidden]) { display: none; }
:host(:focus-visible) { outline: 3px solid Highlight; outline-offset: 3px; }
.still, .live { position: absolute; inset: 0; }
.still img, .still ::slotted(img) {
  position: absolute; inset: 0; box-sizing: border-box; width: 100%; height: 100%; object-fit: contain;
}
.still img[hidden] { display: none; }
.live { width: 100%; height: 100%; visibility: hidden; }
.live.shown { visibility: inherit; }
.still.covered { visibility: hidden; }
`;

let shared = null;

/**
 * Gives a shadow root the looks of the element and a rule of its own for its size.
 *
 * @param {ShadowRoot} root
 * @returns {CSSStyleDeclaration} the element's own rule
 */
export function styleRoot(root) {
  if (!shared) {
    shared = new CSSStyleSheet();
    shared.replaceSync(CSS);
  }
  const own = new CSSStyleSheet();
  own.insertRule(':host {}');
  root.adoptedStyleSheets = [shared, own];
  return own.cssRules[0].style;
}

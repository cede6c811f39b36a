/**
 * Style sheets of the element, constructed: pages with a strict Content-Security-Policy allow these.
 * The page's own style sheet wins in all that it says about the element.
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
.still img {
  position: absolute; inset: 0; width: 100%; height: 100%; object-fit: contain;
}
/* Important: resets such as img { max-width: 100%; height: auto } are meant for pictures that stand alone. */
.still ::slotted(img) {
  position: absolute !important;
  inset: 0 !important;
  box-sizing: border-box !important;
  width: 100% !important;
  min-width: 0 !important;
  max-width: none !important;
  height: 100% !important;
  min-height: 0 !important;
  max-height: none !important;
  margin: 0 !important;
  border: 0 !important;
  padding: 0 !important;
  aspect-ratio: auto !important;
  object-fit: contain !important;
  object-position: center !important;
}
.still img[hidden] { display: none; }
.live { width: 100%; height: 100%; visibility: hidden; }
.live.shown { visibility: inherit; }
.still.covered { visibility: hidden; }
`;

/** @type {WeakMap<Document, CSSStyleSheet>} */
const looks = new WeakMap();

/**
 * Gives a shadow root the looks of the element, and its size. Pages find its width by its height in `--gaze-ratio`. A
 * new size is a new sheet: WebKit shows nothing of an edit to a rule that is in use already.
 *
 * @param {ShadowRoot} root in a document with a window
 * @param {{width: string, height: string, shape: {width: number, height: number}}} size CSS lengths; `shape` is only a
 *   proportion
 */
export function styleRoot(root, { width, height, shape }) {
  const proportion = `aspect-ratio: ${shape.width} / ${shape.height}; --gaze-ratio: ${shape.width / shape.height};`;
  const size = `:host { width: ${width}; height: ${height}; ${proportion} }`;
  if (!('adoptedStyleSheets' in root)) {
    embed(root, CSS + size);
    return;
  }
  root.adoptedStyleSheets = [looksIn(root.ownerDocument), constructed(root.ownerDocument, size)];
}

/**
 * One sheet for all elements of a document: constructed sheets belong to the document that made them.
 *
 * @param {Document} page
 */
function looksIn(page) {
  const sheet = looks.get(page) ?? constructed(page, CSS);
  looks.set(page, sheet);
  return sheet;
}

/**
 * Safari before 16.4 constructs no style sheets; there, a page with a strict policy shows the element unstyled.
 *
 * @param {ShadowRoot} root
 * @param {string} css
 */
function embed(root, css) {
  const style = root.querySelector('style') ?? root.appendChild(document.createElement('style'));
  style.textContent = css;
}

/** @param {Document} page with a window @param {string} css */
function constructed(page, css) {
  const window = /** @type {Window & typeof globalThis} */ (page.defaultView);
  const sheet = new window.CSSStyleSheet();
  sheet.replaceSync(css);
  return sheet;
}

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
/* One finger scrolls the page, two move the gaze. */
:host(:state(live)) { touch-action: pan-x pan-y; }
.face, .still, .live { position: absolute; inset: 0; border-radius: inherit; }
.face { outline: none; }
.face:focus-visible::after {
  content: ''; position: absolute; inset: 0; border: 3px solid Highlight; border-radius: inherit;
  box-shadow: inset 0 0 0 1px Canvas; pointer-events: none;
}
i { position: absolute; top: 0; left: 0; }
i.right { left: 100%; }
i.below { top: 100%; }
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
  transform: none !important;
  translate: none !important;
  rotate: none !important;
  scale: none !important;
  aspect-ratio: auto !important;
  object-fit: contain !important;
  object-position: center !important;
}
.live { width: 100%; height: 100%; visibility: hidden; }
.live.shown { visibility: inherit; }
.still.covered, .still.covered ::slotted(img) { visibility: hidden !important; }
.controls {
  position: absolute; inset: 0; container-type: size; pointer-events: none;
  display: flex; flex-flow: column; justify-content: end; align-items: end; gap: 6px; padding: 8px;
}
:host([hide-controls]) .controls { display: none; }
button {
  display: flex; align-items: center; justify-content: center; gap: 7px; min-height: 32px; padding: 0 12px;
  border: 1px solid #fff5; border-radius: 99px; color: #fff; background: #1118; backdrop-filter: blur(10px);
  font: 500 13px system-ui, sans-serif; white-space: nowrap; cursor: pointer; pointer-events: auto;
}
button:hover { background: #111c; }
button:focus-visible { outline: 3px solid Highlight; outline-offset: 1px; box-shadow: 0 0 0 1px Canvas; }
button::before { content: ''; width: 10px; height: 10px; background: currentColor; }
.motion::before { clip-path: polygon(12% 0, 100% 50%, 12% 100%); }
.motion.on::before { clip-path: polygon(0 0, 36% 0, 36% 100%, 64% 100%, 64% 0, 100% 0, 100% 100%, 0 100%); }
.tilt::before { width: 4px; background: none; border: 2px solid; border-radius: 3px; rotate: 20deg; }
[hidden] { display: none !important; }
@container (max-width: 190px) {
  button { width: 32px; padding: 0; gap: 0; font-size: 0; }
}
@container (max-width: 120px) {
  button { width: 28px; min-height: 28px; align-self: center; }
}
@media (forced-colors: active) { button { color: ButtonText; background: ButtonFace; } }
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

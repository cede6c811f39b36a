/**
 * What a benchmark asks a page with portraits, run before the page's own scripts: when they came alive, layout shift,
 * bytes of textures, sweeps of the pointer, and a display whose frames can be taken one by one.
 */
const FRAME = 1000 / 60;

/** Milliseconds since the navigation: of each portrait's first frame that reacts, and of its latest change. */
const alive = new Map();
const finest = new Map();
const levels = new Map();
addEventListener('gaze-ready', ({ target }) => alive.has(target) || alive.set(target, performance.now()));
addEventListener('gaze-level', ({ target, detail }) => {
  finest.set(target, performance.now());
  levels.set(target, detail?.name);
});

/** Layout shift as Chromium scores it: in all, and from when the element's definition has had its effect. */
const shift = { all: 0, late: 0 };
let defined = Infinity;
new PerformanceObserver((list) => {
  for (const { value, startTime } of list.getEntries()) {
    shift.all += value;
    if (startTime > defined) shift.late += value;
  }
}).observe({ type: 'layout-shift', buffered: true });
customElements.whenDefined('gaze-tracker').then(async () => {
  for (let i = 0; i < 2; i += 1) await new Promise(requestAnimationFrame);
  defined = performance.now();
});

/** Bytes of each texture that is alive, with its mipmaps; a canvas is not one. @type {Map<WebGLTexture, number>} */
const textures = new Map();
/** Those whose mipmaps are counted already. */
const pyramids = new WeakSet();
/** Bytes a pixel of internal formats; four of the others. */
const BYTES = { 0x8058: 4, 0x8051: 3, 0x822b: 2, 0x8229: 1, 0x8c43: 4, 0x881a: 8, 0x822f: 4, 0x822d: 2, 0x8814: 16 };

function levelBytes(format, width, height, depth = 1) {
  return (BYTES[format] ?? 4) * width * height * depth;
}

function boundTexture(gl, target) {
  return gl.getParameter(target === gl.TEXTURE_2D_ARRAY ? gl.TEXTURE_BINDING_2D_ARRAY : gl.TEXTURE_BINDING_2D);
}

function noteTexture(gl, target, bytes, added = false) {
  const texture = boundTexture(gl, target);
  if (texture) textures.set(texture, (added ? (textures.get(texture) ?? 0) : 0) + Math.round(bytes));
}

function after(owner, name, note) {
  const method = owner[name];
  owner[name] = function (...values) {
    const result = method.apply(this, values);
    note(this, ...values);
    return result;
  };
}

function sizeOf(values) {
  // texImage2D(target, level, internal, format, type, source), or with width, height, border after the third.
  if (values.length >= 9) return [values[3], values[4]];
  const source = values.at(-1);
  return [source.videoWidth || source.naturalWidth || source.width, source.naturalHeight || source.height];
}

for (const { prototype } of [WebGLRenderingContext, WebGL2RenderingContext]) {
  after(prototype, 'deleteTexture', (gl, texture) => textures.delete(texture));
  after(prototype, 'texImage2D', (gl, ...values) => {
    const [target, level, format] = values;
    noteTexture(gl, target, levelBytes(format, ...sizeOf(values)), level > 0);
  });
  after(prototype, 'generateMipmap', (gl, target) => {
    const texture = boundTexture(gl, target);
    if (!texture || pyramids.has(texture)) return;
    pyramids.add(texture);
    textures.set(texture, Math.round((textures.get(texture) ?? 0) * (4 / 3)));
  });
}

function pyramid(levelCount, format, width, height, depth) {
  let bytes = 0;
  for (let level = 0; level < levelCount; level += 1) {
    bytes += levelBytes(format, Math.max(1, width >> level), Math.max(1, height >> level), depth);
  }
  return bytes;
}

const { prototype: webgl2 } = WebGL2RenderingContext;
for (const name of ['texStorage2D', 'texStorage3D']) {
  after(webgl2, name, (gl, target, count, format, width, height, depth = 1) => {
    noteTexture(gl, target, pyramid(count, format, width, height, depth));
    pyramids.add(boundTexture(gl, target));
  });
}

/** While held, the display shows a frame only when `frame` is called, each a sixtieth of a second after the last. */
const ask = requestAnimationFrame.bind(window);
const cancel = cancelAnimationFrame.bind(window);
const clock = performance.now.bind(performance);
let held = false;
let now = 0;
let handles = 0;
const callbacks = new Map();
window.requestAnimationFrame = (callback) => {
  if (!held) return ask(callback);
  handles -= 1;
  callbacks.set(handles, callback);
  return handles;
};
window.cancelAnimationFrame = (handle) => callbacks.delete(handle) || cancel(handle);
performance.now = () => (held ? now : clock());

function frame() {
  now += FRAME;
  const due = [...callbacks.values()];
  callbacks.clear();
  for (const callback of due) callback(now);
}

async function hold() {
  now = clock();
  held = true;
  for (let i = 0; i < 3; i += 1) await new Promise(ask);
}

function point(clientX, clientY) {
  const event = { clientX, clientY, pointerType: 'mouse', bubbles: true };
  (document.elementFromPoint(clientX, clientY) ?? document.body).dispatchEvent(new PointerEvent('pointermove', event));
}

function canvasOf(element) {
  return (element.shadowRoot ?? element).querySelector('canvas');
}

/**
 * The face in each frame of the display while the pointer crosses the window at a constant speed, left to right.
 *
 * @param {Element} element
 * @param {{count: number, skipped: number, box: number[]}} options frames in all and those left out at the beginning;
 *   x, y, width and height of the face in the canvas
 * @returns {Promise<string>} grey values, frame after frame, base64
 */
async function sweep(element, { count, skipped, box }) {
  await hold();
  const [x, y, width, height] = box;
  const copy = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
  const grey = new Uint8Array(width * height * (count - skipped));
  for (let i = 0; i < count; i += 1) {
    point(innerWidth * (0.05 + (0.9 * i) / count), innerHeight / 2);
    frame();
    if (i < skipped) continue;
    copy.clearRect(0, 0, width, height);
    copy.drawImage(canvasOf(element), x, y, width, height, 0, 0, width, height);
    const { data } = copy.getImageData(0, 0, width, height);
    const start = (i - skipped) * width * height;
    for (let p = 0; p < width * height; p += 1) {
      grey[start + p] = (data[4 * p] * 77 + data[4 * p + 1] * 151 + data[4 * p + 2] * 28) >> 8;
    }
  }
  let text = '';
  for (let i = 0; i < grey.length; i += 0x8000) text += String.fromCharCode(...grey.subarray(i, i + 0x8000));
  return btoa(text);
}

/** Lets the pointer wander for a number of real frames. */
async function wander(count) {
  for (let i = 0; i < count; i += 1) {
    await new Promise(ask);
    const angle = i / 15;
    point(innerWidth * (0.5 + 0.45 * Math.sin(1.3 * angle)), innerHeight * (0.5 + 0.45 * Math.cos(angle)));
  }
}

window.probe = {
  hold,
  frame,
  point,
  sweep,
  wander,
  alive: (count) => (alive.size >= count ? Math.max(...alive.values()) : null),
  finest: () => Math.max(...finest.values()),
  levels: () => [...levels.values()],
  shift: () => [shift.all, shift.late],
  textureBytes: () => [...textures.values()].reduce((sum, bytes) => sum + bytes, 0),
};

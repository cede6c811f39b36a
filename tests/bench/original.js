/**
 * The original gaze app's way of showing a portrait, to compare with: PixiJS, four sheets of 15×15 frames, the nearest
 * frame, a fixed share of the way in each frame of the display. Written from a description of what it does.
 */
const PIXI_ADDRESS = '/pixi.min.js';
const STEPS = 30;
const HALF = STEPS / 2;
const SMOOTHING = 0.12;

let loading = null;

function pixi() {
  loading ??= new Promise((resolve, reject) => {
    const script = document.createElement('script');
    Object.assign(script, { src: PIXI_ADDRESS, onload: () => resolve(globalThis.PIXI), onerror: reject });
    document.head.append(script);
  });
  return loading;
}

const clamped = (value) => Math.max(-1, Math.min(1, value));

class OriginalTracker extends HTMLElement {
  #target = { x: 0, y: 0 };
  #at = { x: 0, y: 0 };

  async connectedCallback() {
    const [width, height] = ['width', 'height'].map((name) => Number(this.getAttribute(name)));
    Object.assign(this.style, { display: 'inline-block', width: `${width}px`, height: `${height}px` });
    document.addEventListener('pointermove', (event) => this.#follow(event));
    const { Application, Assets, Rectangle, Sprite, Texture } = await pixi();
    const app = new Application();
    await app.init({ width, height, backgroundAlpha: 0 });
    this.append(app.canvas);
    // A worker's downloads would escape the slow network that the benchmark emulates.
    Assets.setPreferences({ preferWorkers: false });
    const base = this.getAttribute('src');
    const sheets = await Promise.all([0, 1, 2, 3].map((number) => Assets.load(`${base}q${number}.webp`)));
    const cells = sheets.map(({ source }) => {
      const [w, h] = [source.width / HALF, source.height / HALF];
      const place = (i) => new Rectangle((i % HALF) * w, Math.floor(i / HALF) * h, w, h);
      return Array.from({ length: HALF * HALF }, (_, i) => new Texture({ source, frame: place(i) }));
    });
    const sprite = new Sprite();
    app.stage.addChild(sprite);
    app.ticker.add(() => {
      for (const axis of ['x', 'y']) this.#at[axis] += (this.#target[axis] - this.#at[axis]) * SMOOTHING;
      const [col, row] = [this.#at.x, this.#at.y].map((value) => Math.round(((value + 1) / 2) * (STEPS - 1)));
      sprite.texture = cells[(row >= HALF ? 2 : 0) + (col >= HALF ? 1 : 0)][(row % HALF) * HALF + (col % HALF)];
      sprite.setSize(width, height);
    });
    app.ticker.addOnce(() => this.#tell('gaze-ready'), null, -100);
    app.ticker.addOnce(() => this.#tell('gaze-level', { name: 'full' }), null, -100);
  }

  lookAt(x, y) {
    if (x === null) return;
    this.#target = { x, y };
    this.#at = { x, y };
  }

  #follow({ clientX, clientY }) {
    const { left, top, width, height } = this.getBoundingClientRect();
    const reach = Math.max(innerWidth, innerHeight) / 2;
    this.#target = {
      x: clamped((clientX - left - width / 2) / reach),
      y: clamped((clientY - top - height / 2) / reach),
    };
  }

  #tell(type, detail = null) {
    this.dispatchEvent(new CustomEvent(type, { bubbles: true, detail }));
  }
}

customElements.define('original-tracker', OriginalTracker);

import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';

import { alphasOf, openPixi } from '../../static/gaze/pixi.js';

/** A PixiJS that notes what it is told. */
function pixi(version = '8.22.0') {
  const noted = { resized: [], uploaded: 0, destroyed: 0, rendered: [] };
  class Sprite {}
  class Container {
    children = [];

    addChild(...children) {
      this.children.push(...children);
    }
  }
  class WebGLRenderer {
    canvas = { width: 1, height: 1 };
    gl = { MAX_TEXTURE_SIZE: 1, getParameter: () => 4096 };
    texture = { initSource: () => { noted.uploaded += 1; } };

    async init(options) {
      noted.options = options;
    }

    resize(width, height) {
      noted.resized.push([width, height]);
      Object.assign(this.canvas, { width, height });
    }

    render({ container }) {
      const shown = container.children.filter(({ visible }) => visible);
      const step = (alpha) => Math.floor(alpha * 255);
      noted.rendered.push(shown.map(({ texture, alpha, blendMode }) => [texture.name, step(alpha), blendMode]));
    }
  }
  let names = 0;
  const Texture = {
    EMPTY: { name: 'empty' },
    from: () => ({ name: names++, source: {}, destroy: () => { noted.destroyed += 1; } }),
  };
  return { noted, VERSION: version, Sprite, Container, WebGLRenderer, Texture };
}

const target = {
  canvas: { width: 20, height: 20 },
  clearRect() {},
  drawImage: (...values) => { target.drawn = values; },
};
const document = { createElement: () => ({ getContext: () => ({ drawImage() {} }) }) };

beforeEach(() => { globalThis.document = document; });
afterEach(() => { delete globalThis.document; });

let addresses = 0;
const address = () => `https://cdn.example/${addresses++}.mjs`;

test('frames are drawn over each other with their weights, on a canvas that only grows', async () => {
  const module = pixi();
  const renderer = await openPixi(address(), async () => module);
  const strip = renderer.createStrip(4, 5, 2);
  for (const layer of [0, 1]) renderer.fillLayer(strip, layer, {});
  const frames = [{ strip, layer: 0, weight: 0.25 }, { strip, layer: 1, weight: 0.75 }];
  renderer.draw(target, { x: 1, y: 2, width: 8, height: 10 }, frames);
  renderer.draw(target, { x: 0, y: 0, width: 4, height: 5 }, frames.slice(1));
  assert.deepEqual(module.noted.rendered, [[[0, 64, 'add'], [1, 191, 'add']], [[1, 191, 'add']]]);
  assert.deepEqual(module.noted.resized, [[8, 10]]);
  assert.deepEqual(target.drawn.slice(1), [0, 0, 4, 5, 0, 0, 4, 5]);
  assert.equal(module.noted.options.backgroundAlpha, 0);
});

test('a strip is uploaded when it is filled, counts both copies, and is destroyed with its sources', async () => {
  const module = pixi();
  const renderer = await openPixi(address(), async () => module);
  const strip = renderer.createStrip(4, 5, 2);
  renderer.fillLayer(strip, 0, {});
  assert.equal(module.noted.uploaded, 1);
  assert.equal(strip.bytes, 4 * 5 * 2 * 4 * 2);
  renderer.deleteStrip(strip);
  assert.equal(module.noted.destroyed, 1);
});

test('portraits of one address share a renderer', async () => {
  const module = pixi();
  const same = address();
  const renderers = await Promise.all([openPixi(same, async () => module), openPixi(same, async () => module)]);
  assert.equal(renderers[0], renderers[1]);
});

test('another version, or none, is refused, and may be tried again', async () => {
  const later = address();
  await assert.rejects(openPixi(later, async () => pixi('7.4.2')), /version 7\.4\.2 is not 8/);
  await assert.rejects(openPixi(later, async () => ({})), /version unknown/);
  await openPixi(later, async () => pixi());
});

test('only scripts are imported', async () => {
  for (const wrong of ['javascript:alert(1)', 'data:text/javascript,1', 'file:///etc/passwd', 'other']) {
    await assert.rejects(openPixi(wrong), /not an address of a script/);
  }
});

test('weights become alphas that leave an opaque portrait opaque', () => {
  for (const weights of [[1], [0.5, 0.25, 0.25], [1 / 3, 1 / 3, 1 / 6, 1 / 6], [0.999, 0.001], [0, 1]]) {
    const steps = alphasOf(weights).map((alpha) => Math.floor(alpha * 255));
    assert.equal(steps.reduce((sum, step) => sum + step, 0), 255);
    steps.forEach((step, i) => assert.ok(Math.abs(step - weights[i] * 255) <= 1));
  }
});

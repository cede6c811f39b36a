import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { afterEach, mock, test } from 'node:test';

import { sheetValues } from '../../static/gaze/grid.js';
import { describe, parseSource } from '../../static/gaze/source.js';

const BASE = 'https://page.example/people/ada/';
const MANIFEST = 'https://page.example/files/manifest.json';
const GOLDEN = JSON.parse(readFileSync(new URL('../golden/manifest.json', import.meta.url), 'utf8'));

afterEach(() => mock.restoreAll());

function parse(src, attributes = {}) {
  return parseSource({ src, ...attributes }, BASE);
}

function firstLevel(src, attributes) {
  return parse(src, attributes).description.levels[0];
}

/** The description that a manifest with this content gives. */
function described(content, manifest = MANIFEST) {
  mock.method(globalThis, 'fetch', async () => new Response(content, { status: content === null ? 404 : 200 }));
  return describe({ key: '', manifest }, new AbortController().signal);
}

for (const src of ['manifest.json', 'other.json?v=3', '/s/token/manifest.json#x']) {
  test(`${src} is a manifest`, () => assert.ok(parse(src).manifest.startsWith('https://page.example/')));
}

test('four addresses are the quadrants of thirty steps', () => {
  const level = firstLevel('q0.webp, q1.webp,q2.webp,q3.webp');
  assert.deepEqual([level.rows, level.cols, level.frame], [30, 30, null]);
  assert.deepEqual(level.x, sheetValues(30));
  assert.deepEqual(level.sheets, [0, 1, 2, 3].map((n) => `${BASE}q${n}.webp`));
});

test('quadrants of twenty steps have the values of the mobile sheets', () => {
  assert.deepEqual(firstLevel('a,b,c,d', { mode: 'quadrants', grid: '20' }).y, sheetValues(20));
});

test('single mode is one sheet even if its address has a comma', () => {
  const level = firstLevel('all,of,it.webp', { mode: 'single', grid: '11' });
  assert.deepEqual([level.rows, level.sheets], [11, [`${BASE}all,of,it.webp`]]);
});

test('anything else is the folder of an older portrait', () => {
  const { poster, levels } = parse('https://cdn.example/ada/?key=1').description;
  assert.equal(poster, 'https://cdn.example/ada/input.jpg?key=1');
  assert.deepEqual(levels.map(({ rows }) => rows), [20, 30]);
  assert.equal(levels[0].sheets[3], 'https://cdn.example/ada/q3_20.webp?key=1');
  assert.equal(levels[1].sheets[0], 'https://cdn.example/ada/q0.webp?key=1');
});

test('data addresses keep their comma in a list', () => {
  const one = 'data:image/png;base64,AAAA';
  assert.deepEqual(firstLevel([one, one, one, one].join()).sheets, [one, one, one, one]);
});

const REFUSED = [
  ['a,b,c'],
  ['a,b,c,d', { grid: 'many' }],
  ['a,b,c,d', { grid: '15' }],
  ['a,b,c,d', { grid: '0' }],
  ['a', { mode: 'single', grid: '9999' }],
  ['javascript:alert(1)'],
  ['javascript:alert(1)//.json'],
  ['data:text/html,<b>'],
  ['file:///etc/passwd'],
  ['https://'],
  ['a,b,c,javascript:alert(1)'],
];

for (const [src, attributes = {}] of REFUSED) {
  test(`${src} ${JSON.stringify(attributes)} is refused`, () => {
    assert.throws(() => parse(src, attributes), { name: 'GazeFailure', code: 'source' });
  });
}

test('equal sources have equal keys', () => {
  assert.equal(parse('./m.json').key, parse('m.json').key);
  assert.notEqual(parse('m.json').key, parse('n.json').key);
  assert.equal(parse('a,b,c,d', { grid: '30' }).key, parse('a, b, c, d').key);
  assert.notEqual(parse('a,b,c,d').key, parse('a,b,c,e').key);
});

test('files are resolved against the manifest', async () => {
  const { poster, rig, levels } = await described(JSON.stringify(GOLDEN), `${MANIFEST}?token=1`);
  assert.equal(poster, 'https://page.example/files/poster.webp');
  assert.deepEqual(levels[0].sheets, ['https://page.example/files/preview.webp']);
  assert.equal(rig.rig, 'https://page.example/files/rig.bin');
  assert.deepEqual(rig.photo, {
    webp: 'https://page.example/files/photo.webp', avif: 'https://page.example/files/photo.avif',
  });
});

test('encoded dots do not climb out of the folder', async () => {
  const { poster } = await described(JSON.stringify({ ...GOLDEN, poster: '%2e%2e' }));
  assert.equal(poster, 'https://page.example/files/%252e%252e');
});

for (const content of [null, '<html>', '{}']) {
  test(`a manifest that is ${content ?? 'not there'} is a failure`, async () => {
    await assert.rejects(described(content), { code: 'manifest', message: /^The portrait's manifest/ });
  });
}

test('a source that PixiJS shall draw is another one, and says where PixiJS is', () => {
  const pixi = (script) => parse('manifest.json', { renderer: 'pixi', 'pixi-src': script });
  assert.equal(parse('manifest.json', { 'pixi-src': 'pixi.mjs' }).pixi, undefined);
  assert.equal(parse('manifest.json', { renderer: 'webgl' }).pixi, undefined);
  assert.equal(pixi(null).pixi, 'pixi.js');
  assert.equal(pixi('pixi.mjs').pixi, `${BASE}pixi.mjs`);
  assert.equal(pixi('https://[').pixi, 'https://[');
  assert.equal(new Set([parse('manifest.json'), pixi(null), pixi('pixi.mjs')].map(({ key }) => key)).size, 3);
});

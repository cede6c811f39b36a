import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { readRig } from '../../../static/gaze/rig/reader.js';

const golden = (name) => readFileSync(new URL(`../../golden/${name}`, import.meta.url));
/** @param {Uint8Array} bytes */
const read = ({ buffer, byteOffset, byteLength }) => readRig(buffer.slice(byteOffset, byteOffset + byteLength));
const damage = JSON.parse(golden('damaged-rigs.json'));

const KINDS = [
  'atlas', 'fields-length', 'header-length', 'inflate', 'json', 'magic', 'missing', 'parts', 'range', 'too-short',
  'version',
];

test('the golden rig has the values that the Python reader finds in it', async () => {
  const { header, height, brows, lids } = JSON.parse(golden('rig.json'));
  const rig = await read(golden('rig.bin'));
  const { frame, head, model, eyes, intensity } = rig;
  assert.deepEqual({ frame, head, model, intensity }, {
    frame: header.frame, head: header.head, model: header.model, intensity: header.intensity,
  });
  assert.deepEqual(Array.from(rig.height, (value) => value / header.heightUnit), height);
  assert.deepEqual(Array.from(rig.brows, (value) => Math.round(value * 255)), brows);
  eyes.forEach(({ lids: both, ...eye }, i) => {
    assert.deepEqual(eye, { over: null, ...header.eyes[i] });
    assert.deepEqual(Array.from(both, (value) => value / header.curveUnit), [...lids[i].upper, ...lids[i].lower]);
  });
});

test('each kind of damage is told by its kind, and what is not known is ignored', async () => {
  for (const { name, kind, data } of damage) {
    const told = await read(Buffer.from(data, 'base64')).then(() => null, (error) => error);
    assert.equal(told?.kind ?? null, kind, name);
    if (told) assert.equal(told.code, 'rig', name);
  }
});

test('eyes of an older rig look ahead as photographed, with sharp edges', async () => {
  const newer = /"(ahead|photoY|softness)":[-.\d]+,|,"yawMore":\[[^\]]+\]/g;
  const text = golden('rig.bin').toString('latin1').replace(newer, (key) => ' '.repeat(key.length));
  const { eyes, head } = await read(Buffer.from(text, 'latin1'));
  for (const { ahead, iris, photoY, softness } of eyes) assert.deepEqual([ahead, photoY, softness], [iris[0], 0, 0]);
  assert.deepEqual(head.yawMore, [1, 1]);
});

test('eyes of an older rig have no lid that closes', async () => {
  const text = golden('rig.bin').toString('latin1').replace(/"lid":/g, '"lib":');
  const { eyes } = await read(Buffer.from(text, 'latin1'));
  for (const { lid } of eyes) assert.equal(lid, null);
});

test('all kinds of damage are among the damaged rigs', () => {
  assert.deepEqual([...new Set(damage.map(({ kind }) => kind).filter(Boolean))].sort(), KINDS);
});

test('a browser that cannot inflate has no use for a rig, and says so', async () => {
  const { DecompressionStream } = globalThis;
  try {
    delete globalThis.DecompressionStream;
    await assert.rejects(read(golden('rig.bin')), { code: 'rig', kind: 'inflate' });
  } finally {
    globalThis.DecompressionStream = DecompressionStream;
  }
});

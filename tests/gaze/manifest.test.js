import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { readManifest } from '../../static/gaze/manifest.js';

/** Both files are read by tests/gpuworker/test_contract.py, too: the two readers keep the same rules. */
const GOLDEN = golden('manifest.json');
const REFUSED = golden('refused-manifests.json');

function golden(name) {
  return JSON.parse(readFileSync(new URL(`../golden/${name}`, import.meta.url), 'utf8'));
}

/** The golden manifest with one place in it changed, or removed where there is no value. */
function changed({ path, value }) {
  const data = structuredClone(GOLDEN);
  const place = path.slice(0, -1).reduce((part, key) => part[key], data);
  if (value === undefined) delete place[path.at(-1)];
  else place[path.at(-1)] = value;
  return data;
}

/** All of the golden manifest but the outermost grid, which no reader needs. */
function expected() {
  const data = structuredClone(GOLDEN);
  delete data.grid;
  return data;
}

test('the golden manifest is read whole', () => {
  assert.deepEqual(readManifest(GOLDEN), expected());
});

test('a kind of level that is not known is ignored', () => {
  const data = changed({ path: ['levels'], value: [{ name: 'flow', kind: 'flow', keys: {} }, ...GOLDEN.levels] });
  assert.deepEqual(readManifest(data), expected());
});

test('other keys in it are ignored', () => {
  const [rig, first] = GOLDEN.levels;
  const later = { ...rig, photo: { ...rig.photo, jxl: 'photo.jxl' }, depth: 'depth.bin' };
  const data = { ...GOLDEN, made: 'by hand', levels: [{ ...first, name: 'tiny', extra: 1 }, later] };
  assert.deepEqual(readManifest(data), { ...expected(), levels: [{ ...first, name: 'tiny' }, rig] });
});

for (const change of REFUSED) {
  const { path, value, complaint = 'cannot be used' } = change;
  test(`a manifest is refused with ${path.join('.')} ${JSON.stringify(value) ?? 'missing'}`, () => {
    assert.throws(() => readManifest(changed(change)), { code: 'manifest', message: new RegExp(complaint) });
  });
}

for (const data of [null, 1, 'manifest', [], [GOLDEN]]) {
  test(`${JSON.stringify(data).slice(0, 20)} is refused`, () => {
    assert.throws(() => readManifest(data), /not a manifest of version 1/);
  });
}

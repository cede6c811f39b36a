import assert from 'node:assert/strict';
import { afterEach, mock, test } from 'node:test';

import { request } from '../../static/gaze/request.js';

afterEach(() => mock.restoreAll());

function ask(init = { signal: new AbortController().signal }) {
  return request('x', { code: 'sheet', name: 'It', read: (response) => response.json(), init });
}

/** The failure of a request that the server answers like this; the body is no JSON. */
async function failure(status, headers = {}) {
  mock.method(globalThis, 'fetch', async () => new Response('no JSON', { status, headers }));
  try {
    return await ask();
  } catch (error) {
    return error;
  }
}

for (const status of [200, 408, 425, 429, 500, 502, 503, 504]) {
  test(`status ${status} may pass`, async () => {
    assert.equal((await failure(status)).temporary, true);
  });
}

for (const status of [400, 401, 403, 404, 410, 451]) {
  test(`status ${status} is final`, async () => {
    const { code, message, temporary, retryAfter } = await failure(status);
    assert.deepEqual(
      { code, message, temporary, retryAfter },
      { code: 'sheet', message: `It cannot be loaded (status ${status}).`, temporary: false, retryAfter: 0 },
    );
  });
}

const DATE = 'Wed, 21 Oct 2026 07:28:00 GMT';
const WAITS = [['30', 30], ['0', 0], ['-5', 0], ['9999999999', 3600], [DATE, 0], ['soon', 0]];

for (const [value, seconds] of WAITS) {
  test(`Retry-After: ${value} means ${seconds} seconds`, async () => {
    assert.equal((await failure(503, { 'Retry-After': value })).retryAfter, seconds);
  });
}

test('a network that is away may come back', async () => {
  mock.method(globalThis, 'fetch', async () => {
    throw new TypeError('Failed to fetch');
  });
  await assert.rejects(ask(), { code: 'sheet', temporary: true });
});

test('an aborted request is no failure of the portrait', async () => {
  const aborted = AbortSignal.abort(new Error('not wanted any more'));
  await assert.rejects(ask({ signal: aborted }), /not wanted any more/);
});

test('a good answer is read', async () => {
  mock.method(globalThis, 'fetch', async () => Response.json({ levels: 3 }));
  assert.deepEqual(await ask(), { levels: 3 });
});

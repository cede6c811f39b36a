import assert from 'node:assert/strict';
import { test } from 'node:test';

import { GazeFailure } from '../../static/gaze/failure.js';

test('a failure has a code for programs and a sentence for people', () => {
  const failure = new GazeFailure('sheet', 'Gone.');
  assert.ok(failure instanceof Error);
  assert.deepEqual([failure.code, failure.message], ['sheet', 'Gone.']);
});

test('a failure is final unless it says otherwise', () => {
  const { temporary, retryAfter } = new GazeFailure('sheet', 'Gone.');
  assert.deepEqual([temporary, retryAfter], [false, 0]);
});

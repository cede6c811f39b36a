import assert from 'node:assert/strict';
import { test } from 'node:test';

import { part } from '../../static/site/part.js';

class Field {}
class Button {}

/** A page that has a field, and nothing else. */
const page = { querySelector: (selector) => (selector === '#field' ? new Field() : null) };

test('a part of the page is found', () => {
  assert.ok(part('#field', Field, page) instanceof Field);
});

test('a part that is not there is named', () => {
  assert.throws(() => part('#button', Button, page), { name: 'TypeError', message: /#button/ });
});

test('a part of another kind is none', () => {
  assert.throws(() => part('#field', Button, page), { name: 'TypeError', message: /#field/ });
});

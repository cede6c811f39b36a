import assert from 'node:assert/strict';
import { test } from 'node:test';

import { lengthOf, sizeOf } from '../../static/gaze/size.js';

const PIXELS = { css: '20px', pixels: 20 };
const PERCENT = { css: '50%', pixels: null };

/** All that `lengthOf` asks of an element. */
function element(width) {
  return { getAttribute: (name) => (name === 'width' ? width : null) };
}

const LENGTHS = [
  ['20', PIXELS],
  [' 20px ', PIXELS],
  ['20PX', PIXELS],
  ['1.5', { css: '1.5px', pixels: 1.5 }],
  ['.5', { css: '.5px', pixels: 0.5 }],
  ['50%', PERCENT],
];

for (const [text, length] of LENGTHS) {
  test(`“${text}” is a length`, () => assert.deepEqual(lengthOf(element(text), 'width'), length));
}

const OTHERS = [
  null, '', '0', '0%', '-5', '-5%', '+5', 'auto', '1e9', '10em', '50%%', '5 0', 'calc(1px)', '20;color:red', 'NaN',
];

for (const text of OTHERS) {
  test(`“${text}” is ignored`, () => assert.equal(lengthOf(element(text), 'width'), null));
}

const SIZES = [
  [null, null, ['40px', 'auto', 40 / 50]],
  [null, { css: '100px', pixels: 100 }, ['80px', 'auto', 40 / 50]],
  [null, PERCENT, ['40px', 'auto', 40 / 50]],
  [PIXELS, null, ['20px', 'auto', 40 / 50]],
  [PIXELS, PIXELS, ['20px', 'auto', 1]],
  [PIXELS, PERCENT, ['20px', '50%', 40 / 50]],
  [PERCENT, PIXELS, ['50%', '20px', 40 / 50]],
  [PERCENT, PERCENT, ['50%', '50%', 40 / 50]],
];

for (const [width, height, expected] of SIZES) {
  test(`width ${width?.css ?? 'open'} and height ${height?.css ?? 'open'} leave the rest to the portrait`, () => {
    const size = sizeOf(width, height, { width: 40, height: 50 });
    assert.deepEqual([size.width, size.height, size.shape.width / size.shape.height], expected);
  });
}

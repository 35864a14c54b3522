/** What ends a reading unforeseen is told as what it is. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readStep, UnreadableHeapError } from '@afterimage/v8-heap/reader/unreadable-heap';

test('a lack of memory is not called a damaged heap', () => {
  assert.throws(() => readStep(() => new ArrayBuffer(2 ** 50)), {
    name: UnreadableHeapError.name,
    message: /^there is not enough memory to read the heap \(/,
  });
});

test('a length out of all bounds is told as damage, or as a V8 that is not understood', () => {
  assert.throws(() => readStep(() => new DataView(new ArrayBuffer(8)).getUint32(8)), {
    name: UnreadableHeapError.name,
    message: /^the heap in the image is damaged, or not as the reader knows this V8 \(/,
  });
});

test('a fault of the reader that no image leads to is passed on', () => {
  const fault = new TypeError('not a function');
  assert.throws(
    () =>
      readStep(() => {
        throw fault;
      }),
    fault,
  );
});

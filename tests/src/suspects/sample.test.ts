/**
 * Samples of what accumulates: evenly spread, of the asked size, and of every sort there is.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { sampleOf } from '../../../packages/snapshot/dist/suspects/sample.js';

test('a sample has the asked size, keeps the order and takes nothing twice', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 3000 }), fc.integer({ min: 1, max: 100 }), (count, most) => {
      const sample = sampleOf(
        Array.from({ length: count }, (_, at) => at),
        most,
      );
      assert.equal(sample.length, Math.min(count, most));
      assert.ok(
        sample.every(
          (each, at) => each >= 0 && each < count && (at === 0 || each > (sample[at - 1] ?? each)),
        ),
      );
    }),
    { examples: [[101, 97]] }, // 97 * (101 / 97) is more than 101
  );
});

test('elements that alternate are all in the sample, whatever their number', () => {
  for (const sorts of [2, 3])
    for (let count = 1200; count < 2500; count += 7) {
      const all = Array.from({ length: count - (count % 24) }, (_, at) => at % sorts);
      const found = sampleOf(all, 24);
      for (let sort = 0; sort < sorts; sort++)
        assert.ok(found.includes(sort), `sort ${sort} of ${sorts} among ${all.length}`);
    }
});

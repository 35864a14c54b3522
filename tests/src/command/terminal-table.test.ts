/** Tables on a terminal: whatever is in them, their lines fit. */
import fc from 'fast-check';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Column } from '../../../packages/afterimage/dist/report/blocks/block.js';
import { reportToTerminal } from '../../../packages/afterimage/dist/report/looks/terminal.js';
import { widestLine } from '../snapshot/planted-snapshots.js';

const width = 80;

const columnsOf = (
  is: Column['is'],
  longest: number,
  count: fc.ArrayConstraints,
): fc.Arbitrary<{ is: Column['is']; texts: string[] }[]> => {
  const text = fc.nat(longest).map((length) => 'x'.repeat(length));
  return fc.array(
    fc.record({ is: fc.constant(is), texts: fc.array(text, { minLength: 1, maxLength: 5 }) }),
    count,
  );
};
const figures = columnsOf('figure', 8, { maxLength: 3 });
const names = columnsOf('name', 60, { minLength: 1, maxLength: 4 });

test('no line of a table is wider than the terminal', () => {
  fc.assert(
    fc.property(figures, names, (numbers, words) => {
      const all = [...numbers, ...words];
      const columns = all.map(({ is }, at) => ({ name: `n${at}`, is }));
      const count = Math.max(...all.map(({ texts }) => texts.length));
      const rows = Array.from({ length: count }, (_, row) => all.map(({ texts }) => texts[row] ?? ''));
      let report = '';
      const output = { write: (text: string) => (report += text) };
      reportToTerminal([{ kind: 'table', columns, rows }], { width, colors: false }, output);
      const widest = widestLine(report);
      assert.ok(widest <= width, `${widest} cells\n${report}`);
    }),
    { numRuns: 1000 },
  );
});

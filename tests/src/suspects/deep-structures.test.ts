/** Chains as deep as a heap has nodes: paths through them are folded, in every way of showing them. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { runCommand } from '../command.js';
import { nodeOf } from '../nodes.js';
import { runProgram, widestLine } from '../snapshot/planted-snapshots.js';

const program = `
  const kept = (module.exports = { closures: null, arrays: [] });
  let innermost = kept.arrays;
  const grow = () => {
    for (let i = 0; i < 50000; i++) {
      const inner = kept.closures;
      kept.closures = () => [inner, i];
      const array = [];
      innermost.push(array);
      innermost = array;
    }
  };
  for (const file of ['1', '2']) { grow(); snapshot(file + '.heapsnapshot'); }
`;

const directory = mkdtempSync(join(tmpdir(), 'afterimage-deep-'));
const files = ['1', '2'].map((name) => join(directory, `${name}.heapsnapshot`));
before(() => void runProgram(nodeOf(24), directory, 'deep', program));
after(() => rmSync(directory, { recursive: true }));

for (const [format, args] of [
  ['text', []],
  ['markdown', ['--markdown']],
  ['a page', ['--html']],
  ['JSON', ['--json']],
] as const) {
  test(`diff folds the paths of chains of 100,000 links in ${format}`, { timeout: 300_000 }, async () => {
    const { code, stdout, stderr } = await runCommand(['diff', ...files, '--verbose', ...args]);
    assert.deepEqual([code, stderr], [0, '']);
    const report = stdout.toString();
    assert.ok(report.length < 200_000, `${report.length} characters`);
    if (format === 'JSON') {
      const { suspects } = JSON.parse(report) as {
        suspects: { path: { leftOut?: { steps: number; period: number } }[] }[];
      };
      assert.ok(suspects.some(({ path }) => path.some(({ leftOut }) => (leftOut?.steps ?? 0) > 10_000)));
      for (const { path } of suspects) assert.ok(path.length <= 101);
    } else assert.match(report, /… [\d,]+ more steps like the/);
  });
}

test('the report of any diff fits one screen of 40 lines of 80 cells', { timeout: 300_000 }, async () => {
  const report = (await runCommand(['diff', ...files])).stdout.toString();
  assert.ok(report.split('\n').length <= 41, report);
  assert.ok(widestLine(report) <= 80, report);
});

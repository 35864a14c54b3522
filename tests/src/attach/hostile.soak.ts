/** Every hostile program, on one Node each; with SOAK_SWEEP=1 on every Node, and captured twice. */
import { test } from 'node:test';
import { hostilePrograms } from '../targets/hostile-programs.js';
import { assertUnharmed } from '../targets/hostile-target.js';
import { nodes } from '../nodes.js';

const isWhole = process.env['SOAK_SWEEP'] === '1';

hostilePrograms.forEach((program, index) => {
  for (const [at, node] of nodes.entries()) {
    if (!isWhole && at !== index % nodes.length) continue;
    test(`${program.name}, on Node ${node.version}`, (t) =>
      assertUnharmed(t, node, program, isWhole ? ['capture', 'heap', 'capture'] : ['capture', 'heap']));
  }
});

/** Every hostile program, on one Node each; a few of them with SOAK_CAPTURES, all on every Node and twice with SOAK_SWEEP=1. */
import { test } from 'node:test';
import { hostilePrograms } from '../targets/hostile-programs.js';
import { assertUnharmed } from '../targets/hostile-target.js';
import { nodes } from '../nodes.js';

const isWhole = process.env['SOAK_SWEEP'] === '1';
/** Programs that are left out between two that run. */
const isShort = process.env['SOAK_CAPTURES'] !== undefined;
const STEP = 8;

hostilePrograms.forEach((program, index) => {
  if (isShort && !isWhole && index % STEP !== 0) return;
  for (const [at, node] of nodes.entries()) {
    if (!isWhole && at !== index % nodes.length) continue;
    test(`${program.name}, on Node ${node.version}`, (t) =>
      assertUnharmed(t, node, program, isWhole ? ['capture', 'heap', 'capture'] : ['capture', 'heap']));
  }
});

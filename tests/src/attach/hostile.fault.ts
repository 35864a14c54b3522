/**
 * Whatever an application did to its globals, and whatever its main thread does, it is captured and unharmed.
 */
import { test } from 'node:test';
import { hostilePrograms } from '../targets/hostile-programs.js';
import { assertUnharmed } from '../targets/hostile-target.js';
import { nodes } from '../nodes.js';

/** Every fifth program here, on one Node; the soak has all of them. */
const STEP = 5;

hostilePrograms.forEach((program, index) => {
  const node = nodes[Math.floor(index / STEP) % nodes.length];
  if (node === undefined || index % STEP !== 0) return;
  test(`${program.name}, on Node ${node.version}`, (t) =>
    assertUnharmed(t, node, program, ['capture', 'heap']));
});

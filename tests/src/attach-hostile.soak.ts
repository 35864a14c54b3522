/** Every hostile program on every Node, one capture after the other. */
import { test } from 'node:test';
import { hostilePrograms } from './hostile-programs.js';
import { assertUnharmed } from './hostile-target.js';
import { nodes } from './nodes.js';

for (const node of nodes) {
  for (const program of hostilePrograms)
    test(`${program.name}, on Node ${node.version}`, (t) =>
      assertUnharmed(t, node, program, ['capture', 'heap', 'capture']));
}

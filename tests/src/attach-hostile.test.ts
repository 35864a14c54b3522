/** Whatever an application has made of its globals, and whatever its main thread does, it is captured and unharmed. */
import { test } from 'node:test';
import { hostilePrograms } from './hostile-programs.js';
import { assertUnharmed } from './hostile-target.js';
import { nodes } from './nodes.js';

// Each program on one Node here, and on all in the soak.
hostilePrograms.forEach((program, index) => {
  const node = nodes[index % nodes.length];
  if (node === undefined) return;
  test(`${program.name}, on Node ${node.version}`, (t) =>
    assertUnharmed(t, node, program, ['capture', 'heap']));
});

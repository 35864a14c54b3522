/** Every system call of a capture fails in turn, in the target and in the command. */
import { test } from 'node:test';
import { allCalls, assertSurvived, nameOf } from './failing-calls.js';
import { nodeOf } from './nodes.js';
import { needsRoot } from './plain-target.js';

for (const failing of allCalls)
  test(nameOf(failing), { skip: needsRoot }, (t) => assertSurvived(t, nodeOf(22), failing));

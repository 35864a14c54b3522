/** Every system call of a capture fails in turn, in the target and in the command. */
import { test } from 'node:test';
import { allCalls, assertSurvived, nameOf } from '../failing-calls.js';
import { nodeOf } from '../nodes.js';
import { needsRoot } from '../targets/plain-target.js';

/** Hours under strace on a small machine: only when it is asked for. */
const skip = process.env['SOAK_SWEEP'] === '1' ? needsRoot : 'the whole sweep runs with SOAK_SWEEP=1';

for (const failing of allCalls)
  test(nameOf(failing), { skip }, (t) => assertSurvived(t, nodeOf(22), failing));

/** A system call fails in the middle of a capture; the soak test tries each call at each occasion. */
import { test } from 'node:test';
import { assertSurvived, nameOf, representativeCalls } from '../failing-calls.js';
import { nodeOf } from '../nodes.js';
import { needsRoot } from '../targets/plain-target.js';

for (const failing of representativeCalls)
  test(nameOf(failing), { skip: needsRoot }, (t) => assertSurvived(t, nodeOf(26), failing));

/** One failing system call of each kind in the kit of a container; all of them are in failing-calls.soak.ts. */
import { test } from 'node:test';
import { nodeOf } from '../nodes.js';
import { needsRoot } from '../targets/plain-target.js';
import { assertSurvived, nameOf, type FailingKitCall } from './failing-calls.js';
import { containerScene } from './namespace-container.js';

const CALLS: FailingKitCall[] = [
  {
    call: 'socket',
    error: 'EMFILE',
    when: '1+',
    says: /shop: Afterimage has no file descriptor left: raise/,
  },
  { call: 'statx', error: 'ENOMEM', when: '30+', says: /shop: Afterimage gets no memory from the kernel \(/ },
  { call: 'kill', error: 'EPERM', when: '1', says: /shop: .*cannot be sent a signal \(EPERM\)/ },
];

test('a system call of the kit fails', { skip: needsRoot }, async (t) => {
  const scene = await containerScene(t, nodeOf(24));
  for (const call of CALLS) {
    await t.test(nameOf(call), async (each) => each.diagnostic(await assertSurvived(scene, call)));
  }
});
